/** When a seller is paid next, while periods are open: what counts is what the seller is owed, and what the closes of these periods post. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { nextPayouts } from '../../../core/payouts/next-payout.js';
import { proposePayouts } from '../../../core/payouts/propose-payouts.js';
import { readPayablesOf } from '../../../core/statements/stores/payable-account.js';
import { inTransaction } from '../../../infra/database.js';
import { makeSeller } from '../../support/accounts.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { closeAll, giveTerms, postRule } from '../../support/statements.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  const daily = { cycle: { type: 'daily' }, delay: { unit: 'days', count: 1 }, holidayRule: 'as-is' } as const;
  await giveTerms(
    database.db,
    daily,
    { ...daily, seller: 'KEPT', reserve: { rateE4: 100_000, days: 1 }, minimums: [KEPT_MINIMUM] },
    { ...daily, seller: 'MINIMUM', minimums: [KEPT_MINIMUM] },
    { ...daily, seller: 'QUIET', minimums: [{ ...KEPT_MINIMUM, carryForwardPeriods: 3 }] },
  );
});
afterAll(() => database?.drop());

const KEPT_MINIMUM = { currency: 'KRW', amountMinor: 950, carryForwardPeriods: null };
const nextOf = async (sellerId: string, today: string) =>
  (await nextPayouts(database.db, sellerId, today)).map(({ next }) => next)[0];

it('a chargeback of a later period stands against it, although periods before that come to nothing', async () => {
  const { db } = database;
  await makeSeller(db, 'S1');
  await postRule(db, 'ADJUSTMENT_TO_SELLER', 'S1', '2026-05-04', 1_000);
  await closeAll(db, '2026-05-04');
  expect(await nextOf('S1', '2026-05-07')).toMatchObject({
    payoutOn: '2026-05-07',
    amountMinor: 1_000n,
    notPaid: null,
  });
  await postRule(db, 'CHARGEBACK', 'S1', '2026-05-07', 1_500);
  expect(await nextOf('S1', '2026-05-07')).toMatchObject({
    payoutOn: '2026-05-08',
    amountMinor: -500n,
    notPaid: { reason: 'NEGATIVE_BALANCE', details: { availableMinor: '-500' } },
  });
});

it('what the close of an open period gives back of the reserve counts', async () => {
  const { db } = database;
  await makeSeller(db, 'KEPT');
  await postRule(db, 'ADJUSTMENT_TO_SELLER', 'KEPT', '2026-05-04', 1_000);
  await closeAll(db, '2026-05-04');
  expect(await nextOf('KEPT', '2026-05-05')).toMatchObject({
    payoutOn: '2026-05-06',
    amountMinor: 1_000n,
    notPaid: null,
  });
});

it('what was posted for an open period counts once', async () => {
  const { db } = database;
  await makeSeller(db, 'MINIMUM');
  await postRule(db, 'ADJUSTMENT_TO_SELLER', 'MINIMUM', '2026-05-04', 900);
  await closeAll(db, '2026-05-04');
  await postRule(db, 'ADJUSTMENT_TO_SELLER', 'MINIMUM', '2026-05-05', 100);
  expect(await nextOf('MINIMUM', '2026-05-05')).toMatchObject({
    payoutOn: '2026-05-06',
    amountMinor: 1_000n,
    notPaid: null,
  });
});

it('open periods in which nothing happened are not listed, and a minimum is carried through them all the same', async () => {
  const { db } = database;
  await makeSeller(db, 'QUIET');
  await postRule(db, 'ADJUSTMENT_TO_SELLER', 'QUIET', '2026-05-04', 900);
  await closeAll(db, '2026-05-04');
  await postRule(db, 'ADJUSTMENT_TO_SELLER', 'QUIET', '2026-05-06', 20);
  const next = await nextOf('QUIET', '2026-05-10');
  // The periods of 5, 7, 8 and 9 May are due, too: six periods are more than the terms carry a minimum through.
  expect(next).toMatchObject({ payoutOn: '2026-05-10', amountMinor: 920n, notPaid: null });
  expect(next?.parts.map(({ closesOn }) => closesOn)).toEqual(['2026-05-04', '2026-05-06']);
});

it('nothing falls due where only empty periods are open', async () => {
  const { db } = database;
  await makeSeller(db, 'CLAIMED');
  await postRule(db, 'ADJUSTMENT_TO_SELLER', 'CLAIMED', '2026-05-04', 900);
  await closeAll(db, '2026-05-04');
  const accounts = await readPayablesOf(db, 'CLAIMED');
  await inTransaction(db, (tx) => proposePayouts(tx, accounts, { date: '2026-05-05', maker: null, runId: null }));
  expect((await nextPayouts(db, 'CLAIMED', '2026-05-10'))[0]).toMatchObject({ next: null });
});
