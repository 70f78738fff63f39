/** Previews the close of a seller's running period, and of earlier ones that are not closed yet. Nothing is written. */
import { type Db, inSnapshot } from '../../infra/database.js';
import { MagamError } from '../../kernel/errors.js';
import { decided } from '../../kernel/outcome.js';
import type { BusinessCalendar } from '../business-days/rules/business-calendar.js';
import { periodOf } from '../terms/rules/periods.js';
import { decideAccounts } from './close-accounts.js';
import { type AccountWithTerms, loadAccounts, withTerms } from './load-accounts.js';
import type { DraftStatement } from './rules/close-account.js';
import type { Statement } from './rules/statement.js';
import { readPayablesOf } from './stores/payable-account.js';

export interface Preview {
  readonly statement: Statement;
  /** Its content. */
  readonly draft: DraftStatement;
}

/**
 * The drafts of a seller, by currency and number, up to the period that a date belongs to. A period that is closed has no draft. Throws TERMS_MISSING,
 * STATEMENT_PERIOD_ENDLESS where the period has no last day yet, and STATEMENT_SELLER_UNKNOWN where nothing was ever posted for the seller.
 */
export const previewSeller = (db: Db, asked: PreviewAsk): Promise<Preview[]> =>
  inSnapshot(db, (view) => previewIn(view, asked));

export interface PreviewAsk {
  readonly sellerId: string;
  /** Business date. */
  readonly at: string;
  readonly calendar: BusinessCalendar;
}

/** The same in a view of the caller. */
export async function previewIn(view: Db, { sellerId, at, calendar }: PreviewAsk): Promise<Preview[]> {
  const accounts = await withTerms(view, await accountsOf(view, sellerId));
  const through = lastDay(accounts[0] as AccountWithTerms, at, calendar);
  const loaded = await loadAccounts(view, accounts, through);
  return decideAccounts(loaded, { through, calendar })
    .flatMap(({ closed, statements }) =>
      statements.map((statement, index) => ({ statement, draft: closed.statements[index] as DraftStatement })),
    )
    .sort((a, b) => (a.statement.currency < b.statement.currency ? -1 : 1));
}

/** The accounts of a seller. Throws STATEMENT_SELLER_UNKNOWN where there are none. */
export async function accountsOf(db: Db, sellerId: string, currency?: string) {
  const accounts = (await readPayablesOf(db, sellerId)).filter(
    (one) => currency === undefined || one.currency === currency,
  );
  if (accounts.length > 0) return accounts;
  throw new MagamError('STATEMENT_SELLER_UNKNOWN', undefined, { sellerId, ...(currency && { currency }) });
}

function lastDay({ sellerId, timeline }: AccountWithTerms, at: string, calendar: BusinessCalendar): string {
  const period = decided(periodOf(timeline, at, calendar));
  if (period.closesOn !== null) return period.closesOn;
  throw new MagamError('STATEMENT_PERIOD_ENDLESS', undefined, { sellerId, at, from: period.from });
}
