/** Reads the data for closing the periods of a page of accounts, with a few statements for all of them. */
import type { Db } from '../../infra/database.js';
import { addDays } from '../../kernel/business-date.js';
import type { BusinessCalendar } from '../business-days/rules/business-calendar.js';
import { type TermsSpan, timelineOf } from '../terms/rules/terms-book.js';
import { readTermsOfEach, type StoredTerms } from '../terms/stores/seller-terms.js';
import { covered } from './rules/close-account.js';
import { DuePeriods } from './rules/due-periods.js';
import type { OpenAccount, OpenReserve, OpenSettlement, PayableAccount } from './rules/open-account.js';
import { netOf, netOfAll, sumOf } from './rules/sums.js';
import {
  type AccountStanding,
  dateOf,
  type OpenGroup,
  readOpenItems,
  readOpenReserves,
  readOpenSettlements,
  readPostedMoments,
  readPostingSums,
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

/**
 * Accounts of sellers for whom no terms have come into force up to a day, with something open for that day or an earlier one. Those that are closed through the day have nothing
 * to miss, and those that are noted already are left out.
 */
export async function missingTerms(
  db: Db,
  accounts: readonly AccountWithTerms[],
  through: string,
): Promise<OpenAccount[]> {
  const without = accounts.filter(
    ({ timeline, termsMissingOn, closedThrough }) =>
      termsMissingOn === null &&
      (closedThrough === null || closedThrough < through) &&
      !timeline.some(({ from }) => from <= through),
  );
  const loaded = await loadAccounts(db, without, through);
  return loaded.filter(({ settlements, items }) => settlements.length > 0 || items.length > 0);
}

/**
 * Reads the accounts with everything that is open for dates up to the last day. What is read goes by the moment of recording, and the clock of the database may have been set
 * back meanwhile. So the result is added up: where the statements and the items read do not equal the balance of the ledger, the account is read again from its
 * beginning.
 */
export async function loadAccounts(
  db: Db,
  accounts: readonly AccountWithTerms[],
  through: string,
): Promise<OpenAccount[]> {
  if (accounts.length === 0) return [];
  const ids = accounts.map(({ accountId }) => accountId);
  const kept: Kept = { standings: await readStandings(db, ids), reserves: await readOpenReserves(db, ids) };
  const loaded: OpenAccount[] = [];
  for (const group of groupsOf(accounts)) {
    const read = await loadGroup(db, group, through, kept);
    const members = group.members.filter((_member, at) => read[at]?.missingMinor !== 0n);
    const again = members.length === 0 ? [] : await loadGroup(db, { members, since: BEGINNING }, through, kept);
    const anew = new Map(again.map(({ account }) => [account.accountId, account]));
    for (const { account } of read) loaded.push(anew.get(account.accountId) ?? account);
  }
  return loaded;
}

/** Earlier than everything. */
const BEGINNING = '1900-01-01 00:00:00.000';

interface Kept {
  readonly standings: Map<number, AccountStanding>;
  readonly reserves: Map<number, OpenReserve[]>;
}

interface Loaded {
  readonly account: OpenAccount;
  /** The balance of the ledger less all known items of the account (minor units). */
  readonly missingMinor: bigint;
}

async function loadGroup(
  db: Db,
  group: MemberGroup,
  through: string,
  { standings, reserves }: Kept,
): Promise<Loaded[]> {
  const posted = await readPostedMoments(db, group.since);
  const laterGeneration = [...posted]
    .flatMap(([generation, at]) => (dateOf(generation) > through ? [at] : []))
    .sort()[0];
  const settlements = await readOpenSettlements(db, group, posted, through);
  const sums = await readPostingSums(db, group, through);
  const hasItems = ({ accountId }: PayableAccount): boolean =>
    (sums.get(accountId)?.due ?? 0) !== postingsOf(settlements.get(accountId) ?? []);
  const items = await readOpenItems(db, { ...group, members: group.members.filter(hasItems) }, through);
  return group.members.map((member) => {
    const { accountId } = member;
    const standing = standings.get(accountId);
    if (standing === undefined) throw new Error(`account ${accountId} has no standing`);
    const { laterSince, laterMinor = 0n } = sums.get(accountId) ?? {};
    const account: OpenAccount = {
      ...{ ...member, ...standing },
      settlements: settlements.get(accountId) ?? [],
      items: items.get(accountId) ?? [],
      reserves: reserves.get(accountId) ?? [],
      laterSince: [laterGeneration, laterSince].filter((it) => it != null).sort()[0] ?? null,
    };
    const openMinor = netOfAll(account.settlements) + sumOf(account.items);
    return { account, missingMinor: standing.payableMinor - standing.openingMinor - openMinor - laterMinor };
  });
}

/** How many postings these settlements are to the account: one each, unless its net is zero. An account that has no others has no items, and they are not looked for. */
const postingsOf = (settlements: readonly OpenSettlement[]): number =>
  settlements.reduce((count, one) => (netOf(one) === '0' ? count : count + 1), 0);

interface MemberGroup extends OpenGroup {
  readonly members: readonly AccountWithTerms[];
}

/**
 * Groups the accounts by the age of their open items. A read goes back to the earliest moment of its group, so accounts with old and with new items are
 * read separately: each group goes at most four times as far back as the previous one.
 */
function groupsOf(accounts: readonly AccountWithTerms[]): MemberGroup[] {
  const latest =
    accounts
      .map(({ openSince }) => openSince)
      .sort()
      .at(-1) ?? '';
  const groups = new Map<number, AccountWithTerms[]>();
  for (const account of accounts) {
    const days = (Date.parse(`${latest}Z`) - Date.parse(`${account.openSince}Z`)) / 86_400_000;
    const group = Math.ceil(Math.log(Math.max(days, 1)) / Math.log(4));
    const members = groups.get(group);
    if (members === undefined) groups.set(group, [account]);
    else members.push(account);
  }
  return [...groups.values()].map((members) => ({
    members,
    since: members.map(({ openSince }) => openSince).sort()[0] ?? latest,
  }));
}
