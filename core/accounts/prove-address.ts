/** Proving an address, and a new password for the person who reads its mail. Both use links, which are requested, recorded as events and sent by mail. */
import type { Db, Tx } from '../../infra/database.js';
import { sha256 } from '../../infra/sha256.js';
import { type Refusal, refuse } from '../../kernel/errors.js';
import { type Account, lockAccount, proveEmail, readAccount, updateAccount } from './stores/account.js';
import { endSessions } from './stores/account-session.js';
import { type LinkPurpose, readLink, useLink, withdrawLinks } from './stores/one-time-link.js';

/** The account that a link is for; checked before the costly work on a password. Refuses with LINK_INVALID. */
export async function accountOfLink(
  db: Db,
  purpose: Exclude<LinkPurpose, 'INVITE'>,
  token: string,
): Promise<Account | Refusal> {
  const accountId = await readLink(db, purpose, sha256(token));
  const account = accountId === undefined ? undefined : await readAccount(db, accountId);
  return account ?? refuse('LINK_INVALID');
}

/**
 * Marks an address as proven. The password was checked before. With the link alone, a person who signed up with somebody else's address could have it proven by
 * a click of its owner. @returns LINK_INVALID, or PASSWORD_WRONG where the password was changed meanwhile
 */
export async function proveAddress(tx: Tx, token: string, checked: Account): Promise<Refusal | undefined> {
  if (!(await useLink(tx, 'PROVE', sha256(token)))) return refuse('LINK_INVALID');
  const account = await lockAccount(tx, checked.accountId);
  if (account?.passwordHash !== checked.passwordHash) return refuse('PASSWORD_WRONG');
  await proveEmail(tx, account.accountId);
  await withdrawLinks(tx, 'PROVE', account.accountId);
  return undefined;
}

/**
 * Gives an account the password that the holder of the link has chosen. That proves the address and ends every session, so a person who had signed up with
 * somebody else's address is out. A second factor stays. @returns how many sessions ended; LINK_INVALID or ACCOUNT_LOCKED
 */
export async function resetPassword(
  tx: Tx,
  token: string,
  accountId: number,
  passwordHash: string,
): Promise<number | Refusal> {
  if (!(await useLink(tx, 'RESET', sha256(token)))) return refuse('LINK_INVALID');
  const account = await lockAccount(tx, accountId);
  if (account === undefined) return refuse('LINK_INVALID');
  if (account.status === 'LOCKED') return refuse('ACCOUNT_LOCKED');
  await updateAccount(tx, accountId, { passwordHash, passwordOneTime: false });
  await proveEmail(tx, accountId);
  await withdrawLinks(tx, 'RESET', accountId);
  await withdrawLinks(tx, 'PROVE', accountId);
  return endSessions(tx, accountId, 'PASSWORD_CHANGED');
}
