/** An event that ends its process each time is counted before it is begun, and given up in the end. */
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { consume } from '../../../core/outbox/consume.js';
import { consumer } from '../../../core/outbox/consumer.js';
import { claimFirst } from '../../../core/outbox/stores/outbox-inbox.js';
import { select } from '../../../infra/database.js';
import { until } from '../../../scripts/chaos/magam.mjs';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { attemptsOf, confirmed, consuming, doneBy, emptyOutbox, letDue, record } from '../../support/outbox.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(() => emptyOutbox(database.db));

const ABOUT = {
  from: 'beginning',
  events: ['order.confirmed'],
  retry: { attemptsMax: 3, firstMs: 4_000, mostMs: 60_000 },
} as const;
const POISON = 1;
const GIVEN_UP = { status: 'DEAD', attempts: 3, error: 'the process that handled it ended before it was done' };

const attempts = (name: string) => attemptsOf(database.db, name);
const givenUp = async (): Promise<unknown[]> =>
  (
    await select<{ payload: string }>(database.db, `SELECT payload FROM outbox_event WHERE type = 'outbox.given-up'`)
  ).map(({ payload }) => JSON.parse(payload));

it('is given up when it is delivered', async () => {
  const [eventId = 0] = await record(database.db, confirmed(POISON));
  let begun = 0;
  let end = (): void => undefined;
  const ended = new Promise<void>((_resolve, reject) => {
    end = () => reject(new Error('it was killed'));
  });
  const dying = consumer({
    ...ABOUT,
    name: 'deliverer',
    deliver: () => {
      begun += 1;
      return ended;
    },
  });
  const dead: Promise<number>[] = [];
  for (const nth of [1, 2, 3]) {
    dead.push(consume(consuming(database.db), dying, [eventId]));
    await until(() => begun === nth, 'it is under way');
    expect(await attempts('deliverer')).toMatchObject([{ attempts: nth, status: 'WAITING' }]);
    await letDue(database.db);
  }
  expect(await consume(consuming(database.db), dying, [eventId])).toBe(0);
  expect([await attempts('deliverer'), begun]).toMatchObject([[GIVEN_UP], 3]);
  expect(await givenUp()).toMatchObject([{ consumer: 'deliverer', eventId }]);
  end(); // what is left of them must not outlive the test
  await Promise.all(dead);
});

it('is given up when it is handled, and takes none of its group with it', async () => {
  const [poison = 0, harmless = 0] = await record(database.db, confirmed(POISON), confirmed(2));
  // A process that died leaves the same rows as one that lost its database.
  const dying = consumer({
    ...ABOUT,
    name: 'handler',
    together: 10,
    handle: async (_tx, { payload: { orderId } }) => {
      if (orderId === POISON) throw Object.assign(new Error('Connection lost'), { code: 'PROTOCOL_CONNECTION_LOST' });
    },
  });
  const work = (ids: readonly number[], forgotten: boolean) => consume(consuming(database.db), dying, ids, forgotten);
  await expect(work([poison, harmless], true)).rejects.toThrow('Connection lost');
  expect(await attempts('handler')).toMatchObject([
    { eventId: poison, attempts: 1, pause: 90 },
    { eventId: harmless, attempts: 1, pause: 90 },
  ]);
  expect(await work([poison, harmless], false)).toBe(0); // somebody may be at them
  for (const nth of [2, 3]) {
    await letDue(database.db);
    await expect(work([poison, harmless], false)).rejects.toThrow('Connection lost');
    expect((await attempts('handler'))[0]).toMatchObject({ status: 'WAITING', attempts: nth });
  }
  await letDue(database.db);
  expect(await work([poison, harmless], false)).toBe(1);
  expect(await doneBy(database.db, 'handler')).toEqual([harmless]);
  expect(await attempts('handler')).toMatchObject([{ eventId: poison, ...GIVEN_UP }]);
  expect(await givenUp()).toMatchObject([{ consumer: 'handler', eventId: poison }]);
});

it('of which another has begun meanwhile is left to that one, with its group', async () => {
  const [first = 0, second = 0] = await record(database.db, confirmed(1), confirmed(2));
  expect(await claimFirst(database.db, 'handler', [second], 1_000)).toBe(true);
  expect(await claimFirst(database.db, 'handler', [first, second], 1_000)).toBe(false);
  expect(await attempts('handler')).toMatchObject([{ eventId: second, attempts: 1, pause: 1 }]);
});
