/** Random small histories of sellers: whatever is settled, posted and closed in which order, statements chain and lose nothing. */
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { verifyLedger } from '../../../core/ledger/verify-ledger.js';
import { verifyStatements } from '../../../core/statements/verify-statements.js';
import type { SellerTerms } from '../../../core/terms/rules/seller-terms.js';
import { change, type Db, select } from '../../../infra/database.js';
import { addDays } from '../../../kernel/business-date.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { settleAndPost } from '../../support/settled-rows.js';
import { closeAll, giveTerms, postRule } from '../../support/statements.js';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await createTestDatabase();
  ({ db } = database);
});
afterAll(() => database.drop());

const TABLES = [
  ...['account', 'transaction', 'posting', 'balance', 'day'].map((name) => `ledger_${name}`),
  ...['settlement', 'statement', 'statement_settlement', 'statement_item', 'statement_total', 'statement_account'],
  ...['statement_reserve', 'settlement_line', 'settlement_refund', 'settlement_certificate', 'refund_entry'],
  ...['posted_generation', 'shop_paid', 'seller_terms', 'feed_event'],
];
beforeEach(async () => {
  for (const table of TABLES) await change(db, `DELETE FROM ${table}`);
});

const FIRST = '2026-03-20';
const DAYS = 30;
const SELLERS = ['A', 'B', 'C d'];

const seller = fc.constantFrom(...SELLERS);
const currency = fc.constantFrom('KRW', 'KRW', 'KRW', 'USD');
const day = fc.integer({ min: 0, max: DAYS });
const line = fc.record({
  sellerId: seller,
  currency,
  itemAmount: fc.integer({ min: -900, max: 1_000 }),
  fee: fc.integer({ min: 0, max: 40 }),
});

type Step =
  | {
      readonly do: 'settle';
      readonly day: number;
      readonly lines: readonly { sellerId: string; currency: string; itemAmount: number; fee: number }[];
    }
  | {
      readonly do: 'post';
      readonly rule: 'ADJUSTMENT_TO_SELLER' | 'CHARGEBACK';
      readonly day: number;
      readonly sellerId: string;
      readonly currency: string;
      readonly amount: number;
    }
  | { readonly do: 'close'; readonly day: number };
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      day,
      lines: fc.array(line, { minLength: 1, maxLength: 5 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('post' as const),
      rule: fc.constantFrom('ADJUSTMENT_TO_SELLER' as const, 'CHARGEBACK' as const),
      ...{ day, sellerId: seller, currency, amount: fc.integer({ min: 1, max: 500 }) },
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('close' as const), day }) },
);

const cycle: fc.Arbitrary<SellerTerms['cycle']> = fc.constantFrom<SellerTerms['cycle'][]>(
  { type: 'daily' },
  { type: 'weekly', closesOn: 'wednesday' },
  { type: 'half-monthly' },
  { type: 'monthly', closesOn: 25 },
);
const terms = fc.record({
  cycle,
  reserve: fc.option(
    fc.record({ rateE4: fc.integer({ min: 0, max: 300_000 }), days: fc.integer({ min: 1, max: 20 }) }),
  ),
  noSetOff: fc.boolean(),
});
const clawbackOf = (noSetOff: boolean): Pick<SellerTerms, 'clawback' | 'noSetOff'> => ({
  noSetOff,
  clawback: noSetOff ? ['receivable', 'write-off'] : ['next-earnings', 'reserve', 'receivable', 'write-off'],
});

async function play(steps: readonly Step[]): Promise<void> {
  const generations = new Map<number, number>();
  for (const one of steps) {
    const date = addDays(FIRST, one.day);
    if (one.do === 'close') await closeAll(db, date);
    else if (one.do === 'post') await postRule(db, one.rule, one.sellerId, date, one.amount, one.currency);
    else {
      const generation = (generations.get(one.day) ?? 0) + 1;
      generations.set(one.day, generation);
      await settleAndPost(db, date, generation, one.lines);
    }
  }
}

const amounts = async (sql: string): Promise<Record<string, string>> => {
  const rows = await select<{ name: string; amount: string }>(db, sql);
  return Object.fromEntries(rows.map(({ name, amount }) => [name, String(amount)]));
};

it('statements chain; together they are what was posted, settled and sold', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 3, maxLength: 14 }),
      terms,
      terms,
      day,
      async (steps, general, own, change_) => {
        for (const table of TABLES) await change(db, `DELETE FROM ${table}`);
        await giveTerms(
          db,
          { ...general, ...clawbackOf(general.noSetOff) },
          { ...own, ...clawbackOf(own.noSetOff), seller: 'B', effectiveFrom: addDays(FIRST, change_) },
        );
        await play(steps);
        await closeAll(db, '2026-05-31'); // by then the periods of all cycles have closed
        const signal = new AbortController().signal;
        expect((await verifyStatements(db, signal)).checks.filter(({ ok }) => !ok)).toEqual([]);
        expect((await verifyLedger(db, signal)).checks.filter(({ ok }) => !ok)).toEqual([]);
        // The last closing balance is the balance of the account: nothing is on no statement.
        expect(
          await amounts(
            `SELECT CONCAT(s.seller_id, ' ', s.currency) AS name, s.closing_minor AS amount FROM statement s WHERE s.closing_minor <> 0 AND s.number =
             (SELECT MAX(n.number) FROM statement n WHERE n.seller_id = s.seller_id AND n.currency = s.currency)`,
          ),
        ).toEqual(
          await amounts(
            `SELECT CONCAT(a.owner, ' ', a.currency) AS name, -b.amount_minor AS amount FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.account_id
           WHERE a.kind = 'SELLER_PAYABLE' AND b.amount_minor <> 0`,
          ),
        );
        // Net and fees of the statements are those of the lines, sales and refunds apart.
        expect(
          await amounts(
            `SELECT leg AS name, CONCAT_WS(' ', SUM(entries), SUM(net), SUM(fee), SUM(buyer_paid)) AS amount FROM statement_total GROUP BY leg`,
          ),
        ).toEqual(
          await amounts(
            `SELECT leg AS name, CONCAT_WS(' ', COUNT(*), SUM(net), SUM(fee), SUM(buyer_paid)) AS amount FROM settlement_line GROUP BY leg`,
          ),
        );
      },
    ),
    { numRuns: Number(process.env.STATEMENT_RUNS ?? 25) },
  );
}, 180_000);
