/** Opens the sellers' accounts that a generation needs before it is posted, in a transaction of their own. */
import { type Db, forWholeDates, inTransaction } from '../../infra/database.js';
import type { Generation } from './stores/settlement-posting.js';
import { openPayableAccounts } from './stores/settlement-refund.js';

/**
 * Opens the accounts SELLER_PAYABLE that are missing. The posting would open them itself and hold them until its commit, and other dates with the same new sellers would wait for
 * it.
 */
export const openAccountsOf = (db: Db, one: Generation): Promise<void> =>
  inTransaction(db, (tx) => openPayableAccounts(forWholeDates(tx), one));
