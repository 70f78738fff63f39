/** Terms, other transactions and closes for tests of statements. */
import { businessCalendar } from '../../core/business-days/keep-calendar.js';
import { postTransaction } from '../../core/ledger/post-transactions.js';
import { postingsOf, type RuleName } from '../../core/ledger/rules/posting-rules.js';
import { closeAccounts } from '../../core/statements/close-accounts.js';
import type { Statement } from '../../core/statements/rules/statement.js';
import { readPayableIds } from '../../core/statements/stores/payable-account.js';
import { listStatements, readStatement } from '../../core/statements/stores/statement.js';
import { applyTerms } from '../../core/terms/apply-terms.js';
import type { SellerTerms } from '../../core/terms/rules/seller-terms.js';
import { type Db, inTransaction } from '../../infra/database.js';
import { decided } from '../../kernel/outcome.js';
import { makeTerms } from './terms.js';

/** Applies terms, by default of all sellers. */
export const giveTerms = (db: Db, ...terms: readonly Partial<SellerTerms>[]): Promise<unknown> =>
  inTransaction(db, (tx) =>
    applyTerms(
      tx,
      terms.map((one) => makeTerms({ seller: null, ...one })),
      'test',
    ),
  );

let keys = 0;

/** Posts a transaction of a rule with one amount. @returns its id */
export async function postRule(
  db: Db,
  rule: RuleName,
  sellerId: string,
  effectiveOn: string,
  amount: number,
  currency = 'KRW',
): Promise<number> {
  keys += 1;
  const postings = postingsOf(rule, { sellerId, currency, provider: 'TOSS' }, { amount: BigInt(amount) });
  const posted = await inTransaction(db, (tx) =>
    postTransaction(tx, { key: `test:${keys}`, kind: rule, sellerId, effectiveOn, postings, requestedBy: 'test' }),
  );
  return decided(posted).transactionId;
}

/** Closes every account through a date, as a page of the job does. @returns how many statements were issued */
export async function closeAll(db: Db, through: string): Promise<number> {
  const calendar = await businessCalendar(db);
  const ids = await readPayableIds(db);
  return inTransaction(db, (tx) => closeAccounts(tx, ids, { through, calendar }, { issuedBy: 'test', runId: null }));
}

/** The statements of a seller, the first first. */
export async function statementsOf(db: Db, sellerId: string): Promise<Statement[]> {
  const heads = await listStatements(db, { sellerId }, undefined, 1_000);
  const statements: Statement[] = [];
  for (const { statementId } of heads.reverse()) statements.push((await readStatement(db, statementId)) as Statement);
  return statements;
}
