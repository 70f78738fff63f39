/** The history of payments. */
import { change, type Db, isoTime, select, type Tx } from '../../../infra/database.js';
import type { PaymentCause, PaymentStatus, PaymentStep } from '../rules/payment-state.js';

export interface PaymentEvent {
  readonly step: PaymentStep;
  readonly fromStatus: PaymentStatus | null;
  readonly toStatus: PaymentStatus;
  readonly causedBy: PaymentCause;
  /** `account 7`, the name of a duty or of a provider. */
  readonly requestedBy: string;
  readonly reason: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
}

export async function insertPaymentEvent(
  tx: Tx,
  paymentId: number,
  event: Omit<PaymentEvent, 'createdAt'>,
): Promise<void> {
  await change(
    tx,
    `INSERT INTO payment_event (payment_id, step, from_status, to_status, caused_by, requested_by, reason, created_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, UTC_TIMESTAMP(3))`,
    [
      paymentId,
      event.step,
      event.fromStatus,
      event.toStatus,
      event.causedBy,
      event.requestedBy,
      [...event.reason].slice(0, 255).join(''),
    ],
  );
}

/** The newest 200 events of a payment, the oldest first. */
export async function readPaymentEvents(db: Db, paymentId: number): Promise<PaymentEvent[]> {
  const rows = await select<PaymentEvent>(
    db,
    `SELECT step, from_status AS fromStatus, to_status AS toStatus, caused_by AS causedBy, requested_by AS requestedBy, reason,
       created_at AS createdAt FROM payment_event FORCE INDEX (payment_event_payment) WHERE payment_id = ? ORDER BY event_id DESC LIMIT 200`,
    [paymentId],
    { createdAt: isoTime },
  );
  return rows.reverse();
}
