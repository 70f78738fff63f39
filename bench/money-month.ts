/** A settled month of many sellers, whose money is moved by the product and by the floor in turn: made once, put back to before the money before each of them. */

import { seedFeed } from '../core/sample/seed-feed.js';
import { applyTerms } from '../core/terms/apply-terms.js';
import { checkTermsFile } from '../core/terms/rules/terms-file.js';
import { change, type Db, forWholeDates, inTransaction, openDatabase, select } from '../infra/database.js';
import { addDays } from '../kernel/business-date.js';
import { makeDatabase } from './database.js';
import { runMagam } from './magam-command.js';
import { say } from './measure.js';

export const FIRST_DATE = '2026-06-01';
const DAYS = 30;
export const DATES: readonly string[] = Array.from({ length: DAYS }, (_, day) => addDays(FIRST_DATE, day));
export const LAST_DATE = addDays(FIRST_DATE, DAYS - 1);
/** Two business days after the month, on which the month's statements are paid. */
export const PAYOUT_DATE = '2026-07-02';

/** The tables that the money chain writes, each after those that it is made from. */
export const MONEY_TABLES = [
  ...['ledger_account', 'ledger_transaction', 'ledger_posting', 'ledger_balance', 'ledger_day'],
  ...['posted_generation', 'shop_paid', 'settlement_refund'],
  ...[
    'statement',
    'statement_settlement',
    'statement_item',
    'statement_total',
    'statement_account',
    'statement_reserve',
  ],
  ...['payout', 'payout_statement', 'payout_event'],
] as const;

export interface MonthOptions {
  readonly url: string;
  readonly lines: number;
  readonly sellers: number;
  readonly workers: number;
}

export interface MonthSize {
  /** Settled lines of sales and refunds. */
  readonly lines: number;
  /** Those of a seller, currency and date. */
  readonly settlements: number;
  readonly accounts: number;
}

/** Terms of all sellers: a statement a month, paid two business days later. */
const TERMS = {
  terms: [
    {
      ...{ seller: null, version: 1, effectiveFrom: '2026-01-01', cycle: { type: 'monthly', closesOn: 31 } },
      ...{ delay: { businessDays: 2 }, clawback: ['next-earnings', 'reserve', 'receivable'] },
    },
  ],
};

/** Makes the database: the lines are spread over the dates of the month and settled by the product, and every seller has a bank account that may be paid to. */
export async function makeMonth({ url, lines, sellers, workers }: MonthOptions): Promise<MonthSize> {
  await makeDatabase(url);
  const db = openDatabase(url, { poolMax: 4 });
  try {
    const patience = { outageMs: 0, signal: new AbortController().signal };
    const each = Math.ceil(lines / DAYS);
    for (let day = 0; day < DAYS; day += 1) {
      const count = Math.min(each, lines - day * each);
      if (count <= 0) break;
      const date = addDays(FIRST_DATE, day);
      await seedFeed(db, { ...patience, date, lines: count, sellers, seed: '1', requestedBy: 'bench' });
    }
    await db.raw('ANALYZE TABLE sale_entry, refund_entry');
    say(`settling ${lines} lines of ${sellers} sellers on ${DAYS} dates …`);
    await runMagam(url, ['settle', '--from', FIRST_DATE, '--to', LAST_DATE, '--workers', `${workers}`]);
    await makeSellers(db);
    const read = checkTermsFile(TERMS);
    if (!('terms' in read)) throw new Error(JSON.stringify(read.faults));
    await inTransaction(db, (tx) => applyTerms(tx, read.terms, 'bench'));
    await db.raw('ANALYZE TABLE settlement, settlement_line');
    return await sizeOf(db);
  } finally {
    await db.destroy();
  }
}

/** Accounts that nobody can read: no transfer is ordered here. */
async function makeSellers(db: Db): Promise<void> {
  await change(
    db,
    `INSERT INTO seller_bank_account (seller_id, bank_code, account_holder, bank_account, bank_account_masked, bank_key_id, status, proposed_at, payout_from)
     SELECT DISTINCT seller_id, '004', seller_id, 'sealed', '****1234', 'bench', 'CURRENT', '2026-01-01', '2026-01-01' FROM settlement`,
  );
  await change(
    db,
    `INSERT INTO seller (seller_id, name, business_number, tax_type, bank_code, account_holder, bank_account, bank_account_masked, bank_key_id, status,
       created_at, updated_at, bank_account_id, payout_from)
     SELECT seller_id, seller_id, '1234567891', 'GENERAL', bank_code, account_holder, bank_account, bank_account_masked, bank_key_id, 'ACTIVE',
       proposed_at, proposed_at, bank_account_id, payout_from FROM seller_bank_account`,
  );
}

async function sizeOf(db: Db): Promise<MonthSize> {
  const [row] = await select<Record<keyof MonthSize, number | string>>(
    db,
    `SELECT COUNT(*) AS settlements, SUM(sales + refunds) AS \`lines\`, COUNT(DISTINCT seller_id, currency) AS accounts FROM settlement
     WHERE settled_on BETWEEN ? AND ?`,
    [FIRST_DATE, LAST_DATE],
  );
  const { lines = 0, settlements = 0, accounts = 0 } = row ?? {};
  return { lines: Number(lines), settlements: Number(settlements), accounts: Number(accounts) };
}

/** As if the month had been settled just now: no ledger, no statements, no payouts, and no run of the jobs that make them. */
export async function forgetMoney(db: Db): Promise<void> {
  const whole = forWholeDates(db);
  for (const table of [...MONEY_TABLES, 'feed_event']) await whole.raw('TRUNCATE TABLE ??', [table]);
  await change(whole, `DELETE FROM job_instance WHERE job <> 'settle'`);
}
