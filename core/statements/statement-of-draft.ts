/** A draft as a statement, with the hash that it has when it is issued. */
import { sha256 } from '../../infra/sha256.js';
import { canonicalStatement } from './rules/canonical.js';
import type { DraftStatement } from './rules/close-account.js';
import type { PayableAccount } from './rules/open-account.js';
import type { Statement } from './rules/statement.js';

export function statementOfDraft(
  { sellerId, currency }: Pick<PayableAccount, 'sellerId' | 'currency'>,
  draft: DraftStatement,
): Statement {
  const { number, period, openingMinor, earnedMinor, closingMinor, sales, refunds, sums } = draft;
  const head = {
    ...{ sellerId, currency, number, periodFrom: period.from, closesOn: period.closesOn, payoutOn: period.payoutOn },
    ...{ termsSeller: period.seller, termsVersion: period.termsVersion, calendarVersion: period.calendarVersion },
    ...{ openingMinor, earnedMinor, closingMinor },
  };
  const hash = sha256(canonicalStatement(head, draft.settlements, [...draft.items, ...draft.newItems]));
  return { ...head, statementId: null, state: 'draft', sales, refunds, sums, hash, issuedAt: null, paidOn: null };
}
