/** Reads what closing the periods of a page of accounts needs: a few statements for all of them. */
import type { Db } from '../../infra/database.js';
import { addDays } from '../../kernel/business-date.js';
import type { BusinessCalendar } from '../business-days/rules/business-calendar.js';
import { type TermsSpan, timelineOf } from '../terms/rules/terms-book.js';
import { readTermsOfEach, type StoredTerms } from '../terms/stores/seller-terms.js';
import { covered } from './rules/close-account.js';
import { DuePeriods } from './rules/due-periods.js';
import type { OpenAccount, PayableAccount } from './rules/open-account.js';
import {
  type OpenGroup,
  readLaterSince,
  readOpenItems,
  readOpenReserves,
  readOpenSettlements,
  readStandings,
} from './stores/open-items.js';

export interface Closing {
  /** The last day: every period that ends on it or before it closes. */
  readonly through: string;
  readonly calendar: BusinessCalendar;
}

/** An account with the days on which terms of its seller, or of all sellers, are in force. */
export interface AccountWithTerms extends PayableAccount {
  readonly timeline: readonly TermsSpan<StoredTerms>[];
}

/** The terms of all sellers of a page, in one read. */
export async function withTerms(db: Db, accounts: readonly PayableAccount[]): Promise<AccountWithTerms[]> {
  return underTerms(accounts, await termsOf(db, accounts));
}

/** Every version of the terms of these sellers, and of all sellers. */
export const termsOf = (db: Db, accounts: readonly PayableAccount[]): Promise<StoredTerms[]> =>
  readTermsOfEach(db, [null, ...new Set(accounts.map(({ sellerId }) => sellerId))]);

/** The accounts under these versions. */
export function underTerms(accounts: readonly PayableAccount[], stored: readonly StoredTerms[]): AccountWithTerms[] {
  const versions = new Map<string | null, StoredTerms[]>();
  for (const terms of stored) versions.set(terms.seller, [...(versions.get(terms.seller) ?? []), terms]);
  const general = versions.get(null) ?? [];
  const ofAll = timelineOf([], general);
  return accounts.map((account) => {
    const own = versions.get(account.sellerId);
    return { ...account, timeline: own === undefined ? ofAll : timelineOf(own, general) };
  });
}

/** The accounts of which a period may close, so that what is open of them has to be read. Throws BUSINESS_DAY_UNKNOWN. */
export function mayClose(accounts: readonly AccountWithTerms[], { through, calendar }: Closing): AccountWithTerms[] {
  const due = new DuePeriods(through, calendar);
  return accounts.filter(({ closedThrough, timeline }) => {
    if (!timeline.some(({ from }) => from <= through)) return false;
    if (closedThrough === null || !covered(timeline, through)) return true;
    return due.from(timeline, addDays(closedThrough, 1)).length > 0;
  });
}

/** Reads the accounts with everything that is open for dates up to the last day. */
export async function loadAccounts(
  db: Db,
  accounts: readonly AccountWithTerms[],
  through: string,
): Promise<OpenAccount[]> {
  if (accounts.length === 0) return [];
  const ids = accounts.map(({ accountId }) => accountId);
  const standings = await readStandings(db, ids);
  const reserves = await readOpenReserves(db, ids);
  const loaded: OpenAccount[] = [];
  for (const { members, ...group } of groupsOf(accounts)) {
    const settlements = await readOpenSettlements(db, group, through);
    const items = await readOpenItems(db, group, through);
    const laterSince = await readLaterSince(db, group, through);
    for (const account of members) {
      const { accountId } = account;
      const standing = standings.get(accountId);
      if (standing === undefined) throw new Error(`account ${accountId} has no standing`);
      loaded.push({
        ...account,
        ...standing,
        settlements: settlements.get(accountId) ?? [],
        items: items.get(accountId) ?? [],
        reserves: reserves.get(accountId) ?? [],
        laterSince: laterSince(accountId),
      });
    }
  }
  return loaded;
}

/**
 * The accounts by how far back their open things may lie. What is read goes back to the earliest moment of a group, so accounts with old and with new things are
 * read apart: each group goes at most four times as far back as the one before.
 */
function groupsOf(accounts: readonly AccountWithTerms[]): (OpenGroup & { readonly members: AccountWithTerms[] })[] {
  const latest =
    accounts
      .map(({ openSince }) => openSince)
      .sort()
      .at(-1) ?? '';
  const groups = new Map<number, AccountWithTerms[]>();
  for (const account of accounts) {
    const days = (Date.parse(`${latest}Z`) - Date.parse(`${account.openSince}Z`)) / 86_400_000;
    const group = Math.ceil(Math.log(Math.max(days, 1)) / Math.log(4));
    groups.set(group, [...(groups.get(group) ?? []), account]);
  }
  return [...groups.values()].map((members) => ({
    members,
    accountIds: members.map(({ accountId }) => accountId),
    since: members.map(({ openSince }) => openSince).sort()[0] ?? latest,
  }));
}
