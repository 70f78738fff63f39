/** Closing accounts that are no longer used. */
import type { Tx } from '../../infra/database.js';
import { type Refusal, refuse } from '../../kernel/errors.js';
import { type LedgerAccount, lockAccount, readAccount, setClosed } from './stores/ledger-account.js';
import { readBalances } from './stores/ledger-balance.js';

/** Closes an account: nothing is posted to it until it is opened again. Refuses with LEDGER_ACCOUNT_NOT_FOUND and LEDGER_ACCOUNT_NOT_EMPTY. */
export async function closeAccount(tx: Tx, accountId: number): Promise<LedgerAccount | Refusal> {
  const account = await lockAccount(tx, accountId);
  if (account === undefined) return refuse('LEDGER_ACCOUNT_NOT_FOUND', { accountId });
  if (account.closedAt !== null) return account;
  const balanceMinor = (await readBalances(tx, [accountId])).get(accountId) ?? 0n;
  if (balanceMinor !== 0n)
    return refuse('LEDGER_ACCOUNT_NOT_EMPTY', { accountId, balanceMinor: balanceMinor.toString() });
  await setClosed(tx, accountId, true);
  return (await readAccount(tx, accountId)) ?? account;
}

/** Opens a closed account again. Refuses with LEDGER_ACCOUNT_NOT_FOUND. */
export async function reopenAccount(tx: Tx, accountId: number): Promise<LedgerAccount | Refusal> {
  const account = await lockAccount(tx, accountId);
  if (account === undefined) return refuse('LEDGER_ACCOUNT_NOT_FOUND', { accountId });
  if (account.closedAt !== null) await setClosed(tx, accountId, false);
  return (await readAccount(tx, accountId)) ?? account;
}
