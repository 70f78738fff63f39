/** Many transactions at once, by a few statements over all of them: for jobs that post for pages of sellers. */
import type { Tx } from '../../infra/database.js';
import { isRefusal } from '../../kernel/errors.js';
import { decided } from '../../kernel/outcome.js';
import { ACCOUNT_KINDS, type AccountRef, accountName } from './rules/accounts.js';
import { judgeNew, type NewTransaction } from './rules/transaction.js';
import { type LedgerAccount, openAccounts, shareAccounts } from './stores/ledger-account.js';
import { lockBalances } from './stores/ledger-balance.js';
import { insertBatch } from './stores/ledger-batch.js';

/** Accounts that one statement names. */
const ACCOUNTS = 1_000;

/**
 * Posts new transactions between accounts of sellers, in their order; each is judged by what those before it leave. The caller holds a lock that lets nobody else
 * post under these keys. Throws the code of the first that is refused, as `postTransaction`: then the transaction of the database has to be rolled back.
 * @returns their ids, in the same order
 */
export async function postBatch(tx: Tx, wanted: readonly NewTransaction[]): Promise<number[]> {
  if (wanted.length === 0) return [];
  const refs = [
    ...new Map(
      wanted.flatMap(({ postings }) => postings.map(({ account }) => [accountName(account), account])),
    ).values(),
  ];
  const foreign = refs.find(({ kind }) => ACCOUNT_KINDS[kind].ownedBy !== 'seller');
  if (foreign !== undefined) throw new Error(`${foreign.kind} is no account of a seller`);
  const accounts = await sharedAndOpened(tx, refs);
  const idOf = (ref: AccountRef): number => (accounts.get(accountName(ref)) as LedgerAccount).accountId;
  const ids = refs.map(idOf).sort((a, b) => a - b);
  const balances = await lockBalances(tx, ids);
  for (const one of wanted) {
    const refusal = judgeNew(one, (ref) => ({
      closed: accounts.get(accountName(ref))?.closedAt !== null,
      balanceMinor: balances.get(idOf(ref)) ?? 0n,
    }));
    if (isRefusal(refusal)) decided(refusal);
    for (const { account, amountMinor } of one.postings)
      balances.set(idOf(account), (balances.get(idOf(account)) ?? 0n) + amountMinor);
  }
  return insertBatch(tx, wanted, idOf);
}

/** The accounts, by name; those that are missing are opened. */
async function sharedAndOpened(tx: Tx, refs: readonly AccountRef[]): Promise<ReadonlyMap<string, LedgerAccount>> {
  const accounts = new Map<string, LedgerAccount>();
  for (let at = 0; at < refs.length; at += ACCOUNTS) {
    const some = refs.slice(at, at + ACCOUNTS);
    for (const [name, account] of await shareAccounts(tx, some)) accounts.set(name, account);
    const missing = some.filter((ref) => !accounts.has(accountName(ref)));
    if (missing.length === 0) continue;
    await openAccounts(tx, missing);
    for (const [name, account] of await shareAccounts(tx, missing)) accounts.set(name, account);
  }
  return accounts;
}
