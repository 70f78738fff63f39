/** The history of orders. */
import { change, type Db, isoTime, select, type Tx } from '../../../infra/database.js';
import type { Cause, OrderStatus, OrderStep } from '../rules/order-state.js';

export interface NewOrderEvent {
  readonly orderId: number;
  readonly step: OrderStep;
  readonly fromStatus: OrderStatus | null;
  readonly toStatus: OrderStatus;
  readonly causedBy: Cause;
  /** `account 7`, or the name of a duty. */
  readonly requestedBy: string;
  readonly reason: string;
}

export interface OrderEvent extends Omit<NewOrderEvent, 'orderId'> {
  /** ISO 8601, UTC. */
  readonly createdAt: string;
}

export async function insertOrderEvents(tx: Tx, events: readonly NewOrderEvent[]): Promise<void> {
  if (events.length === 0) return;
  await change(
    tx,
    `INSERT INTO order_event (order_id, step, from_status, to_status, caused_by, requested_by, reason, created_at)
     VALUES ${events.map(() => '(?, ?, ?, ?, ?, ?, ?, UTC_TIMESTAMP(3))').join(', ')}`,
    events.flatMap((event) => [
      event.orderId,
      event.step,
      event.fromStatus,
      event.toStatus,
      event.causedBy,
      event.requestedBy,
      event.reason,
    ]),
  );
}

/** The newest 200 events of an order, the oldest first. */
export async function readOrderEvents(db: Db, orderId: number): Promise<OrderEvent[]> {
  const rows = await select<OrderEvent>(
    db,
    `SELECT step, from_status AS fromStatus, to_status AS toStatus, caused_by AS causedBy, requested_by AS requestedBy, reason,
       created_at AS createdAt FROM order_event WHERE order_id = ? ORDER BY event_id DESC LIMIT 200`,
    [orderId],
    { createdAt: isoTime },
  );
  return rows.reverse();
}
