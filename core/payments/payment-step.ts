/** The common part of every step of a payment: its row, the entry in its history, and the dependencies of the use cases. */
import type { Config } from '../../infra/config.js';
import type { Tx } from '../../infra/database.js';
import type { PaymentProvider } from './providers/provider.js';
import { afterPaymentStep, type PaymentCause, type PaymentStatus, type PaymentStep } from './rules/payment-state.js';
import { movePayment, type PaymentChange, type PaymentRecord, readPayment } from './stores/payment.js';
import { insertPaymentEvent } from './stores/payment-event.js';

/** The providers that are configured, by name. */
export type PaymentProviders = ReadonlyMap<string, PaymentProvider>;

export interface PaymentContext {
  readonly config: Pick<Config, 'paymentHoldMinutes' | 'paymentAlarmMinutes'>;
  readonly providers: PaymentProviders;
}

/**
 * The transactions of a use case that asks a provider. Between two of them none is open, so no connection is held while the provider works.
 * The last one makes the answer from the state at that time.
 */
export interface Steps<Last, Answer> {
  readonly step: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>;
  readonly last: (work: (tx: Tx) => Promise<Last>) => Promise<Answer>;
}

/** Who causes a step. */
export interface PaymentActor {
  readonly cause: PaymentCause;
  /** `account 7`, or the name of a duty. */
  readonly requestedBy: string;
  /** Of the call, for the events that it causes; a duty has none. */
  readonly requestId?: string;
}

/** For this long the process that asks a provider has the payment for itself (ms): two calls, each of 30 s and 10 s in a queue, fit in it. */
export const ASKING_MS = 90_000;

/** What the provider causes by its answer. */
export const byProvider = ({ provider }: PaymentRecord, requestId?: string): PaymentActor => ({
  cause: 'provider',
  requestedBy: provider,
  ...(requestId === undefined ? {} : { requestId }),
});

/** What follows by itself. */
export const bySystem: PaymentActor = { cause: 'system', requestedBy: 'payment' };

/** Takes a step of a payment whose checkout is locked, and records it. Throws where the rules do not allow it. */
export async function takePaymentStep(
  tx: Tx,
  payment: Pick<PaymentRecord, 'paymentId' | 'status'>,
  step: PaymentStep,
  { cause, requestedBy }: PaymentActor,
  moved: PaymentChange,
  reason = '',
): Promise<PaymentStatus> {
  const { paymentId, status } = payment;
  const to = afterPaymentStep(status, step, cause);
  if (to === undefined) throw new Error(`${step} by ${cause} was decided on for a payment that is ${status}`);
  if (!(await movePayment(tx, payment, to, moved))) throw new Error(`payment ${paymentId} is not ${status}`);
  await insertPaymentEvent(tx, paymentId, {
    step,
    fromStatus: status,
    toStatus: to,
    causedBy: cause,
    requestedBy,
    reason,
  });
  return to;
}

/** Reads a payment that must exist. */
export async function knownPayment(tx: Tx, paymentId: number): Promise<PaymentRecord> {
  const payment = await readPayment(tx, paymentId);
  if (payment === undefined) throw new Error(`there is no payment ${paymentId}`);
  return payment;
}
