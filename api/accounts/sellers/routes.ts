/** Routes of sellers. */

import type { Route } from '../../edge/route.js';
import type { AccountsContext } from '../context.js';
import { approve, listOfSeller, propose, withdraw } from './bank-accounts.js';
import { createSeller } from './create-seller.js';
import { editSeller } from './edit-seller.js';
import { findSellers, showSeller } from './read-sellers.js';

export const sellerRoutes = (accounts: AccountsContext): Route[] => [
  createSeller(accounts),
  findSellers(accounts),
  showSeller(accounts),
  editSeller(accounts),
  listOfSeller(accounts),
  propose(accounts),
  approve(accounts),
  withdraw(accounts),
];
