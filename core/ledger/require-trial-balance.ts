/** Whether the ledger may be added to: nothing is posted by whole dates to a ledger that is not balanced. */
import type { Db } from '../../infra/database.js';
import { MagamError } from '../../kernel/errors.js';
import { readTiltedCurrencies } from './stores/ledger-balance.js';

/** Throws LEDGER_UNBALANCED, with the currencies, where all balances of a currency together are not zero. It reads every balance. */
export async function requireTrialBalance(db: Db): Promise<void> {
  const currencies = await readTiltedCurrencies(db);
  if (currencies.length === 0) return;
  throw new MagamError(
    'LEDGER_UNBALANCED',
    `The trial balance of ${currencies.join(', ')} is not zero; nothing was posted. magam ledger verify says where.`,
    { currencies },
  );
}
