/** Routes of the second factor. */
import type { Route } from '../../edge/route.js';
import type { AccountsContext } from '../context.js';
import { removeSecondFactor } from './remove-second-factor.js';
import {
  beginOwnSecondFactor,
  confirmOwnSecondFactor,
  removeOwnSecondFactor,
  renewOwnRecoveryCodes,
  showSecondFactor,
} from './second-factor.js';

export const secondFactorRoutes = (accounts: AccountsContext): Route[] => [
  showSecondFactor(accounts),
  beginOwnSecondFactor(accounts),
  confirmOwnSecondFactor(accounts),
  renewOwnRecoveryCodes(accounts),
  removeOwnSecondFactor(accounts),
  removeSecondFactor(),
];
