/** Whether two accounts are two people, as far as can be told. */
import type { Db } from '../../infra/database.js';
import { readAccount } from './stores/account.js';

/** Neither is the other, and neither can have signed in as the other with a password, or as somebody, that one of them gave the other. */
export async function areTwoPeople(db: Db, accountId: number, otherId: number): Promise<boolean> {
  if (accountId === otherId) return false;
  const [one, other] = [await readAccount(db, accountId), await readAccount(db, otherId)];
  return one?.accessGivenBy !== otherId && other?.accessGivenBy !== accountId;
}
