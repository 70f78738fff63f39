/** The data of each seller that might be paid, and the payout that it would get. Reads by pages of accounts; changes nothing. */
import type { Db } from '../../infra/database.js';
import { sha256 } from '../../infra/sha256.js';
import { readPayableSellers } from '../accounts/stores/seller.js';
import { readBalances } from '../ledger/stores/ledger-balance.js';
import { timelineOf } from '../terms/rules/terms-book.js';
import { readTermsOfEach, type StoredTerms } from '../terms/stores/seller-terms.js';
import { payoutText } from './rules/payout-text.js';
import { type NotPaid, type PayCase, whyNotPaid } from './rules/why-not-paid.js';
import { type PayableAccount, readClaimed, readUnclaimed, type UnclaimedStatement } from './stores/pay-case.js';

export interface Candidate extends PayableAccount {
  readonly known: PayCase;
  /** Why the seller is not paid; undefined: the seller is paid. */
  readonly notPaid: NotPaid | undefined;
  /** The statements that it is, or would be, paid for. */
  readonly statements: readonly UnclaimedStatement[];
  /** Unclaimed statements whose payout date has not come. */
  readonly later: readonly UnclaimedStatement[];
  /** The hash that its payout has; null where no bank account may be paid to. */
  readonly hash: string | null;
  readonly terms: StoredTerms | null;
}

/**
 * The accounts, among these, with statements that no payout has claimed, as of a date; nothing else is read of the others. Throws TERMS_UNREADABLE.
 * @param locked their balances, where a proposal has locked them before
 */
export async function payCases(
  db: Db,
  accounts: readonly PayableAccount[],
  date: string,
  locked?: ReadonlyMap<number, bigint>,
): Promise<Candidate[]> {
  const unclaimed = await unclaimedOf(db, accounts);
  return casesWith(
    db,
    accounts.filter(({ accountId }) => unclaimed.has(accountId)),
    unclaimed,
    date,
    locked,
  );
}

/** The same of all accounts. */
export const casesOf = async (db: Db, accounts: readonly PayableAccount[], date: string): Promise<Candidate[]> =>
  casesWith(db, accounts, await unclaimedOf(db, accounts), date);

const unclaimedOf = async (db: Db, accounts: readonly PayableAccount[]): Promise<Map<number, UnclaimedStatement[]>> =>
  groupedBy(
    await readUnclaimed(
      db,
      accounts.map(({ accountId }) => accountId),
    ),
    ({ accountId }) => accountId,
  );

async function casesWith(
  db: Db,
  accounts: readonly PayableAccount[],
  unclaimed: ReadonlyMap<number, UnclaimedStatement[]>,
  date: string,
  locked?: ReadonlyMap<number, bigint>,
): Promise<Candidate[]> {
  if (accounts.length === 0) return [];
  const ids = accounts.map(({ accountId }) => accountId);
  const sellerIds = [...new Set(accounts.map(({ sellerId }) => sellerId))];
  const sellers = await readPayableSellers(db, sellerIds);
  const terms = await termsOn(db, sellerIds, date);
  const [balances, claimed] = [locked ?? (await readBalances(db, ids)), await readClaimed(db, ids)];
  return accounts.map((account) => {
    const { accountId, sellerId, currency } = account;
    const all = unclaimed.get(accountId) ?? [];
    const statements = all.filter(({ payoutOn }) => payoutOn <= date);
    const later = all.filter(({ payoutOn }) => payoutOn > date);
    const seller = sellers.get(sellerId);
    const bankAccountId = seller?.bankAccountId ?? null;
    const amountMinor = statements.reduce((sum, { earnedMinor }) => sum + earnedMinor, 0n);
    const known: PayCase = {
      registered: seller !== undefined,
      suspended: seller?.status === 'SUSPENDED',
      bankAccountId,
      terms: terms(sellerId),
      statements: statements.length,
      nextPayoutOn: later.map(({ payoutOn }) => payoutOn).sort()[0] ?? null,
      currency,
      amountMinor,
      availableMinor: -(balances.get(accountId) ?? 0n) - (claimed.get(accountId) ?? 0n),
    };
    const content = { sellerId, currency, amountMinor, payoutOn: date, statements };
    const hash = bankAccountId === null ? null : sha256(payoutText({ ...content, bankAccountId }));
    return { ...account, known, notPaid: whyNotPaid(known), statements, later, hash, terms: terms(sellerId) };
  });
}

/** The terms in force for each seller on a date. */
async function termsOn(
  db: Db,
  sellerIds: readonly string[],
  date: string,
): Promise<(sellerId: string) => StoredTerms | null> {
  const versions = groupedBy(await readTermsOfEach(db, [null, ...sellerIds]), ({ seller }) => seller);
  const general = versions.get(null) ?? [];
  const ofAll = timelineOf([], general);
  const inForce = new Map(
    sellerIds.map((sellerId) => {
      const own = versions.get(sellerId);
      const timeline = own === undefined ? ofAll : timelineOf(own, general);
      const span = timeline.find(({ from, to }) => from <= date && (to === null || date <= to));
      return [sellerId, span?.terms ?? null];
    }),
  );
  return (sellerId) => inForce.get(sellerId) ?? null;
}

function groupedBy<T, K>(rows: readonly T[], keyOf: (row: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group === undefined) groups.set(keyOf(row), [row]);
    else group.push(row);
  }
  return groups;
}
