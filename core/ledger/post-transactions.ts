/** The only way to post single transactions to the ledger. The postings commit with the caller's transaction. */
import type { Tx } from '../../infra/database.js';
import { isRefusal, type Refusal } from '../../kernel/errors.js';
import { decided } from '../../kernel/outcome.js';
import { ACCOUNT_KINDS, type AccountRef, accountName } from './rules/accounts.js';
import { judgeExisting, judgeNew, type NewTransaction } from './rules/transaction.js';
import { type LedgerAccount, openAccounts, shareAccounts } from './stores/ledger-account.js';
import { addUpPostings, lockBalances } from './stores/ledger-balance.js';
import { insertHeader, insertPostings, readByKeys } from './stores/ledger-transaction.js';

export interface Posted {
  readonly transactionId: number;
  /** The ledger had it before, with the same content. */
  readonly existed: boolean;
}

/** Somebody may have stored a transaction under the same key since it was looked for. Then it is looked for again, once. */
const LOOKS = 2;

/**
 * Posts a transaction, once for each key. Accounts are opened as they are needed. Refuses, in this order, with LEDGER_EXISTS_OTHERWISE,
 * LEDGER_EXISTS_OTHER_AMOUNT, LEDGER_POSTINGS_INVALID, LEDGER_UNBALANCED, LEDGER_ACCOUNT_CLOSED and LEDGER_LIMIT_EXCEEDED; then nothing was posted.
 */
export async function postTransaction(tx: Tx, wanted: NewTransaction): Promise<Posted | Refusal> {
  for (let look = 1; ; look += 1) {
    const existing = (await readByKeys(tx, [wanted.key])).get(wanted.key);
    if (existing !== undefined) {
      const { transactionId } = existing;
      return judgeExisting(wanted.key, wanted, existing) ?? { transactionId, existed: true };
    }
    const posted = await postNew(tx, wanted);
    if (!isRefusal(posted) || posted.refused !== 'LEDGER_EXISTS_OTHERWISE' || look === LOOKS) return posted;
  }
}

/** Posts all of them, in their order. Throws the code of the first that is refused: the transaction of the database has to be rolled back then. */
export async function postTransactions(tx: Tx, wanted: readonly NewTransaction[]): Promise<Posted[]> {
  const posted: Posted[] = [];
  for (const one of wanted) posted.push(decided(await postTransaction(tx, one)));
  return posted;
}

async function postNew(tx: Tx, wanted: NewTransaction): Promise<Posted | Refusal> {
  const refs = wanted.postings.map(({ account }) => account);
  const accounts = refs.length === 0 ? new Map<string, LedgerAccount>() : await shareAccounts(tx, refs);
  const floored = refs.filter(({ kind }) => ACCOUNT_KINDS[kind].floor).flatMap((ref) => idIn(accounts, ref) ?? []);
  const balances = floored.length === 0 ? new Map<number, bigint>() : await lockBalances(tx, floored);
  const refusal = judgeNew(wanted, (ref) => ({
    closed: (accounts.get(accountName(ref))?.closedAt ?? null) !== null,
    balanceMinor: balances.get(idIn(accounts, ref) ?? 0) ?? 0n,
  }));
  if (refusal !== undefined) return refusal;
  const opened = await opening(tx, refs, accounts);
  const transactionId = await insertHeader(tx, wanted);
  if (isRefusal(transactionId)) return transactionId;
  await insertPostings(tx, wanted, (ref) => {
    const accountId = idIn(opened, ref);
    if (accountId === undefined) throw new Error(`${accountName(ref)} was not opened`);
    return accountId;
  });
  await addUpPostings(tx, { first: wanted.key, last: wanted.key });
  return { transactionId, existed: false };
}

const idIn = (accounts: ReadonlyMap<string, LedgerAccount>, ref: AccountRef): number | undefined =>
  accounts.get(accountName(ref))?.accountId;

/** The accounts; missing ones are opened. The next posting sees an account that somebody has opened and closed meanwhile. */
async function opening(
  tx: Tx,
  refs: readonly AccountRef[],
  accounts: ReadonlyMap<string, LedgerAccount>,
): Promise<ReadonlyMap<string, LedgerAccount>> {
  const missing = refs.filter((ref) => !accounts.has(accountName(ref)));
  if (missing.length === 0) return accounts;
  await openAccounts(tx, missing);
  return shareAccounts(tx, refs);
}
