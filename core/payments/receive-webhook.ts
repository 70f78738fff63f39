/**
 * A webhook is a hint that a payment has changed. It is recorded by the provider's id of the event, so that each counts once, and the payment is looked up
 * soon after. Its content is never trusted, so nothing depends on the order in which webhooks come, or on who has sent them.
 */
import type { Tx } from '../../infra/database.js';
import { sha256 } from '../../infra/sha256.js';
import { recordEvents } from '../outbox/record-events.js';
import type { ProviderEvent } from './providers/provider.js';
import { isAsked, isUncharged } from './rules/payment-state.js';
import { lockPayment } from './settle-payment.js';
import { findPaymentId, movePayment } from './stores/payment.js';
import { insertWebhook } from './stores/payment-webhook.js';

/** Takes a webhook whose signature was checked. @returns the payment that is looked up because of it, if any */
export async function receiveWebhook(
  tx: Tx,
  provider: string,
  { eventId, reference, providerKey, type, cancels }: ProviderEvent,
  requestId: string,
): Promise<number | undefined> {
  const paymentId = await findPaymentId(tx, provider, { reference, providerKey });
  if (paymentId === undefined) return undefined; // nothing of it is kept, because anybody can send many of these
  if (!(await insertWebhook(tx, { provider, eventKey: sha256(eventId), type, paymentId }))) return undefined;
  const { payment } = await lockPayment(tx, paymentId);
  const uncharged = isUncharged(payment.status);
  if (!uncharged && !cancels) return undefined; // its outcome is known
  // A process that charges it at this moment will know. A look-up that is under way may have come too early, so its result does not count.
  if (uncharged && !(payment.beingAsked && isAsked(payment.status)))
    await movePayment(tx, payment, payment.status, { asker: null, look: 0 });
  await recordEvents(tx, [{ type: 'payment.inquiry-wanted', payload: { paymentId }, requestId }]);
  return paymentId;
}
