/** Orders as their buyers, their sellers and staff see them. */
import * as z from 'zod';
import { type OrderParties, readOrderParties } from '../../core/orders/stores/order.js';
import { readOrderEvents } from '../../core/orders/stores/order-event.js';
import { readOrderPage } from '../../core/orders/stores/order-line.js';
import { listOrders } from '../../core/orders/stores/order-list.js';
import { listOrderRefunds } from '../../core/orders/stores/order-refund.js';
import type { Db } from '../../infra/database.js';
import { type Caller, type Owner, owns } from '../../kernel/access.js';
import { MagamError } from '../../kernel/errors.js';
import { found } from '../../kernel/outcome.js';
import type { ApiContext } from '../context.js';
import { paged, pageOf, pageQuery } from '../edge/cursor.js';
import { externalId, id, idText } from '../edge/fields.js';
import { ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import {
  orderPageBody,
  orderParams,
  orderRefundSchema,
  orderSchema,
  orderSummaryBody,
  orderSummarySchema,
  refundBody,
  statusQuery,
} from './order-fields.js';

/** The owners of an order: its buyer and its seller. */
function ownerOf({ buyerId, sellerId }: Pick<OrderParties, 'buyerId' | 'sellerId'>): Owner {
  return { accountId: buyerId, sellerId };
}

type OrderAsked = { readonly params: { readonly orderId: number } };

const partiesOf = async (db: Db, { params: { orderId } }: OrderAsked): Promise<OrderParties> =>
  found(await readOrderParties(db, orderId), 'ORDER_NOT_FOUND', { orderId });

/** The same, for a route that does not read the order first. */
const ownerOfOrder =
  (db: Db) =>
  async (asked: OrderAsked): Promise<Owner> =>
    ownerOf(await partiesOf(db, asked));

/**
 * The owner of an order for a step: a seller's account acts only for the orders of its business, even if it bought something from another seller while it was a buyer's account.
 */
export const ownerForStep =
  (db: Db) =>
  async (asked: OrderAsked & { readonly signedIn: Pick<Caller, 'role'> }): Promise<Owner> => {
    const { buyerId, sellerId } = await partiesOf(db, asked);
    return asked.signedIn.role === 'seller' ? { sellerId } : { accountId: buyerId };
  };

export const showOrder = ({ db, config }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/orders/{orderId}',
    operationId: 'readOrder',
    tag: 'Orders',
    summary: 'Show an order',
    permission: 'order.read',
    params: orderParams,
    answer: { status: 200, description: 'The order with its lines, receiver and history.', schema: orderSchema },
    refusals: ['ORDER_NOT_FOUND'],
    // The page, which is read anyway, names the owner.
    handle: async ({ params: { orderId }, own }) => {
      const page = found(await readOrderPage(db, orderId), 'ORDER_NOT_FOUND', { orderId });
      if (own !== null && !owns(own, ownerOf(page))) throw new MagamError('FORBIDDEN');
      return ok(orderPageBody(page, await readOrderEvents(db, orderId), config.encryptionKeys), page.version);
    },
  });

const querySchema = z.strictObject({
  ...pageQuery,
  status: statusQuery,
  buyerId: idText.optional().meta({ description: 'For staff.', type: 'integer', minimum: 1 }),
  sellerId: externalId.optional().meta({ description: 'For staff.' }),
});

/** The limit for callers who may only see what is their own: a seller's account sees the orders of its business, a buyer its own. */
const confinedTo = ({ role, sellerId, accountId }: Caller) =>
  role === 'seller' ? { sellerId: sellerId ?? '', buyerId: undefined } : { buyerId: accountId, sellerId: undefined };

export const listOrdersRoute = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/orders',
    operationId: 'listOrders',
    tag: 'Orders',
    summary: 'List orders',
    description: 'Buyers see their own, sellers those of their business, staff all. Newest first.',
    permission: 'order.read',
    query: querySchema,
    answer: { status: 200, description: 'A page of orders.', schema: pageOf(orderSummarySchema) },
    refusals: ['CURSOR_INVALID'],
    owner: ({ query: { buyerId, sellerId } }) =>
      buyerId === undefined && sellerId === undefined ? undefined : ownerAsked(buyerId, sellerId),
    handle: async ({ query: { status, buyerId, sellerId, ...asked }, own }) => {
      const filter = { status, ...(own === null ? { buyerId, sellerId } : confinedTo(own)) };
      return paged(asked, {
        name: 'orders',
        key: z.tuple([id]),
        read: (before, limit) => listOrders(db, { ...filter, before: before?.[0] }, limit),
        keyOf: ({ orderId }) => [orderId],
        itemOf: orderSummaryBody,
      });
    },
  });

const ownerAsked = (accountId: number | undefined, sellerId: string | undefined): Owner => ({
  ...(accountId === undefined ? {} : { accountId }),
  ...(sellerId === undefined ? {} : { sellerId }),
});

export const listRefundsRoute = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/orders/{orderId}/refunds',
    operationId: 'listRefunds',
    tag: 'Orders',
    summary: 'List what was cancelled or returned of an order',
    permission: 'order.read',
    params: orderParams,
    query: z.strictObject(pageQuery),
    answer: { status: 200, description: 'A page of refunds, newest first.', schema: pageOf(orderRefundSchema) },
    refusals: ['CURSOR_INVALID', 'ORDER_NOT_FOUND'],
    owner: ownerOfOrder(db),
    handle: ({ params: { orderId }, query }) =>
      paged(query, {
        name: 'order-refunds',
        key: z.tuple([id]),
        read: (before, limit) => listOrderRefunds(db, orderId, before?.[0], limit),
        keyOf: ({ refundId }) => [refundId],
        itemOf: refundBody,
      }),
  });
