/** Payments as their buyers and staff see them. */
import * as z from 'zod';
import { listPayments, readPayment } from '../../core/payments/stores/payment.js';
import type { Db } from '../../infra/database.js';
import type { Owner } from '../../kernel/access.js';
import { found } from '../../kernel/outcome.js';
import type { ApiContext } from '../context.js';
import { paged, pageOf, pageQuery } from '../edge/cursor.js';
import { id, idText } from '../edge/fields.js';
import { ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import {
  paymentParams,
  paymentSchema,
  paymentSummaryBody,
  paymentSummarySchema,
  readPaymentBody,
  statusQuery,
} from './payment-fields.js';

/** The owner of a payment. */
export const buyerOf =
  (db: Db) =>
  async ({ params: { paymentId } }: { readonly params: { readonly paymentId: number } }): Promise<Owner> => ({
    accountId: found(await readPayment(db, paymentId), 'PAYMENT_NOT_FOUND', { paymentId }).buyerId,
  });

export const showPayment = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/payments/{paymentId}',
    operationId: 'readPayment',
    tag: 'Payments',
    summary: 'Show a payment',
    permission: 'payment.read',
    params: paymentParams,
    answer: {
      status: 200,
      description: 'The payment with its refunds and its history.',
      schema: paymentSchema,
    },
    refusals: ['PAYMENT_NOT_FOUND'],
    owner: buyerOf(db),
    handle: async ({ params: { paymentId } }) => {
      const payment = found(await readPayment(db, paymentId), 'PAYMENT_NOT_FOUND', { paymentId });
      return ok(await readPaymentBody(db, payment));
    },
  });

export const listPaymentsRoute = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/payments',
    operationId: 'listPayments',
    tag: 'Payments',
    summary: 'List payments',
    description: 'Buyers see their own, staff all. Newest first.',
    permission: 'payment.read',
    query: z.strictObject({
      ...pageQuery,
      status: statusQuery,
      checkoutId: idText
        .optional()
        .meta({ description: 'Only payments of this checkout.', type: 'integer', minimum: 1 }),
      buyerId: idText.optional().meta({ description: 'For staff.', type: 'integer', minimum: 1 }),
    }),
    answer: { status: 200, description: 'A page of payments.', schema: pageOf(paymentSummarySchema) },
    refusals: ['CURSOR_INVALID'],
    owner: ({ query: { buyerId } }) => (buyerId === undefined ? undefined : { accountId: buyerId }),
    handle: async ({ query: { status, checkoutId, buyerId, ...asked }, own }) =>
      paged(asked, {
        name: 'payments',
        key: z.tuple([id]),
        read: (before, limit) =>
          listPayments(db, { status, checkoutId, buyerId: own?.accountId ?? buyerId, before: before?.[0] }, limit),
        keyOf: ({ paymentId }) => [paymentId],
        itemOf: paymentSummaryBody,
      }),
  });
