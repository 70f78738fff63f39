/** The steps of an order that people take. */
import * as z from 'zod';
import { shareShopDates, withShopDates } from '../../core/feed/shop-entries.js';
import { cancelOrder } from '../../core/orders/cancel-order.js';
import { confirmOrder } from '../../core/orders/confirm-order.js';
import { type Actor, advanceOrder } from '../../core/orders/order-step.js';
import { returnOrder } from '../../core/orders/return-order.js';
import { causeOf } from '../../core/orders/rules/order-state.js';
import { readOrderEvents } from '../../core/orders/stores/order-event.js';
import { readOrderPage } from '../../core/orders/stores/order-line.js';
import { returnByPayment } from '../../core/payments/return-money.js';
import { evictChanged } from '../../core/stock/evict-pages.js';
import type { Tx } from '../../infra/database.js';
import { nameOf, type Permission } from '../../kernel/access.js';
import { type ErrorCode, MagamError, type Refusal } from '../../kernel/errors.js';
import { decided, found } from '../../kernel/outcome.js';
import type { ApiContext } from '../context.js';
import { text } from '../edge/fields.js';
import { ok } from '../edge/reply.js';
import { type Call, type Route, route } from '../edge/route.js';
import { orderParams, partsSchema, steppedOrderBody, steppedOrderSchema } from './order-fields.js';
import { ownerForStep } from './read-orders.js';

type OrderCall<Body> = Call<{ readonly orderId: number }, unknown, Body>;

const actorOf = ({ signedIn, requestId }: OrderCall<unknown>): Actor => ({
  cause: causeOf(signedIn.role),
  requestedBy: nameOf(signedIn),
  requestId,
});

/** Takes a step in the call's transaction, records it, and answers with the order after it. */
const takeStep = <Body>(
  call: OrderCall<Body>,
  { cache }: ApiContext,
  action: string,
  work: (tx: Tx, by: Actor) => Promise<unknown | Refusal>,
) =>
  call.transact(async (tx) => {
    const { orderId } = call.params;
    decided(await work(tx, actorOf(call)));
    await evictChanged(tx, cache, call.afterCommit);
    const page = found(await readOrderPage(tx, orderId), 'ORDER_NOT_FOUND', { orderId });
    const order = steppedOrderBody(page, await readOrderEvents(tx, orderId));
    // Steps that the system takes afterwards, such as giving the money back, are not recorded as the caller's.
    const step = order.history.findLast(({ causedBy }) => causedBy !== 'system');
    const after = { status: order.status, goneMinor: order.goneMinor };
    await call.audit(tx, action, ['order', orderId], { before: { status: step?.fromStatus }, after });
    return ok(order, page.version);
  });

const shared = (context: ApiContext, permission: Permission) => ({
  method: 'post' as const,
  tag: 'Orders',
  permission,
  params: orderParams,
  answer: {
    status: 200 as const,
    etag: true,
    description: 'The order after the step, without its receiver.',
    schema: steppedOrderSchema,
  },
  idempotent: true,
  versioned: true,
  owner: ownerForStep(context.db),
});

const STEP_REFUSALS: readonly ErrorCode[] = ['ORDER_NOT_FOUND', 'ORDER_STATE_CONFLICT'];

export const prepareOrder = (context: ApiContext): Route =>
  route({
    ...shared(context, 'order.advance'),
    path: '/v1/orders/{orderId}/preparation',
    operationId: 'prepareOrder',
    summary: 'Begin to prepare a paid order',
    refusals: STEP_REFUSALS,
    handle: (call) =>
      takeStep(call, context, 'order.prepare', (tx, by) => advanceOrder(tx, call.params.orderId, 'PREPARE', by, call)),
  });

export const shipOrder = (context: ApiContext): Route =>
  route({
    ...shared(context, 'order.advance'),
    path: '/v1/orders/{orderId}/shipment',
    operationId: 'shipOrder',
    summary: 'Ship an order',
    body: z
      .strictObject({
        carrier: text(64).meta({ example: 'CJ대한통운' }),
        trackingNumber: z
          .string()
          .regex(/^[A-Za-z0-9-]{1,64}$/, 'must be 1 to 64 letters, digits and hyphens')
          .meta({ example: '640012345678' }),
      })
      .meta({ id: 'Shipment' }),
    example: { carrier: 'CJ대한통운', trackingNumber: '640012345678' },
    refusals: STEP_REFUSALS,
    handle: (call) =>
      takeStep(call, context, 'order.ship', (tx, by) =>
        advanceOrder(tx, call.params.orderId, 'SHIP', by, call, call.body),
      ),
  });

export const deliverOrder = (context: ApiContext): Route =>
  route({
    ...shared(context, 'order.advance'),
    path: '/v1/orders/{orderId}/delivery',
    operationId: 'deliverOrder',
    summary: 'Say that an order was delivered',
    refusals: STEP_REFUSALS,
    handle: (call) =>
      takeStep(call, context, 'order.deliver', (tx, by) => advanceOrder(tx, call.params.orderId, 'DELIVER', by, call)),
  });

export const confirmOrderRoute = (context: ApiContext): Route =>
  route({
    ...shared(context, 'order.confirm'),
    path: '/v1/orders/{orderId}/confirmation',
    operationId: 'confirmOrder',
    summary: 'Confirm a delivered order',
    description:
      'The units that are left become sales in the settlement feed. If nobody confirms the order, it is confirmed automatically some days after its delivery.',
    refusals: [...STEP_REFUSALS, 'SHOP_DATES_PASSED'],
    handle: (call) =>
      withShopDates(context.db, context.config, (dates) =>
        takeStep(call, context, 'order.confirm', async (tx, by) =>
          confirmOrder(tx, await shareShopDates(tx, dates), call.params.orderId, by, call),
        ),
      ),
  });

const namesVersion = ({
  lines,
  version,
}: {
  readonly lines?: unknown;
  readonly version?: number | undefined;
}): boolean => lines === undefined || version !== undefined;
const withoutVersion = { message: 'is required with lines', path: ['version'] };

/** The parts that the body names, and the version that the caller has seen. */
const partsOf = <Body extends z.output<z.ZodObject<typeof partsSchema>>>(call: OrderCall<Body>) => ({
  parts: call.body.lines ?? null,
  reason: call.body.reason,
  returnMoney: returnByPayment,
  requireVersion: (version: number) => {
    call.requireVersion(version);
    if (call.body.version !== undefined && call.body.version !== version) throw new MagamError('VERSION_CONFLICT');
  },
});

export const cancelOrderRoute = (context: ApiContext): Route =>
  route({
    ...shared(context, 'order.cancel'),
    path: '/v1/orders/{orderId}/cancellations',
    operationId: 'cancelOrder',
    summary: 'Cancel an order or a part of it',
    description:
      'Possible before the order is shipped. The amount paid is refunded to the buyer, and the units return to stock.',
    body: z.strictObject(partsSchema).refine(namesVersion, withoutVersion).meta({ id: 'Cancellation' }),
    example: { reason: '단순 변심' },
    refusals: [
      ...STEP_REFUSALS,
      'CHECKOUT_EXPIRED',
      'ORDER_LINE_NOT_FOUND',
      'PAYMENT_IN_PROGRESS',
      'QUANTITY_EXCEEDS_ORDER',
      'VERSION_CONFLICT',
    ],
    handle: (call) =>
      takeStep(call, context, 'order.cancel', (tx, by) => cancelOrder(tx, call.params.orderId, by, partsOf(call))),
  });

export const returnOrderRoute = (context: ApiContext): Route =>
  route({
    ...shared(context, 'order.return'),
    path: '/v1/orders/{orderId}/returns',
    operationId: 'returnOrder',
    summary: 'Take back a confirmed order or a part of it',
    description: 'Entered by the seller who has the goods back. Each line becomes a refund of the settlement feed.',
    body: z
      .strictObject({
        ...partsSchema,
        restock: z.boolean().default(true).meta({ description: 'Whether the units can be sold again.' }),
      })
      .refine(namesVersion, withoutVersion)
      .meta({ id: 'OrderReturn' }),
    example: { reason: '단순 변심', restock: true },
    refusals: [
      ...STEP_REFUSALS,
      'ORDER_LINE_NOT_FOUND',
      'QUANTITY_EXCEEDS_ORDER',
      'SHOP_DATES_PASSED',
      'VERSION_CONFLICT',
    ],
    handle: (call) =>
      withShopDates(context.db, context.config, (dates) =>
        takeStep(call, context, 'order.return', async (tx, by) => {
          const on = await shareShopDates(tx, dates);
          return returnOrder(tx, on, call.params.orderId, by, { ...partsOf(call), restock: call.body.restock });
        }),
      ),
  });
