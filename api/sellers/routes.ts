/** Routes of sellers. */
import type { AccessContext } from '../access/context.js';
import type { Route } from '../edge/route.js';
import { createSeller } from './create-seller.js';
import { createSellerAccount } from './create-seller-account.js';
import { editSeller } from './edit-seller.js';
import { findSellers, showSeller } from './read-sellers.js';

export const sellerRoutes = (access: AccessContext): Route[] => [
  createSeller(access),
  findSellers(access),
  showSeller(access),
  editSeller(access),
  createSellerAccount(access),
];
