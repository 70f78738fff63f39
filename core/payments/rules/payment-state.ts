/** The life of a payment: every state, every step from one to another, and who may cause it. */

/**
 * READY: the buyer is on the way to the provider. IN_PROGRESS: the provider is being asked to charge. UNKNOWN: nobody knows whether it did. CANCELLED:
 * nothing of the charge is kept; it is back, or on its way back where it was not accepted.
 */
export const PAYMENT_STATUSES = [
  'READY',
  'IN_PROGRESS',
  'DONE',
  'DECLINED',
  'CANCELLED',
  'PARTLY_CANCELLED',
  'EXPIRED',
  'UNKNOWN',
] as const;
export type PaymentStatus = (typeof PAYMENT_STATUSES)[number];

/** Who causes a step: the provider by its answer, or the system by its own decision. */
export const PAYMENT_CAUSES = ['buyer', 'operator', 'system', 'provider'] as const;
export type PaymentCause = (typeof PAYMENT_CAUSES)[number];

/**
 * CONFIRM asks the provider to charge. LOSE: its answer did not come. WITHDRAW: it has certainly charged nothing. REFUSE: it has charged what does not fit, which goes
 * back. TELL: operators are told that the outcome has been unknown for long. CANCEL_PART and CANCEL: money is back. NOTICE: money is back that was not asked for
 * here.
 */
export const PAYMENT_STEPS = [
  'OPEN',
  'CONFIRM',
  'LOSE',
  'WITHDRAW',
  'SUCCEED',
  'REFUSE',
  'DECLINE',
  'EXPIRE',
  'TELL',
  'CANCEL_PART',
  'CANCEL',
  'NOTICE',
] as const;
export type PaymentStep = (typeof PAYMENT_STEPS)[number];

interface Transition {
  /** Null: the payment begins. */
  readonly from: readonly (PaymentStatus | null)[];
  /** Null: the state does not change. */
  readonly to: PaymentStatus | null;
  readonly by: readonly PaymentCause[];
}

/** A charge that is seen late counts, whatever the payment had become without it. */
const UNCHARGED = ['READY', 'IN_PROGRESS', 'UNKNOWN', 'DECLINED', 'EXPIRED'] as const;
const OPEN = ['READY', 'IN_PROGRESS', 'UNKNOWN'] as const;
const ASKED = ['IN_PROGRESS', 'UNKNOWN'] as const;

/** Every transition. A payment of nothing begins as a success. */
const TRANSITIONS: Readonly<Record<PaymentStep, Transition>> = {
  OPEN: { from: [null], to: 'READY', by: ['buyer'] },
  CONFIRM: { from: OPEN, to: 'IN_PROGRESS', by: ['buyer', 'operator', 'system'] },
  LOSE: { from: ['IN_PROGRESS'], to: 'UNKNOWN', by: ['system'] },
  WITHDRAW: { from: ['IN_PROGRESS'], to: 'READY', by: ['system'] },
  SUCCEED: { from: [null, ...UNCHARGED], to: 'DONE', by: ['system', 'provider'] },
  REFUSE: { from: UNCHARGED, to: 'CANCELLED', by: ['system'] },
  DECLINE: { from: OPEN, to: 'DECLINED', by: ['system', 'provider'] },
  EXPIRE: { from: OPEN, to: 'EXPIRED', by: ['system', 'provider'] },
  TELL: { from: ['IN_PROGRESS', 'UNKNOWN', 'DONE', 'PARTLY_CANCELLED', 'CANCELLED'], to: null, by: ['system'] },
  CANCEL_PART: { from: ['DONE', 'PARTLY_CANCELLED'], to: 'PARTLY_CANCELLED', by: ['provider'] },
  CANCEL: { from: ['DONE', 'PARTLY_CANCELLED', 'CANCELLED'], to: 'CANCELLED', by: ['provider'] },
  NOTICE: { from: ['DONE', 'PARTLY_CANCELLED', 'CANCELLED'], to: null, by: ['provider'] },
};

/** The state after a step; undefined: the state does not allow it, or it is not for this one to cause. */
export function afterPaymentStep(
  status: PaymentStatus | null,
  step: PaymentStep,
  cause: PaymentCause,
): PaymentStatus | undefined {
  const { from, to, by } = TRANSITIONS[step];
  if (!from.includes(status) || !by.includes(cause)) return undefined;
  return to ?? status ?? undefined;
}

/** Whether nothing has been charged as far as is known. */
export const isUncharged = (status: PaymentStatus): boolean => (UNCHARGED as readonly string[]).includes(status);

/** Whether the provider was asked to charge and the outcome is open. */
export const isAsked = (status: PaymentStatus): boolean => (ASKED as readonly string[]).includes(status);
