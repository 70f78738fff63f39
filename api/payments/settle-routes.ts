/** Calls that find out the outcome of a payment: the buyer confirms it, and staff have it looked up. */
import * as z from 'zod';
import { confirmPayment } from '../../core/payments/confirm-payment.js';
import { inquirePayment } from '../../core/payments/inquire-payment.js';
import type { Approval } from '../../core/payments/providers/provider.js';
import { NOT_APPROVED } from '../../core/payments/settle-payment.js';
import { type PaymentRecord, readPayment } from '../../core/payments/stores/payment.js';
import type { Db, Tx } from '../../infra/database.js';
import { nameOf } from '../../kernel/access.js';
import { MagamError, type Refusal, refuse } from '../../kernel/errors.js';
import { found } from '../../kernel/outcome.js';
import type { ApiContext } from '../context.js';
import { invalidRequest } from '../edge/problem.js';
import { accepted, ok, type Reply } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import { paymentParams, paymentSchema, readPaymentBody } from './payment-fields.js';
import { buyerOf } from './read-payments.js';

/** The answer to a confirmation of a payment in this state. */
async function answerOf(tx: Tx, payment: PaymentRecord): Promise<Reply<z.input<typeof paymentSchema>> | Refusal> {
  const { paymentId, status, provider, failureCode: code, failureMessage: message } = payment;
  if (status === 'DECLINED') return refuse('PAYMENT_DECLINED', { paymentId, code, message });
  if (status === 'EXPIRED') return refuse('PAYMENT_EXPIRED', { paymentId });
  if (status === 'READY' && code === NOT_APPROVED.code) return refuse('PAYMENT_NOT_APPROVED', { paymentId });
  if (status === 'READY') return refuse('PROVIDER_UNAVAILABLE', { provider });
  if (status === 'CANCELLED' && code !== null) return refuse('PAYMENT_NOT_ACCEPTED', { paymentId, reason: code });
  const body = await readPaymentBody(tx, payment);
  return status === 'IN_PROGRESS' || status === 'UNKNOWN' ? accepted(`/v1/payments/${paymentId}`, body) : ok(body);
}

/** Reads the parameters with which the buyer came back. Throws PROVIDER_NOT_CONFIGURED and REQUEST_INVALID. */
async function readApproval({ db, providers }: ApiContext, paymentId: number, given: unknown): Promise<Approval> {
  const payment = found(await readPayment(db, paymentId), 'PAYMENT_NOT_FOUND', { paymentId });
  if (payment.status !== 'READY') return { providerKey: null, token: null }; // it was approved before
  const provider = providers.get(payment.provider);
  if (provider === undefined)
    throw new MagamError('PROVIDER_NOT_CONFIGURED', undefined, { provider: payment.provider });
  const approval = provider.readApproval(given);
  for (const value of [approval.providerKey, approval.token])
    if (value !== null && !/^[\x21-\x7e]{1,200}$/.test(value))
      throw invalidRequest([{ in: 'body', pointer: '#/approval', message: 'does not belong to this provider' }]);
  return approval;
}

export const confirmPaymentRoute = (context: ApiContext): Route =>
  route({
    method: 'post',
    path: '/v1/payments/{paymentId}/confirmation',
    operationId: 'confirmPayment',
    tag: 'Payments',
    summary: 'Confirm a payment that the buyer has approved',
    description:
      'Lets the provider charge it. However often it is confirmed, even at the same moment or a week later, it is charged once, and the answer is the outcome. 202: ' +
      'it is not known yet whether it was charged; the server finds out, and the payment at `Location` then shows it.',
    permission: 'payment.make',
    params: paymentParams,
    body: z
      .strictObject({
        approval: z.looseObject({}).meta({
          description:
            'The parameters that the provider added to the success address, unchanged: for Toss `paymentKey`, `orderId` and `amount`, for KakaoPay `pg_token`, for PortOne `paymentId`.',
        }),
      })
      .meta({ id: 'PaymentConfirmation' }),
    example: { approval: { paymentKey: 'what the provider sent' } },
    answer: { status: 200, description: 'The payment, which was charged.', schema: paymentSchema },
    otherAnswer: { status: 202, description: 'The payment, whose outcome is not known yet.', schema: paymentSchema },
    refusals: [
      'CHECKOUT_EXPIRED',
      'CHECKOUT_STATE_CONFLICT',
      'PAYMENT_AMOUNT_CHANGED',
      'PAYMENT_DECLINED',
      'PAYMENT_EXPIRED',
      'PAYMENT_IN_PROGRESS',
      'PAYMENT_NOT_ACCEPTED',
      'PAYMENT_NOT_APPROVED',
      'PAYMENT_NOT_FOUND',
      'PROVIDER_NOT_CONFIGURED',
      'PROVIDER_UNAVAILABLE',
    ],
    idempotent: true,
    owner: buyerOf(context.db),
    handle: async (call) => {
      const { paymentId } = call.params;
      const approval = await readApproval(context, paymentId, call.body.approval);
      const by = { cause: 'buyer' as const, requestedBy: nameOf(call.signedIn), requestId: call.requestId };
      return confirmPayment(
        context,
        { step: call.step, last: (work) => call.transact(async (tx) => answerOf(tx, await work(tx))) },
        { paymentId, approval, by },
      );
    },
  });

const statusOf = async (db: Db, paymentId: number): Promise<string> =>
  found(await readPayment(db, paymentId), 'PAYMENT_NOT_FOUND', { paymentId }).status;

export const inquirePaymentRoute = (context: ApiContext): Route =>
  route({
    method: 'post',
    path: '/v1/payments/{paymentId}/inquiry',
    operationId: 'inquirePayment',
    tag: 'Payments',
    summary: 'Look up the outcome of a payment at the provider',
    description:
      'A duty does the same automatically for a payment whose charge is not known. If the provider should have charged it and has not, it is charged now, as long as its checkout ' +
      'can be paid. For a charged payment the refunded amounts are compared: `cancelledElsewhereMinor`.',
    permission: 'payment.inquire',
    params: paymentParams,
    answer: { status: 200, description: 'The payment after the look-up.', schema: paymentSchema },
    refusals: ['PAYMENT_NOT_FOUND'],
    idempotent: true,
    handle: async (call) => {
      const { paymentId } = call.params;
      const before = { status: await statusOf(context.db, paymentId) };
      return inquirePayment(
        context,
        {
          step: call.step,
          last: (work) =>
            call.transact(async (tx) => {
              const payment = await work(tx);
              const after = { status: payment.status };
              await call.audit(tx, 'payment.inquire', ['payment', paymentId], { before, after });
              return ok(await readPaymentBody(tx, payment));
            }),
        },
        { paymentId, requestId: call.requestId },
      );
    },
  });
