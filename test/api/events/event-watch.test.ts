/** The places of calls that wait for events: how many there are in all, of an account and of a seller. */
import { expect, it } from '@jest/globals';
import { EventWatch } from '../../../api/events/event-watch.js';

it.each([
  ['in all', { ofAll: 2, ofAccount: 9, ofSeller: 9 }, [null, null], null, 3],
  ['of one account', { ofAll: 9, ofAccount: 2, ofSeller: 9 }, [null, null], null, 1],
  ['of all accounts of one seller', { ofAll: 9, ofAccount: 9, ofSeller: 2 }, ['S1', 'S1'], 'S1', 3],
] as const)('are limited %s', async (_what, most, [first, second], third, accountId) => {
  const watch = new EventWatch(async () => 0, most);
  const over = new AbortController();
  const wait = (account: number, sellerId: string | null) =>
    watch.wait({ accountId: account, sellerId }, 0, 60_000, over.signal);
  const same = accountId === 1;
  const waiting = [wait(1, first), wait(same ? 1 : 2, second)];
  await expect(wait(accountId, third)).rejects.toMatchObject({ code: 'STREAMS_EXHAUSTED' });
  if (most.ofAll > 2) waiting.push(wait(7, 'S7')); // others still have a place
  over.abort();
  await Promise.all(waiting);
});
