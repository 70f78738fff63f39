/**
 * What can happen that something else follows from: each event with its payload. A payload says what a consumer needs to know and could not read any more when it
 * comes to it; the rest it reads. Amounts in minor units. A new event is an entry of the list.
 */
import * as z from 'zod';

const id = z.int().positive();
const amountMinor = z.int();
const units = z.array(z.object({ unitId: id, productId: id, quantity: z.int().positive() }));

const event = <const Type extends string, Payload extends z.ZodObject>(type: Type, payload: Payload) =>
  z.object({ type: z.literal(type), payload });

const eventSchema = z.discriminatedUnion('type', [
  /** A checkout was paid. `paymentId` is null where it was marked as paid by hand. `units` are those that were left of its orders. */
  event(
    'payment.succeeded',
    z.object({ paymentId: id.nullable(), checkoutId: id, buyerId: id, currency: z.string(), amountMinor, units }),
  ),
  /** A provider has declined. */
  event(
    'payment.failed',
    z.object({
      paymentId: id,
      checkoutId: id,
      buyerId: id,
      provider: z.string(),
      code: z.string(),
      message: z.string(),
    }),
  ),
  /** Money is back with the buyer. */
  event(
    'payment.cancelled',
    z.object({ paymentId: id, cancelId: id, checkoutId: id, buyerId: id, currency: z.string(), amountMinor }),
  ),
  /** A cancellation waits for its provider. */
  event('payment.cancel-wanted', z.object({ cancelId: id })),
  /** A provider has something to tell of a payment. */
  event('payment.inquiry-wanted', z.object({ paymentId: id })),
  /** For so many minutes nobody has known what became of a payment. */
  event('payment.unclear', z.object({ paymentId: id, minutes: z.int() })),
  /** A provider has given back, in all, so much that was not asked for here. */
  event('payment.cancelled-elsewhere', z.object({ paymentId: id, currency: z.string(), amountMinor })),
  event('order.confirmed', z.object({ orderId: id, sellerId: z.string(), buyerId: id })),
  /** Units of a paid order were cancelled or returned. */
  event(
    'order.refunded',
    z.object({
      orderId: id,
      refundId: id,
      buyerId: id,
      sellerId: z.string(),
      currency: z.string(),
      amountMinor,
      units,
    }),
  ),
  /** A checkout was not paid in time. */
  event('order.expired', z.object({ checkoutId: id, buyerId: id, orderIds: z.array(id) })),
  /** Somebody wants to prove the address of the account. */
  event('account.proof-wanted', z.object({ accountId: id })),
  /** Somebody wants a new password for the account of this address, where there is one. */
  event('account.reset-wanted', z.object({ email: z.string() })),
  event('account.invited', z.object({ invitationId: id })),
  event(
    'account.security-changed',
    z.object({
      accountId: id,
      change: z.enum(['SECOND_FACTOR_ON', 'SECOND_FACTOR_OFF', 'RECOVERY_CODES', 'PASSWORD_RESET']),
    }),
  ),
  /** An admin has given the account a password for one sign-in, and the API keys of the account were revoked. */
  event('account.one-time-password-given', z.object({ accountId: id, givenBy: id, apiKeysRevoked: z.int() })),
  event('seller.bank-account-proposed', z.object({ sellerId: z.string(), bankAccountId: id })),
  event('seller.bank-account-approved', z.object({ sellerId: z.string(), bankAccountId: id })),
  /** An alarm that opens, and later ends. */
  event('alarm.opened', z.object({ alarmId: id })),
  event('alarm.resolved', z.object({ alarmId: id })),
  /** A webhook endpoint was disabled because nothing could be delivered to it for too long. */
  event(
    'webhook.disabled',
    z.object({ endpointId: id, sellerId: z.string().nullable(), host: z.string(), error: z.string() }),
  ),
  /** A consumer has given an event up. */
  event('outbox.given-up', z.object({ consumer: z.string(), eventId: id, type: z.string(), error: z.string() })),
]);

export type AnyEvent = z.output<typeof eventSchema>;
export type EventType = AnyEvent['type'];
export type EventOf<Type extends EventType> = Extract<AnyEvent, { readonly type: Type }>;

/** An event as it is stored: fields that its payload does not define are left out. Throws if the value is not an event. */
export function readEvent(type: string, payload: unknown): AnyEvent {
  const read = eventSchema.safeParse({ type, payload });
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new Error(`the event ${type} cannot be read: ${issue?.path.join('.')} ${issue?.message}`);
}
