/** A settled line: what a run made of one entry of the feed, and the entry's own identity. */

import type { Leg } from '../../feed/rules/leg.js';
import type { VatMode } from '../../policies/rules/fee-policy.js';
import type { Figures } from './figures.js';

export interface SettledLine {
  readonly leg: Leg;
  readonly entryId: number;
  readonly orderId: string;
  readonly lineId: string;
  /** Empty for a sale. */
  readonly refundId: string;
  readonly sellerId: string;
  readonly currency: string;
  /** Units sold or refunded, positive. */
  readonly quantity: number;
  /** Minor units; those of a refund are negative. */
  readonly figures: Figures;
  readonly policyId: number;
  readonly policyCode: string;
  readonly policyVersion: number;
  readonly vatMode: VatMode;
  /** The entry's columns that stand in no other field, as a canonical line of form 2 ends with them; empty where no line is hashed. */
  readonly entryRest: string;
}

/** An entry that could not be settled, with the reason. */
export interface SettlementException {
  readonly leg: Leg;
  readonly entryId: number;
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;
}
