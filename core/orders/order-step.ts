/** The common part of every step of an order: who takes it, the order's row and the entry in its history. */
import type { Tx } from '../../infra/database.js';
import { isRefusal, type Refusal, refuse } from '../../kernel/errors.js';
import { afterStep, type Cause, type OrderStatus, type OrderStep } from './rules/order-state.js';
import { lockOrder, moveOrder, type OrderRecord, type StepChange } from './stores/order.js';
import { insertOrderEvents } from './stores/order-event.js';

/** Who takes a step. */
export interface Actor {
  readonly cause: Cause;
  /** `account 7`, or the name of a duty. */
  readonly requestedBy: string;
  /** Of the call, for the events that it causes; a duty has none. */
  readonly requestId?: string;
}

export interface StepOptions {
  readonly reason?: string;
  /** Throws when the version of the locked order is not the one that the caller saw. */
  readonly requireVersion?: (version: number) => void;
}

/** The order, locked, when this step may be taken. Refuses with ORDER_NOT_FOUND, ORDER_STATE_CONFLICT or FORBIDDEN. */
export async function lockForStep(
  tx: Tx,
  orderId: number,
  step: OrderStep,
  { cause }: Actor,
  { requireVersion }: StepOptions,
): Promise<OrderRecord | Refusal> {
  const order = await lockOrder(tx, orderId);
  if (order === undefined) return refuse('ORDER_NOT_FOUND', { orderId });
  requireVersion?.(order.version);
  const to = afterStep(order.status, step, cause);
  return isRefusal(to) ? to : order;
}

/** Takes a step of a locked order and records it. @returns the state after it; throws where the rules do not allow the step */
export async function takeStep(
  tx: Tx,
  order: Pick<OrderRecord, 'orderId' | 'status'>,
  step: OrderStep,
  { cause, requestedBy }: Actor,
  { reason = '' }: StepOptions,
  moved: StepChange = {},
): Promise<OrderStatus> {
  const { orderId, status } = order;
  const to = afterStep(status, step, cause);
  if (isRefusal(to)) throw new Error(`${step} was decided on for an order that is ${status}`);
  if (!(await moveOrder(tx, order, to, moved))) throw new Error(`the locked order ${orderId} is not ${status}`);
  await insertOrderEvents(tx, [
    { orderId, step, fromStatus: status, toStatus: to, causedBy: cause, requestedBy, reason },
  ]);
  return to;
}

/**
 * Prepares, ships or delivers an order. Refuses with ORDER_NOT_FOUND, ORDER_STATE_CONFLICT or FORBIDDEN.
 * @param parcel of a shipment
 */
export async function advanceOrder(
  tx: Tx,
  orderId: number,
  step: 'PREPARE' | 'SHIP' | 'DELIVER',
  by: Actor,
  options: StepOptions = {},
  parcel: Pick<StepChange, 'carrier' | 'trackingNumber'> = {},
): Promise<Refusal | undefined> {
  const order = await lockForStep(tx, orderId, step, by, options);
  if (isRefusal(order)) return order;
  await takeStep(tx, order, step, by, options, { ...parcel, delivered: step === 'DELIVER' });
  return undefined;
}
