/**
 * The rivals of the payment bench: the product's own routes, with everything before their handlers (access, limits, validation, idempotency
 * keys, log), and other handlers, as they are written first. `held`: one transaction, from the lock of the payment to its commit, over the provider's call. `inside`:
 * the provider is called without a transaction, as in the product, and what follows from the payment (the cart, the counts of sales, the mail; for a
 * cancellation the provider's part of it) is done before the buyer is answered instead of after it.
 */
import type { ApiContext } from '../api/context.js';
import { ok } from '../api/edge/reply.js';
import type { Call, Route } from '../api/edge/route.js';
import { checkOut } from '../api/orders/checkouts.js';
import { cancelOrderRoute } from '../api/orders/order-steps.js';
import { readPaymentBody } from '../api/payments/payment-fields.js';
import { confirmPaymentRoute } from '../api/payments/settle-routes.js';
import { readAccount } from '../core/accounts/stores/account.js';
import { addSales } from '../core/catalogue/stores/sales-count.js';
import { cancelOrder } from '../core/orders/cancel-order.js';
import { clearBought } from '../core/orders/clear-bought.js';
import type { ReturnMoney } from '../core/orders/money-back.js';
import { payCheckout } from '../core/orders/pay-checkout.js';
import { endPending } from '../core/orders/stores/checkout.js';
import { lockOrdersOf, movePendingOrders } from '../core/orders/stores/order.js';
import { insertOrderEvents } from '../core/orders/stores/order-event.js';
import { readOrderLines } from '../core/orders/stores/order-line.js';
import { askToCancel, askToCharge } from '../core/payments/ask-provider.js';
import { byProvider, knownPayment, type PaymentActor, takePaymentStep } from '../core/payments/payment-step.js';
import type { ProviderPayment } from '../core/payments/providers/provider.js';
import { lockPayment } from '../core/payments/settle-payment.js';
import { movePayment, type PaymentRecord, readLivePayment } from '../core/payments/stores/payment.js';
import { commitReservation } from '../core/stock/end-reservation.js';
import type { Tx } from '../infra/database.js';
import { openMail } from '../infra/mail.js';
import { nameOf } from '../kernel/access.js';
import { decided } from '../kernel/outcome.js';

interface Confirmation {
  readonly approval: { readonly paymentKey: string };
}

const paramsOf = (call: Call<unknown, unknown, unknown>) => call.params as { readonly paymentId: number };
const buyerOf = ({ signedIn, requestId }: Call<unknown, unknown, unknown>): PaymentActor => ({
  cause: 'buyer',
  requestedBy: nameOf(signedIn),
  requestId,
});
const approvedBy = (call: Call<unknown, unknown, unknown>) => (call.body as Confirmation).approval.paymentKey;

/** The provider must have charged, because this bench measures only that case of the rivals. */
async function charge({ providers }: ApiContext, payment: PaymentRecord): Promise<ProviderPayment> {
  const outcome = await askToCharge(providers, payment);
  if (outcome.outcome !== 'done') throw new Error(`not charged: ${outcome.failure.code} ${outcome.failure.message}`);
  const { reference, amountMinor, currency } = outcome.value;
  if (reference !== payment.reference || amountMinor !== payment.amountMinor || currency !== payment.currency)
    throw new Error(`payment ${payment.paymentId}: something else was charged`);
  return outcome.value;
}

const begin = (tx: Tx, payment: PaymentRecord, providerKey: string, by: PaymentActor) =>
  takePaymentStep(tx, payment, 'CONFIRM', by, { live: true, marked: true, providerKey, looks: 0 });

const succeed = (tx: Tx, payment: PaymentRecord, { amountMinor, currency, method, providerKey }: ProviderPayment) =>
  takePaymentStep(tx, { ...payment, status: 'IN_PROGRESS' }, 'SUCCEED', byProvider(payment), {
    charged: { amountMinor, currency, method },
    providerKey,
    look: null,
    failure: null,
  });

/** One transaction from the lock to the commit; the provider is called in the middle of it. */
const confirmHeld = (context: ApiContext): Route => ({
  ...confirmPaymentRoute(context),
  handle: (call) =>
    call.transact(async (tx) => {
      const { payment } = await lockPayment(tx, paramsOf(call).paymentId);
      const providerKey = approvedBy(call);
      await begin(tx, payment, providerKey, buyerOf(call));
      const charged = await charge(context, { ...payment, providerKey });
      const { checkoutId, paymentId, provider } = payment;
      const by = { cause: 'system' as const, requestedBy: provider, requestId: call.requestId };
      decided(await payCheckout(tx, checkoutId, by, paymentId));
      await succeed(tx, payment, charged);
      return ok(await readPaymentBody(tx, await knownPayment(tx, paymentId)));
    }),
});

/** Pays the checkout as `payCheckout` does, but updates the cart and the counts of sales directly instead of by an event. */
async function payAndFollow(tx: Tx, { checkoutId, provider }: PaymentRecord): Promise<void> {
  const orders = await lockOrdersOf(tx, checkoutId);
  await endPending(tx, checkoutId, 'PAID');
  await movePendingOrders(tx, checkoutId, 'PAID');
  await insertOrderEvents(
    tx,
    orders.map(({ orderId, status: fromStatus }) => ({
      orderId,
      step: 'PAY' as const,
      fromStatus,
      toStatus: 'PAID' as const,
      causedBy: 'system' as const,
      requestedBy: provider,
      reason: '',
    })),
  );
  const lines = await readOrderLines(
    tx,
    orders.map(({ orderId }) => orderId),
  );
  decided(await commitReservation(tx, { holderId: checkoutId, requestedBy: provider }));
  await clearBought(tx, { checkoutId, unitIds: lines.map(({ unitId }) => unitId) });
  const sales = lines.map(({ productId, quantity }) => ({ productId, quantity }));
  await addSales(tx, sales);
}

/** Cart and counts of sales in the transaction of the payment, the mail after it, and then the answer. */
function confirmInside(context: ApiContext): Route {
  const { db, config } = context;
  if (config.mail === null) throw new Error('the bench names a mail server');
  const mail = openMail(config.mail.url, config.mail.from);
  return {
    ...confirmPaymentRoute(context),
    handle: async (call) => {
      const { paymentId } = paramsOf(call);
      const providerKey = approvedBy(call);
      const payment = await call.step(async (tx) => {
        const locked = (await lockPayment(tx, paymentId)).payment;
        await begin(tx, locked, providerKey, buyerOf(call));
        return { ...locked, providerKey };
      });
      const charged = await charge(context, payment);
      return call.transact(async (tx) => {
        const { payment: locked } = await lockPayment(tx, paymentId);
        await payAndFollow(tx, locked);
        await succeed(tx, locked, charged);
        call.afterCommit(async () => {
          const to = (await readAccount(db, payment.buyerId))?.email ?? '';
          const text = `We received your payment of ${payment.amountMinor} ${payment.currency}.`;
          await mail.send({
            to,
            subject: '결제가 완료되었습니다 (payment received)',
            text,
            id: `payment-${paymentId}`,
          });
        });
        return ok(await readPaymentBody(tx, await knownPayment(tx, paymentId)));
      });
    },
  };
}

/** The provider gives the money back while the order's transaction is open. */
const returnInside =
  ({ providers }: ApiContext): ReturnMoney =>
  async (tx, { checkoutId, refundId, amountMinor, reason }) => {
    const payment = await readLivePayment(tx, checkoutId);
    if (payment === undefined) throw new Error('the order was paid');
    const remainingMinor = payment.amountMinor - payment.cancelledMinor;
    const ask = { amountMinor, remainingMinor, reason, idempotencyKey: `refund-${refundId}` };
    const outcome = await askToCancel(providers, payment, ask);
    if (outcome.outcome !== 'done') throw new Error(`not given back: ${outcome.failure.code}`);
    const cancelled = { cancelledMinor: amountMinor };
    const step = amountMinor === remainingMinor ? 'CANCEL' : 'CANCEL_PART';
    await takePaymentStep(tx, payment, step, byProvider(payment), cancelled);
    if (step === 'CANCEL') await movePayment(tx, { ...payment, status: 'CANCELLED' }, 'CANCELLED', { live: false });
    return 'at-once';
  };

const cancelInside = (context: ApiContext): Route => ({
  ...cancelOrderRoute(context),
  handle: (call) =>
    call.transact(async (tx) => {
      const { orderId } = call.params as { orderId: number };
      const { reason } = call.body as { reason: string };
      const by = { cause: 'buyer' as const, requestedBy: nameOf(call.signedIn), requestId: call.requestId };
      const requireVersion = call.requireVersion;
      decided(
        await cancelOrder(tx, orderId, by, { parts: null, reason, returnMoney: returnInside(context), requireVersion }),
      );
      return ok({ orderId });
    }),
});

export const heldRoutes = (context: ApiContext): Route[] => [checkOut(context), confirmHeld(context)];
export const insideRoutes = (context: ApiContext): Route[] => [confirmInside(context), cancelInside(context)];
