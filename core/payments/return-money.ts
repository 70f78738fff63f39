/** Money of an order goes back through the provider that it came from. It is recorded here, in the order's own transaction, and carried out after it. */
import type { ReturnMoney } from '../orders/money-back.js';
import { recordEvents } from '../outbox/record-events.js';
import { movePayment, NO_PROVIDER, readLivePayment } from './stores/payment.js';
import { insertPaymentCancel } from './stores/payment-cancel.js';

/** Gives money back. Where no provider was paid (the order was marked as paid by hand, or nothing was due), it is back at once. */
export const returnByPayment: ReturnMoney = async (tx, { checkoutId, orderId, refundId, amountMinor, reason, by }) => {
  const payment = amountMinor === 0 ? undefined : await readLivePayment(tx, checkoutId);
  if (payment === undefined || payment.provider === NO_PROVIDER) return 'at-once';
  const { paymentId, status } = payment;
  const { requestedBy, requestId = '' } = by;
  const cancelId = await insertPaymentCancel(tx, { paymentId, orderId, refundId, amountMinor, reason, requestedBy });
  if (!(await movePayment(tx, payment, status, { cancellingMinor: amountMinor })))
    throw new Error(`payment ${paymentId} is not ${status}`);
  await recordEvents(tx, [{ type: 'payment.cancel-wanted', payload: { cancelId }, requestId }]);
  return 'later';
};
