/** The way into the ledger: transactions are judged and written by a few statements over all of them. What is posted commits with the transaction of whoever calls. */
import type { Tx } from '../../infra/database.js';
import { isRefusal, type Refusal } from '../../kernel/errors.js';
import { decided } from '../../kernel/outcome.js';
import { ACCOUNT_KINDS, type AccountRef, accountName } from './rules/accounts.js';
import { judgeExisting, judgeNew, type NewTransaction } from './rules/transaction.js';
import { type LedgerAccount, openAccounts, shareAccounts } from './stores/ledger-account.js';
import { lockBalances } from './stores/ledger-balance.js';
import { readByKeys } from './stores/ledger-transaction.js';
import { insertTransactions } from './stores/new-transactions.js';

export interface Posted {
  readonly transactionId: number;
  /** The ledger had it before, with the same content. */
  readonly existed: boolean;
}

/** Somebody may have stored a transaction under the same key since it was looked for. Then it is looked for again, once. */
const LOOKS = 2;
/** Accounts that one statement names. */
const ACCOUNTS = 1_000;

/**
 * Posts a transaction, once for each key. Accounts are opened as they are needed. Refuses, in this order, with LEDGER_EXISTS_OTHERWISE,
 * LEDGER_EXISTS_OTHER_AMOUNT, LEDGER_POSTINGS_INVALID, LEDGER_UNBALANCED, LEDGER_ACCOUNT_CLOSED and LEDGER_LIMIT_EXCEEDED; then nothing was posted.
 */
export async function postTransaction(tx: Tx, wanted: NewTransaction): Promise<Posted | Refusal> {
  const posted = await postAll(tx, [wanted]);
  return isRefusal(posted) ? posted : (posted[0] as Posted);
}

/**
 * Posts all of them, each key once; each is judged by what those before it leave. Throws the code of the first that is refused, as `postTransaction`: the transaction
 * of the database has to be rolled back then. @param wanted 2,000 at most: the headers of more are not stored by one statement, so a key that somebody else has taken could not be looked for again
 */
export const postTransactions = async (tx: Tx, wanted: readonly NewTransaction[]): Promise<Posted[]> =>
  decided(await postAll(tx, wanted));

/**
 * Posts new transactions, each judged by what those before it leave. The caller holds a lock that lets nobody else post under these keys, so they are not looked for.
 * Throws as `postTransactions`. @returns their ids, in the same order
 */
export const postNew = async (tx: Tx, wanted: readonly NewTransaction[]): Promise<number[]> =>
  decided(await judgeAndWrite(tx, wanted));

async function postAll(tx: Tx, wanted: readonly NewTransaction[]): Promise<Posted[] | Refusal> {
  for (let look = 1; ; look += 1) {
    const existing =
      wanted.length === 0
        ? new Map()
        : await readByKeys(
            tx,
            wanted.map(({ key }) => key),
          );
    for (const one of wanted) {
      const there = existing.get(one.key);
      const refusal = there === undefined ? undefined : judgeExisting(one.key, one, there);
      if (refusal !== undefined) return refusal;
    }
    const fresh = wanted.filter(({ key }) => !existing.has(key));
    const ids = await judgeAndWrite(tx, fresh);
    if (isRefusal(ids)) {
      if (ids.refused === 'LEDGER_EXISTS_OTHERWISE' && look < LOOKS) continue;
      return ids;
    }
    const idOf = new Map(fresh.map(({ key }, at) => [key, ids[at] as number]));
    return wanted.map(({ key }) => {
      const there = existing.get(key);
      return { transactionId: there?.transactionId ?? (idOf.get(key) as number), existed: there !== undefined };
    });
  }
}

async function judgeAndWrite(tx: Tx, wanted: readonly NewTransaction[]): Promise<number[] | Refusal> {
  if (wanted.length === 0) return [];
  const named = wanted.flatMap(({ postings }) =>
    postings.map(({ account }) => [accountName(account), account] as const),
  );
  const refs = [...new Map(named).values()];
  const accounts = await shared(tx, refs);
  const refusal = await judgeInTurn(tx, wanted, refs, accounts);
  if (refusal !== undefined) return refusal;
  const missing = refs.filter((ref) => !accounts.has(accountName(ref)));
  for (let at = 0; at < missing.length; at += ACCOUNTS) await openAccounts(tx, missing.slice(at, at + ACCOUNTS));
  // One that somebody has opened and closed meanwhile is seen by the next posting.
  const opened = missing.length === 0 ? accounts : new Map([...accounts, ...(await shared(tx, missing))]);
  return insertTransactions(tx, wanted, (ref) => {
    const account = opened.get(accountName(ref));
    if (account === undefined) throw new Error(`${accountName(ref)} was not opened`);
    return account.accountId;
  });
}

/** Locks the balances that have a limit, in the order of their accounts, and judges one transaction after the other. */
async function judgeInTurn(
  tx: Tx,
  wanted: readonly NewTransaction[],
  refs: readonly AccountRef[],
  accounts: ReadonlyMap<string, LedgerAccount>,
): Promise<Refusal | undefined> {
  const limited = refs
    .filter(({ kind }) => ACCOUNT_KINDS[kind].floor)
    .flatMap((ref) => accounts.get(accountName(ref)) ?? []);
  const ids = limited.map(({ accountId }) => accountId).sort((a, b) => a - b);
  const kept = ids.length === 0 ? new Map<number, bigint>() : await lockBalances(tx, ids);
  const balances = new Map(limited.map((account) => [accountName(account), kept.get(account.accountId) ?? 0n]));
  for (const one of wanted) {
    const refusal = judgeNew(one, (ref) => ({
      closed: (accounts.get(accountName(ref))?.closedAt ?? null) !== null,
      balanceMinor: balances.get(accountName(ref)) ?? 0n,
    }));
    if (refusal !== undefined) return refusal;
    for (const { account, amountMinor } of one.postings)
      balances.set(accountName(account), (balances.get(accountName(account)) ?? 0n) + amountMinor);
  }
  return undefined;
}

/** The accounts that there are of these, by name. */
async function shared(tx: Tx, refs: readonly AccountRef[]): Promise<Map<string, LedgerAccount>> {
  const accounts = new Map<string, LedgerAccount>();
  for (let at = 0; at < refs.length; at += ACCOUNTS)
    for (const [name, account] of await shareAccounts(tx, refs.slice(at, at + ACCOUNTS))) accounts.set(name, account);
  return accounts;
}
