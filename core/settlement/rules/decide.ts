/**
 * From rows of the feed to lines or exceptions: looks up the policy, asks the rules for the figures. Decides, writes
 * nothing.
 */

import { isRefusal, type Refusal } from '../../../kernel/errors.js';
import type { SaleInput } from '../../feed/rules/entry.js';
import { REFUND, SALE } from '../../feed/rules/leg.js';
import type { PolicyBook, StoredPolicy } from '../../policies/rules/policy-book.js';
import { figuresOf } from './figure-cells.js';
import type { ComputedFigure, Figures } from './figures.js';
import type { SettledLine, SettlementException } from './line.js';
import { settleRefund } from './settle-refund.js';
import { settleSale } from './settle-sale.js';

/** A sale of the feed as a run reads it. */
export interface SaleRow extends SaleInput {
  readonly entryId: number;
  readonly orderId: string;
  readonly lineId: string;
  readonly sellerId: string;
  readonly category: string;
  readonly productId: string;
  readonly currency: string;
  readonly orderedOn: string;
  /** The columns of the entry that no rule looks at, in their canonical form; empty where nothing is hashed. */
  readonly rest: string;
}

/** What a run made of a refund's sale. */
export interface OriginalLine extends Readonly<Record<ComputedFigure, number>> {
  readonly policyId: number;
}

export interface RefundRow {
  readonly entryId: number;
  readonly refundId: string;
  readonly quantity: number;
  readonly priorQuantity: number;
  readonly originalOn: string;
  /** As that of a sale. */
  readonly rest: string;
  /** Undefined when the sale is gone from the feed. */
  readonly sale: SaleRow | undefined;
  /** What its run made of the sale; undefined while that is not settled. */
  readonly original: OriginalLine | undefined;
}

/** What became of a page of entries: each is a line or an exception. */
export interface Decision {
  readonly lines: SettledLine[];
  readonly exceptions: SettlementException[];
}

/** Entries that the database refused because of their own data, with its reason: they are parked without being computed. */
export type Refused = ReadonlyMap<number, string>;

/** Decides on sales. */
export function decideSales(rows: readonly SaleRow[], policies: PolicyBook, refused: Refused): Decision {
  const lines: SettledLine[] = [];
  const exceptions: SettlementException[] = [];
  for (const row of rows) {
    const outcome = refused.has(row.entryId) ? lineRefused(refused.get(row.entryId)) : settledSale(row, policies);
    if (isRefusal(outcome))
      exceptions.push({ leg: SALE, entryId: row.entryId, code: outcome.refused, details: outcome.details });
    else lines.push(outcome);
  }
  return { lines, exceptions };
}

function settledSale(row: SaleRow, policies: PolicyBook): SettledLine | Refusal {
  const stored = policies.find(row.sellerId, row.category, row.productId, row.currency, row.orderedOn);
  if (stored === undefined) {
    const { sellerId, currency, orderedOn } = row;
    // What no policy looks at was not read.
    const category = policies.usesCategory ? { category: row.category } : {};
    const product = policies.usesProduct ? { productId: row.productId } : {};
    return { refused: 'POLICY_MISSING', details: { sellerId, ...product, ...category, currency, orderedOn } };
  }
  const figures = settleSale(row, stored.policy);
  return isRefusal(figures) ? figures : toLine(row, stored, figures);
}

/**
 * Decides on refunds, each at the figures and the policy version of its original.
 * @param settleUnsettledSale for a run that writes nothing: what the run would have made of a sale of its own date
 */
export function decideRefunds(
  rows: readonly RefundRow[],
  policies: Pick<PolicyBook, 'byId'>,
  refused: Refused,
  settleUnsettledSale?: (row: RefundRow) => SettledLine | Refusal,
): Decision {
  const lines: SettledLine[] = [];
  const exceptions: SettlementException[] = [];
  for (const row of rows) {
    const outcome = refused.has(row.entryId)
      ? lineRefused(refused.get(row.entryId))
      : settledRefund(row, policies, settleUnsettledSale);
    if (isRefusal(outcome))
      exceptions.push({ leg: REFUND, entryId: row.entryId, code: outcome.refused, details: outcome.details });
    else lines.push(outcome);
  }
  return { lines, exceptions };
}

function settledRefund(
  row: RefundRow,
  policies: Pick<PolicyBook, 'byId'>,
  settleUnsettledSale: ((row: RefundRow) => SettledLine | Refusal) | undefined,
): SettledLine | Refusal {
  const { sale, original } = row;
  if (sale === undefined) return { refused: 'ORIGINAL_MISSING', details: { refundId: row.refundId } };
  const settled = original
    ? { policyId: original.policyId, figures: figuresOf(sale, original) }
    : settleUnsettledSale?.(row);
  if (settled === undefined || isRefusal(settled)) {
    return {
      refused: 'ORIGINAL_PARKED',
      details: { orderId: sale.orderId, lineId: sale.lineId, settledOn: row.originalOn },
    };
  }
  const stored = policies.byId(settled.policyId);
  if (stored === undefined)
    throw new Error(`the line of sale ${sale.entryId} names policy ${settled.policyId}, which is not stored`);
  const figures = settleRefund(
    { ...settled.figures, quantity: sale.quantity },
    stored.policy,
    row.priorQuantity,
    row.quantity,
  );
  if (isRefusal(figures)) return figures;
  return {
    ...toLine(sale, stored, figures),
    leg: REFUND,
    entryId: row.entryId,
    refundId: row.refundId,
    quantity: row.quantity,
    entryRest: row.rest,
  };
}

/** What a run would make of a refund's sale if it is of the run's own date and not settled yet. */
export const settleSaleOf =
  (date: string, policies: PolicyBook, refused: Refused) =>
  ({ originalOn, sale }: RefundRow): SettledLine | Refusal => {
    if (originalOn !== date || sale === undefined) return { refused: 'ORIGINAL_PARKED', details: {} };
    return refused.has(sale.entryId) ? lineRefused(refused.get(sale.entryId)) : settledSale(sale, policies);
  };

const lineRefused = (reason: string | undefined): Refusal => ({ refused: 'LINE_REFUSED', details: { reason } });

const toLine = (row: SaleRow, { policyId, policy }: StoredPolicy, figures: Figures): SettledLine => ({
  leg: SALE,
  entryId: row.entryId,
  orderId: row.orderId,
  lineId: row.lineId,
  refundId: '',
  sellerId: row.sellerId,
  currency: row.currency,
  quantity: row.quantity,
  figures,
  policyId,
  policyCode: policy.code,
  policyVersion: policy.version,
  vatMode: policy.vat.mode,
  entryRest: row.rest,
});
