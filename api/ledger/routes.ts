/** The ledger for operators, and the wallets of sellers. */
import type { ApiContext } from '../context.js';
import type { Route } from '../edge/route.js';
import { closeAccountRoute, reopenAccountRoute, reverseTransactionRoute } from './correct-ledger.js';
import { listAccountsRoute, listTransactionsRoute, showBalance, showTransaction } from './read-ledger.js';
import { showOwnWallet, showWallet } from './show-wallet.js';
import { showTrialBalance } from './trial-balance.js';

export const ledgerRoutes = (context: ApiContext): Route[] => [
  showWallet(context),
  showOwnWallet(context),
  showTrialBalance(context),
  listAccountsRoute(context),
  showBalance(context),
  listTransactionsRoute(context),
  showTransaction(context),
  closeAccountRoute(),
  reopenAccountRoute(),
  reverseTransactionRoute(),
];
