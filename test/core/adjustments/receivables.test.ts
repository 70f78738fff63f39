/** What sellers owe, by age: the oldest debt is paid first. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Debt, receivableAges } from '../../../core/adjustments/rules/receivable-age.js';
import { listReceivables } from '../../../core/adjustments/stores/receivable.js';
import { leastMinor } from '../../../kernel/money.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { plansOf } from '../../support/plans.js';
import { AdjustmentScene } from './adjustment-scene.js';

describe('ages', () => {
  const debt = (effectiveOn: string, amountMinor: bigint): Debt => ({ effectiveOn, amountMinor });
  const AT = '2026-06-30';

  it.each([
    ['2026-06-30', 'to30Minor'],
    ['2026-05-31', 'to30Minor'],
    ['2026-05-30', 'to60Minor'],
    ['2026-05-01', 'to60Minor'],
    ['2026-04-30', 'to90Minor'],
    ['2026-04-01', 'to90Minor'],
    ['2026-03-31', 'over90Minor'],
    ['2025-01-01', 'over90Minor'],
  ])('a debt of %s is in %s', (effectiveOn, bucket) => {
    const none = { to30Minor: 0n, to60Minor: 0n, to90Minor: 0n, over90Minor: 0n };
    const expected = { ...none, [bucket]: 7n, oldestOn: effectiveOn };
    expect(receivableAges(7n, [debt(effectiveOn, 7n)], AT)).toEqual(expected);
  });

  it('are those of the newest debts: older ones are paid first', () => {
    const debts = [debt('2026-06-20', 50n), debt('2026-05-10', 30n), debt('2026-01-01', 100n)];
    const ages = receivableAges(60n, debts, AT);
    expect(ages).toEqual({ to30Minor: 50n, to60Minor: 10n, to90Minor: 0n, over90Minor: 0n, oldestOn: '2026-05-10' });
  });

  it('are what paying the oldest debt first, payment by payment, leaves', () => {
    const someDebt = fc.record({
      day: fc.integer({ min: 1, max: 180 }),
      amountMinor: fc.bigInt(1n, 100n),
    });
    const property = fc.property(fc.array(someDebt, { maxLength: 8 }), fc.array(fc.bigInt(1n, 100n)), (made, paid) => {
      const debts = made
        .sort((a, b) => b.day - a.day)
        .map(({ day, amountMinor }) => debt(new Date(day * 86_400_000).toISOString().slice(0, 10), amountMinor));
      const left = [...debts].reverse().map((one) => ({ ...one }));
      for (const payment of paid)
        for (let rest = payment, at = 0; rest > 0n && at < left.length; at += 1) {
          const one = left[at] as { amountMinor: bigint };
          const part = leastMinor(one.amountMinor, rest);
          one.amountMinor -= part;
          rest -= part;
        }
      const owed = left.reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
      const { to30Minor, to60Minor, to90Minor, over90Minor, oldestOn } = receivableAges(owed, debts, '1970-07-01');
      expect(to30Minor + to60Minor + to90Minor + over90Minor).toBe(owed);
      expect(oldestOn).toBe(left.find(({ amountMinor }) => amountMinor > 0n)?.effectiveOn ?? null);
    });
    fc.assert(property);
  });
});

describe('receivables', () => {
  let database: TestDatabase;
  let scene: AdjustmentScene;
  beforeAll(async () => {
    database = await createTestDatabase();
    scene = new AdjustmentScene(database.db);
    for (const sellerId of ['S1', 'S2', 'S3']) {
      await scene.post('CHARGEBACK', 1_000n, `${sellerId}-back`, '2026-01-01', sellerId);
      await scene.post('CLAWBACK_TO_RECEIVABLE', 600n, `${sellerId}-old`, '2026-01-10', sellerId);
    }
    await scene.post('CLAWBACK_TO_RECEIVABLE', 400n, 'S1-new', '2026-05-01', 'S1');
    await scene.post('WRITE_OFF', 500n, 'S1-off', '2026-05-01', 'S1');
    await scene.post('WRITE_OFF', 600n, 'S2-off', '2026-05-02', 'S2');
  });
  afterAll(() => database.drop());

  it('are those of a date, with what was written off taken from the oldest, also on the day of a new debt', async () => {
    expect(await listReceivables(database.db, '2026-05-20', {}, 10)).toEqual([
      {
        sellerId: 'S1',
        currency: 'KRW',
        owedMinor: 500n,
        to30Minor: 400n,
        to60Minor: 0n,
        to90Minor: 0n,
        over90Minor: 100n,
        oldestOn: '2026-01-10',
      },
      {
        sellerId: 'S3',
        currency: 'KRW',
        owedMinor: 600n,
        to30Minor: 0n,
        to60Minor: 0n,
        to90Minor: 0n,
        over90Minor: 600n,
        oldestOn: '2026-01-10',
      },
    ]);
    const before = await listReceivables(database.db, '2026-02-01', {}, 10);
    expect(before.map(({ sellerId, to30Minor }) => [sellerId, to30Minor])).toEqual([
      ['S1', 600n],
      ['S2', 600n],
      ['S3', 600n],
    ]);
    expect(await listReceivables(database.db, '2026-01-09', {}, 10)).toEqual([]);
  });

  it('come page by page and for one seller', async () => {
    const [first] = await listReceivables(database.db, '2026-02-01', {}, 1);
    const rest = await listReceivables(database.db, '2026-02-01', { after: first }, 10);
    expect([first, ...rest].map((one) => one?.sellerId)).toEqual(['S1', 'S2', 'S3']);
    expect(await listReceivables(database.db, '2026-02-01', { sellerId: 'S2' }, 10)).toHaveLength(1);
  });

  it('are read by keys', async () => {
    const plans = await plansOf(database.db, (db) => listReceivables(db, '2026-05-20', { sellerId: 'S1' }, 10));
    expect(plans.map(({ key }) => key)).toEqual(['ledger_account_key', 'PRIMARY', 'ledger_posting_account']);
  });
});
