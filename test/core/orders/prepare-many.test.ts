/** Checkouts at the same moment: they share their statements, and each has the same prices as alone. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type CheckoutAsk, checkoutPreparer, type Placement } from '../../../core/orders/prepare-checkout.js';
import { writeShippingTerm } from '../../../core/orders/stores/shipping-term.js';
import { insertPromotion } from '../../../core/promotions/stores/promotion.js';
import { inTransaction, openDatabase } from '../../../infra/database.js';
import { isRefusal, type Refusal } from '../../../kernel/errors.js';
import { decided } from '../../../kernel/outcome.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { config, makeUnit, receiver } from './order-scene.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

const asking = (unitIds: readonly number[], more: Partial<CheckoutAsk> = {}): CheckoutAsk => ({
  buyerId: 1,
  items: unitIds.map((unitId) => ({ unitId, quantity: 2 })),
  unitIds: null,
  promotionCode: null,
  expectedAmountMinor: null,
  receiver,
  ...more,
});

/** What a buyer sees of it: everything but what is random. */
const seen = (outcome: Placement | Refusal) =>
  isRefusal(outcome) ? outcome : { ...outcome.basket, on: outcome.orderedOn };

it('share four statements, whatever they are about', async () => {
  const { db } = database;
  const [a, b] = [await makeUnit(db, 'S1'), await makeUnit(db, 'S2', { salePriceMinor: 9_000 })];
  const dollars = await makeUnit(db, 'S1', { currency: 'USD', priceMinor: 500 });
  const terms = { sellerId: 'S1', freeFromMinor: 50_000 };
  const promotion = {
    name: 'p',
    kind: 'AMOUNT' as const,
    rateE4: null,
    startsAt: '2020-01-01T00:00:00.000Z',
    endsAt: null,
  };
  await inTransaction(db, async (tx) => {
    await writeShippingTerm(tx, { ...terms, currency: 'KRW', feeMinor: 3_000 });
    await writeShippingTerm(tx, { ...terms, currency: 'USD', feeMinor: 700 });
    const won = { ...promotion, currency: 'KRW', minimumMinor: 0 };
    decided(await insertPromotion(tx, { ...won, code: 'TEN', amountMinor: 1_000 }));
    decided(await insertPromotion(tx, { ...won, code: null, amountMinor: 100 }));
    decided(await insertPromotion(tx, { ...promotion, currency: 'USD', minimumMinor: 0, code: null, amountMinor: 50 }));
  });
  const asks = [
    asking([a]),
    asking([a, b], { promotionCode: 'TEN' }),
    asking([dollars]),
    asking([b]),
    asking([dollars], { promotionCode: 'TEN' }),
    asking([a, dollars]),
    asking([a, 999_999]),
    asking([b], { expectedAmountMinor: 1 }),
  ];
  const alone = [];
  for (const ask of asks) alone.push(seen(await checkoutPreparer(db, config)(ask)));

  const counting = openDatabase(database.url, { poolMax: 2 });
  let statements = 0;
  counting.on('query', () => (statements += 1));
  const together = await Promise.all(asks.map(checkoutPreparer(counting, config)));
  await counting.destroy();
  expect(together.map(seen)).toEqual(alone);
  expect(statements).toBe(4);
  expect(alone.map((outcome) => ('refused' in outcome ? outcome.refused : outcome.amountMinor))).toEqual([
    20_000 + 3_000 - 100,
    20_000 + 18_000 + 3_000 - 1_000,
    1_000 + 700 - 50,
    18_000 - 100,
    'PROMOTION_NOT_APPLICABLE',
    'CURRENCY_MIXED',
    'UNIT_NOT_FOUND',
    'PRICE_CHANGED',
  ]);
});

it.each(['\u{1F389}', '가을', '\ud800', '\u0000', "'; --"])(
  'a code that no promotion can have (%j) hurts nobody else',
  async (code) => {
    const unitId = await makeUnit(database.db, 'S3');
    const prepare = checkoutPreparer(database.db, config);
    const [odd, plain] = await Promise.all([
      prepare(asking([unitId], { promotionCode: code })),
      prepare(asking([unitId])),
    ]);
    expect(seen(odd)).toMatchObject({ refused: 'PROMOTION_NOT_APPLICABLE' });
    expect(seen(plain)).toMatchObject({ itemAmount: 20_000 });
  },
);
