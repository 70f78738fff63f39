/**
 * Applies a provider's answer to a payment. This is the only place that does so, whoever asked: a buyer, a duty, a consumer or staff. A charge is a
 * fact and counts whenever it is seen; every other answer counts only for the latest asker.
 */
import { type Tx, withRetries } from '../../infra/database.js';
import { isPoolBusy } from '../../infra/database-errors.js';
import { MagamError } from '../../kernel/errors.js';
import { decided } from '../../kernel/outcome.js';
import { endHoldForPayment } from '../orders/hold-checkout.js';
import { payCheckout } from '../orders/pay-checkout.js';
import { type CheckoutRecord, lockCheckout } from '../orders/stores/checkout.js';
import { readOrdersOf } from '../orders/stores/order.js';
import { recordEvents } from '../outbox/record-events.js';
import {
  byProvider,
  bySystem,
  knownPayment,
  type PaymentActor,
  type PaymentContext,
  takePaymentStep,
} from './payment-step.js';
import type { ProviderFailure, ProviderOutcome, ProviderPayment } from './providers/provider.js';
import { pauseAfter, pauseBeforeLateLook } from './rules/back-off.js';
import { judgeCharge, type Misfit } from './rules/judge-charge.js';
import { isAsked, isUncharged } from './rules/payment-state.js';
import { findPaymentId, freeLivePlace, movePayment, type PaymentRecord } from './stores/payment.js';
import { insertPaymentCancel } from './stores/payment-cancel.js';

/** The question and its outcome. */
export interface Finding {
  readonly asked: 'charge' | 'look-up';
  readonly outcome: ProviderOutcome<ProviderPayment | null>;
  /** The asker: random, as stored in the payment. */
  readonly asker: string;
  /** The provider may have been asked to charge before this. */
  readonly again: boolean;
  /** A charge must not be accepted, because the units of the checkout have just been released. */
  readonly late?: boolean;
  readonly requestId?: string;
}

export interface Settled {
  readonly payment: PaymentRecord;
  /** Nothing was charged so far, and the checkout can still be paid: the provider may be asked to charge again. */
  readonly open: boolean;
}

/** The data of a transaction, all of it read under the lock of the checkout. */
interface Case {
  readonly tx: Tx;
  readonly context: PaymentContext;
  readonly checkout: CheckoutRecord;
  readonly payment: PaymentRecord;
  readonly finding: Finding;
}

/**
 * Settles a payment by a finding. Throws CHECKOUT_EXPIRED when the units of the checkout were released at this very moment: the caller then rolls back the
 * transaction and settles the finding as a late one (`settling` does so).
 */
export async function settlePayment(
  tx: Tx,
  context: PaymentContext,
  asked: Pick<PaymentRecord, 'paymentId' | 'checkoutId'>,
  finding: Finding,
): Promise<Settled> {
  const { checkout, payment } = await lockRead(tx, asked);
  const one: Case = { tx, context, checkout, payment, finding };
  const open = await applyOutcome(one);
  return { payment: await knownPayment(tx, asked.paymentId), open };
}

/** A provider's answer is recorded even in a rush that leaves no connection free: it waits this long for one, beside the pool's own wait (ms). */
const PATIENCE_MS = 15_000;

/**
 * Runs the transaction that settles a finding. Where the units of the checkout are released at that very moment, it runs another one, which does not accept the
 * charge.
 */
export async function settling<Answer>(make: (late: boolean) => Promise<Answer>): Promise<Answer> {
  const settled = (late: boolean) => withRetries(() => make(late), { passes: isPoolBusy, withinMs: PATIENCE_MS });
  try {
    return await settled(false);
  } catch (error) {
    if (!(error instanceof MagamError && error.code === 'CHECKOUT_EXPIRED')) throw error;
    return settled(true);
  }
}

interface LockedPayment {
  readonly checkout: CheckoutRecord;
  readonly payment: PaymentRecord;
}

/** A payment, with its checkout locked. */
export const lockPayment = async (tx: Tx, paymentId: number): Promise<LockedPayment> =>
  lockRead(tx, await knownPayment(tx, paymentId));

/** A payment that was read before, as it is now, with its checkout locked. */
export async function lockRead(
  tx: Tx,
  { paymentId, checkoutId }: Pick<PaymentRecord, 'paymentId' | 'checkoutId'>,
): Promise<LockedPayment> {
  const checkout = await lockCheckout(tx, checkoutId);
  if (checkout === undefined) throw new Error(`payment ${paymentId} is for no checkout`);
  return { checkout, payment: await knownPayment(tx, paymentId) };
}

/** @returns whether the provider may be asked to charge (again) */
async function applyOutcome(one: Case): Promise<boolean> {
  const { payment, finding } = one;
  const { outcome } = finding;
  const found = outcome.outcome === 'done' ? outcome.value : null;
  if (found !== null && found.reference === payment.reference && hasCharged(found)) {
    if (isUncharged(payment.status)) await settleCharge(one, found);
    return false;
  }
  if (payment.askedBy !== finding.asker || !isUncharged(payment.status)) return false; // somebody else has asked since
  if (outcome.outcome === 'done') return settleUncharged(one, found);
  if (outcome.outcome === 'declined' && finding.asked === 'charge') await decline(one, outcome.failure);
  else if (outcome.outcome === 'away' && finding.asked === 'charge' && !finding.again)
    await withdraw(one, null, 'the provider was not reached');
  else await lookAgain(one, outcome.failure);
  return false;
}

const hasCharged = ({ status }: ProviderPayment): boolean =>
  status === 'CHARGED' || status === 'PARTLY_CANCELLED' || status === 'CANCELLED';

/** The provider has charged: the checkout is paid, or the charge goes back. */
async function settleCharge(one: Case, found: ProviderPayment): Promise<void> {
  const { tx, checkout, payment, finding } = one;
  const misfit = await misfitOf(one, found);
  if (misfit !== undefined) return refuseCharge(one, found, misfit);
  if (!payment.live) await freeLivePlace(tx, checkout.checkoutId); // the first charge counts
  const by = { cause: 'system' as const, requestedBy: payment.provider, requestId: finding.requestId ?? '' };
  decided(await payCheckout(tx, checkout.checkoutId, by, payment.paymentId));
  await takePaymentStep(tx, payment, 'SUCCEED', byProvider(payment), { ...chargeOf(found), live: true, failure: null });
}

const chargeOf = (found: ProviderPayment) => ({
  charged: { amountMinor: found.amountMinor, currency: found.currency, method: found.method },
  providerKey: found.providerKey,
  asker: null,
  look: null,
  looks: 0,
  unclearTold: false,
});

/** Why a charge is not accepted; undefined: it is accepted. */
async function misfitOf({ tx, checkout, payment, finding }: Case, found: ProviderPayment): Promise<Misfit | undefined> {
  const { status, expired, checkoutId } = checkout;
  const orders = (await readOrdersOf(tx, checkoutId)).filter((order) => order.status === 'PENDING_PAYMENT');
  const due = orders.reduce((sum, { amountMinor, goneMinor }) => sum + amountMinor - goneMinor, 0);
  const misfit = judgeCharge(payment, found, orders.length === 0 ? undefined : due);
  if (misfit !== undefined) return misfit;
  if (status === 'PAID') return 'CHECKOUT_PAID';
  if (status === 'CANCELLED') return 'CHECKOUT_CANCELLED';
  return status === 'EXPIRED' || expired || finding.late === true ? 'CHECKOUT_EXPIRED' : undefined;
}

/** Does not accept the charge. All of it that is not already back goes back. */
async function refuseCharge(one: Case, found: ProviderPayment, misfit: Misfit): Promise<void> {
  const { tx, payment, finding } = one;
  const { paymentId } = payment;
  const rest = found.amountMinor - found.cancelledMinor;
  const failure = { code: misfit, message: `${found.amountMinor} ${found.currency} was charged and goes back` };
  await takePaymentStep(
    tx,
    payment,
    'REFUSE',
    bySystem,
    { ...chargeOf(found), live: false, failure, cancelledMinor: found.cancelledMinor, cancellingMinor: rest },
    misfit,
  );
  await endHold(one);
  if (rest === 0) return;
  const whole = { orderId: null, refundId: null, amountMinor: rest, reason: misfit, requestedBy: bySystem.requestedBy };
  const cancelId = await insertPaymentCancel(tx, { paymentId, ...whole });
  await recordEvents(tx, [
    { type: 'payment.cancel-wanted', payload: { cancelId }, requestId: finding.requestId ?? '' },
  ]);
}

/** Restores the checkout's own time to pay, unless another payment of it is under way. */
async function endHold({ tx, checkout, payment }: Case): Promise<void> {
  if (payment.live) await endHoldForPayment(tx, checkout.checkoutId);
}

/** Late look-ups find a charge that comes after the end, even where its webhook was lost or the provider sends none. */
const ENDED = { live: false, asker: null, look: pauseBeforeLateLook(0), looks: 0 } as const;

/** The provider was looked up and has charged nothing. */
async function settleUncharged(one: Case, found: ProviderPayment | null): Promise<boolean> {
  const { tx, checkout, payment, finding } = one;
  if (!isAsked(payment.status) && payment.status !== 'READY') {
    const looks = payment.looks + 1;
    const late = { asker: null, look: pauseBeforeLateLook(looks), looks } as const;
    await movePayment(tx, payment, payment.status, late); // it stays declined or expired
    return false;
  }
  if (found !== null && found.reference !== payment.reference) {
    await settleForeign(one, found);
    return false;
  }
  const status = found?.status ?? 'OPEN';
  if (status === 'DECLINED') await decline(one, found?.failure ?? NO_REASON);
  else if (status === 'EXPIRED') await expire(one, byProvider(payment), 'the provider says so');
  else if (finding.asked === 'charge') await withdraw(one, NOT_APPROVED, NOT_APPROVED.message);
  else if (checkout.status !== 'PENDING_PAYMENT' || checkout.expired)
    await expire(one, bySystem, 'the checkout cannot be paid any more');
  else if (payment.status === 'READY')
    await movePayment(tx, payment, 'READY', { asker: null, look: checkout.expiresAt, looks: 0 });
  else return true;
  return false;
}

/** The reason stored in a payment that was confirmed before the buyer had approved it. */
export const NOT_APPROVED: ProviderFailure = {
  code: 'NOT_APPROVED',
  message: 'the buyer has not approved the payment at the provider',
};

const NO_REASON: ProviderFailure = { code: 'DECLINED', message: 'declined' };

/**
 * The provider's answer is about another payment, so it must not be accepted or given back here. If it is another payment of this platform, that one is looked
 * up.
 */
async function settleForeign(one: Case, { reference }: ProviderPayment): Promise<void> {
  const { tx, payment, finding } = one;
  await decline(one, { code: 'REFERENCE_MISMATCH', message: 'the approval belongs to another payment' });
  const otherId = await findPaymentId(tx, payment.provider, { reference, providerKey: null });
  if (otherId === undefined) return;
  const event = { type: 'payment.inquiry-wanted' as const, payload: { paymentId: otherId } };
  await recordEvents(tx, [{ ...event, requestId: finding.requestId ?? '' }]);
}

async function decline(one: Case, failure: ProviderFailure): Promise<void> {
  const { tx, payment, finding } = one;
  const { paymentId, checkoutId, buyerId, provider } = payment;
  if (payment.status === 'DECLINED' || payment.status === 'EXPIRED') return;
  await takePaymentStep(tx, payment, 'DECLINE', byProvider(payment), { ...ENDED, failure }, failure.code);
  await endHold(one);
  const payload = { paymentId, checkoutId, buyerId, provider, ...failure };
  await recordEvents(tx, [{ type: 'payment.failed', payload, requestId: finding.requestId ?? '' }]);
}

async function expire(one: Case, by: PaymentActor, reason: string): Promise<void> {
  await takePaymentStep(one.tx, one.payment, 'EXPIRE', by, ENDED, reason);
  await endHold(one);
}

/** Certainly nothing was charged, and the buyer can still approve, so the payment goes back to its state before the question. */
async function withdraw(one: Case, failure: ProviderFailure | null, reason: string): Promise<void> {
  const { tx, payment } = one;
  const unmarked = { live: false, asker: null, marked: false, looks: 0, failure } as const;
  await takePaymentStep(tx, payment, 'WITHDRAW', bySystem, unmarked, reason);
  await endHold(one);
  const { checkout, payment: ready } = await lockPayment(tx, payment.paymentId);
  await movePayment(tx, ready, 'READY', { look: checkout.expiresAt });
}

/** The outcome is unknown: it is looked up again at growing intervals, and operators are informed once. */
async function lookAgain(one: Case, failure: ProviderFailure): Promise<void> {
  const { tx, payment, context, finding } = one;
  const looks = payment.looks + 1;
  const waiting = { asker: null, looks, look: pauseAfter(looks) } as const;
  if (payment.status === 'IN_PROGRESS')
    await takePaymentStep(
      tx,
      payment,
      'LOSE',
      bySystem,
      { ...waiting, failure },
      `${failure.code}: ${failure.message}`,
    );
  else await movePayment(tx, payment, payment.status, isAsked(payment.status) ? { ...waiting, failure } : waiting);
  const minutes = Math.floor((payment.secondsSinceMarked ?? 0) / 60);
  if (!isAsked(payment.status) || payment.unclearTold || minutes < context.config.paymentAlarmMinutes) return;
  await tellUnclear(tx, payment.paymentId, minutes, finding.requestId);
}

/** Informs operators, once. */
export async function tellUnclear(tx: Tx, paymentId: number, minutes: number, requestId = ''): Promise<void> {
  const payment = await knownPayment(tx, paymentId);
  await takePaymentStep(tx, payment, 'TELL', bySystem, { unclearTold: true }, `unclear for ${minutes} min`);
  await recordEvents(tx, [{ type: 'payment.unclear', payload: { paymentId, minutes }, requestId }]);
}
