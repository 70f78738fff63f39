/** Asks the provider and settles its answer, for every kind of asker. The payment was marked with the asker before. */
import type { Tx } from '../../infra/database.js';
import { faultPoint } from '../../infra/faults.js';
import { askToCharge, lookUp } from './ask-provider.js';
import { ASKING_MS, bySystem, knownPayment, type PaymentContext, type Steps, takePaymentStep } from './payment-step.js';
import { isAsked } from './rules/payment-state.js';
import { type Finding, type Settled, settlePayment, settling } from './settle-payment.js';
import type { PaymentRecord } from './stores/payment.js';

/** A payment that somebody asks about. */
export interface Asking {
  readonly payment: PaymentRecord;
  /** Random; stored in the payment. */
  readonly asker: string;
  readonly requestId?: string;
}

type PaymentSteps<Answer> = Steps<PaymentRecord, Answer>;

/** Has the provider charge, and settles it. @param again it may have been asked before */
export async function chargeAndSettle<Answer>(
  context: PaymentContext,
  { last }: PaymentSteps<Answer>,
  { payment, ...asking }: Asking,
  again: boolean,
): Promise<Answer> {
  const outcome = await askToCharge(context.providers, payment);
  await faultPoint('payment.charged');
  return settleLast(context, last, payment, { ...asking, asked: 'charge', outcome, again });
}

/** Looks up the payment and settles it. Where a requested charge was not made and the checkout can still be paid, it is charged then. */
export async function lookUpAndSettle<Answer>(
  context: PaymentContext,
  steps: PaymentSteps<Answer>,
  { payment, ...asking }: Asking,
): Promise<Answer> {
  const outcome = await lookUp(context.providers, payment);
  await faultPoint('payment.looked-up');
  const finding: Finding = { ...asking, asked: 'look-up', outcome, again: true };
  const uncharged = outcome.outcome === 'done' && (outcome.value === null || outcome.value.status === 'OPEN');
  if (!uncharged || !isAsked(payment.status)) return settleLast(context, steps.last, payment, finding);
  const settled = await steps.step((tx) => settleOpen(tx, context, payment, finding));
  if (!settled.open) return steps.last((tx) => knownPayment(tx, payment.paymentId));
  return chargeAndSettle(context, steps, { ...asking, payment: settled.payment }, true);
}

/** Marks the payment again where the provider may be asked to charge. */
async function settleOpen(tx: Tx, context: PaymentContext, asked: PaymentRecord, finding: Finding): Promise<Settled> {
  const settled = await settlePayment(tx, context, asked, finding);
  if (!settled.open) return settled;
  const marked = { asker: { name: finding.asker, ms: ASKING_MS }, look: ASKING_MS };
  await takePaymentStep(tx, settled.payment, 'CONFIRM', bySystem, marked, 'nothing was charged so far');
  return { open: true, payment: await knownPayment(tx, asked.paymentId) };
}

const settleLast = <Answer>(
  context: PaymentContext,
  last: PaymentSteps<Answer>['last'],
  asked: PaymentRecord,
  finding: Finding,
): Promise<Answer> =>
  settling((late) => last(async (tx) => (await settlePayment(tx, context, asked, { ...finding, late })).payment));
