/** Money that goes back to the buyer of an order: how it is given back, and what follows when it is back. */
import type { Tx } from '../../infra/database.js';
import { type Actor, takeStep } from './order-step.js';
import { lockOrder, lowerReturning } from './stores/order.js';
import { endMoneyPending } from './stores/order-refund.js';

/** The amount to give back. */
export interface MoneyBack {
  readonly checkoutId: number;
  readonly orderId: number;
  readonly refundId: number;
  readonly amountMinor: number;
  readonly reason: string;
  readonly by: Actor;
}

/**
 * Gives money back, in the transaction that takes the units out of the order; the checkout is locked. The callers of orders pass this function in, because
 * orders know nothing of payments. `later`: it was recorded, and `moneyReturned` follows when the money is back.
 */
export type ReturnMoney = (tx: Tx, back: MoneyBack) => Promise<'at-once' | 'later'>;

/** Records that the money of a refund is back; with the last of it a cancellation has ended. The checkout is locked. */
export async function moneyReturned(
  tx: Tx,
  { orderId, refundId, amountMinor }: Pick<MoneyBack, 'orderId' | 'refundId' | 'amountMinor'>,
): Promise<void> {
  const order = await lockOrder(tx, orderId);
  if (order === undefined) throw new Error(`there is no order ${orderId} whose money came back`);
  await endMoneyPending(tx, refundId);
  await lowerReturning(tx, orderId, amountMinor);
  if (order.status === 'CANCELLING' && order.returningMinor === amountMinor) await endCancellation(tx, orderId);
}

/** Ends the cancellation of an order whose money is all back. */
export async function endCancellation(tx: Tx, orderId: number): Promise<void> {
  const system = { cause: 'system', requestedBy: 'payment' } as const;
  await takeStep(tx, { orderId, status: 'CANCELLING' }, 'MONEY_RETURNED', system, {});
}
