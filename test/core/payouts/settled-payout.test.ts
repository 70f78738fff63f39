/** From settled lines to a payout: what it is made of, down to the certificate, and what the next one will be. */
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { nextPayouts } from '../../../core/payouts/next-payout.js';
import { makeSeller } from '../../support/accounts.js';
import type { TestDatabase } from '../../support/database.js';
import { magam, magamJson } from '../../support/magam.js';
import { createSmallDay, SMALL_DAY } from '../../support/small-day.js';

let database: TestDatabase;
const run = async (...args: string[]): Promise<void> => {
  const { code, stderr } = await magam(database.url, args);
  expect({ args, code, stderr }).toMatchObject({ code: 0 });
};
beforeAll(async () => {
  database = await createSmallDay();
  const terms = { seller: null, effectiveFrom: '2026-01-01', cycle: { type: 'daily' }, delay: { days: 1 } };
  const file = join(tmpdir(), `magam-terms-${process.pid}.json`);
  writeFileSync(file, JSON.stringify({ terms: [{ ...terms, holidayRule: 'as-is' }] }));
  await run('terms', 'apply', file);
  await run('ledger', 'post', '--date', SMALL_DAY);
  for (const sellerId of ['S1', 'S2']) await makeSeller(database.db, sellerId);
});
afterAll(() => database?.drop());

it('the next payout is a draft first, then a statement, then under way', async () => {
  const [draft] = (await nextPayouts(database.db, 'S1', SMALL_DAY)).filter(({ currency }) => currency === 'KRW');
  expect(draft?.next).toMatchObject({ payoutOn: '2026-05-05', notPaid: null, parts: [{ statementId: null }] });
  expect(draft?.mayChange).toMatchObject([{ code: 'PERIOD_OPEN', details: { closesOn: SMALL_DAY } }]);
  await run('statements', 'close', '--date', SMALL_DAY);
  const [issued] = (await nextPayouts(database.db, 'S1', SMALL_DAY)).filter(({ currency }) => currency === 'KRW');
  expect(issued?.next).toMatchObject({
    amountMinor: draft?.next?.amountMinor,
    parts: [{ statementId: expect.any(Number), hash: draft?.next?.parts[0]?.hash }],
  });
  await run('payouts', 'propose', '--date', '2026-05-05', '--workers', '2');
  const [proposed] = (await nextPayouts(database.db, 'S1', '2026-05-05')).filter(({ currency }) => currency === 'KRW');
  expect(proposed).toMatchObject({ underWay: [{ status: 'CALCULATED', amountMinor: draft?.next?.amountMinor }] });
  expect(proposed?.next).toBeNull(); // nothing has happened in the open period
});

it('a payout names its settlements with their certificates and every line', async () => {
  const { document: list } = await magamJson<{ payouts: { payoutId: number; sellerId: string; currency: string }[] }>(
    database.url,
    ['payouts', 'list', '--seller', 'S1', '--currency', 'KRW'],
  );
  const id = String(list.payouts[0]?.payoutId);
  const { code, document } = await magamJson<{
    ok: boolean;
    payout: { amountMinor: number };
    statements: { settlements: { certificate: string; netMinor: number }[]; lines: { net: number }[] }[];
  }>(database.url, ['explain', 'payout', id]);
  expect({ code, ok: document.ok }).toEqual({ code: 0, ok: true });
  const [statement] = document.statements;
  expect(statement?.lines).toMatchObject([
    { orderId: 'a!', lineId: '1', leg: 'sale', settledOn: SMALL_DAY },
    { orderId: 'B', leg: 'sale' },
    { orderId: 'B', leg: 'refund', refundId: 'R-1' },
  ]);
  expect(statement?.lines.reduce((sum, { net }) => sum + net, 0)).toBe(document.payout.amountMinor);
  expect(statement?.settlements).toMatchObject([{ certificate: expect.stringMatching(/^[0-9a-f]{64}$/) }]);
  const { stdout } = await magam(database.url, ['payouts', 'explain', id]);
  expect(stdout).toContain('Everything adds up to');
  expect((await magam(database.url, ['payouts', 'verify'])).code).toBe(0);
  expect((await magam(database.url, ['payouts', 'next', 'S1'])).stdout).toContain('Under way: payout');
});
