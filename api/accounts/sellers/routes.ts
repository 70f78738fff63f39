/** Routes of sellers. */

import type { Route } from '../../edge/route.js';
import type { AccountsContext } from '../context.js';
import { createSeller } from './create-seller.js';
import { createSellerAccount } from './create-seller-account.js';
import { editSeller } from './edit-seller.js';
import { findSellers, showSeller } from './read-sellers.js';

export const sellerRoutes = (accounts: AccountsContext): Route[] => [
  createSeller(accounts),
  findSellers(accounts),
  showSeller(accounts),
  editSeller(accounts),
  createSellerAccount(accounts),
];
