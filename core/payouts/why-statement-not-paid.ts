/** Why the money of a statement is not paid, for the documents of the statement. */
import type { Db } from '../../infra/database.js';
import type { NotPaidReason } from '../statements/rules/not-paid.js';
import type { Statement } from '../statements/rules/statement.js';
import { readPayablesOf } from '../statements/stores/payable-account.js';
import { casesOf } from './pay-cases.js';

/** The reason as of a date; null where the statement is paid, or a payout has claimed it, or the next proposal takes it. Throws TERMS_UNREADABLE. */
export async function whyStatementNotPaid(db: Db, statement: Statement, date: string): Promise<NotPaidReason | null> {
  const { sellerId, currency, statementId } = statement;
  const accounts = (await readPayablesOf(db, sellerId)).filter((account) => account.currency === currency);
  const [found] = await casesOf(db, accounts, date);
  const isThis = (one: { readonly statementId: number }): boolean => one.statementId === statementId;
  if (found === undefined) return null;
  if (found.statements.some(isThis)) return found.notPaid?.reason ?? null;
  if (!found.later.some(isThis)) return null;
  // The statement's own date has not come. Only reasons that come earlier in the order take precedence over that.
  const reason = found.notPaid?.reason;
  const says = reason === 'SELLER_NOT_REGISTERED' || reason === 'BANK_ACCOUNT_MISSING' || reason === 'ON_HOLD';
  return says ? reason : 'DATE_NOT_REACHED';
}
