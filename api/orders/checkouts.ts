/** Checkouts: a buyer orders what is in the cart, or units directly, from one seller or several, and pays one amount. */
import * as z from 'zod';
import { payCheckout } from '../../core/orders/pay-checkout.js';
import { type Placed, placeOrders, unitsOf } from '../../core/orders/place-orders.js';
import { type CheckoutAsk, checkoutPreparer, type Placement } from '../../core/orders/prepare-checkout.js';
import { causeOf } from '../../core/orders/rules/order-state.js';
import { LINES_MAX } from '../../core/orders/rules/price-basket.js';
import {
  CHECKOUT_STATUSES,
  type CheckoutRecord,
  readCheckout,
  readCheckoutBuyer,
} from '../../core/orders/stores/checkout.js';
import { type OrderRecord, readOrdersOf } from '../../core/orders/stores/order.js';
import { DropGate } from '../../core/stock/drop-gate.js';
import { evictChanged } from '../../core/stock/evict-pages.js';
import { StockGate } from '../../core/stock/gate.js';
import { type LockAsk, StockLocks } from '../../core/stock/redlock.js';
import type { Reserve } from '../../core/stock/reserve.js';
import type { Db } from '../../infra/database.js';
import { GroupCommit } from '../../infra/group-commit.js';
import { nameOf } from '../../kernel/access.js';
import { MagamError } from '../../kernel/errors.js';
import { decided, found } from '../../kernel/outcome.js';
import type { ApiContext } from '../context.js';
import { amountMinor, currency, externalId, id, moment, promotionCode } from '../edge/fields.js';
import { created, ok } from '../edge/reply.js';
import { type Call, type Route, route } from '../edge/route.js';
import { amountFields, amountsBody, checkoutParams, once, quantity, receiverSchema } from './order-fields.js';

const bodySchema = z
  .strictObject({
    items: z
      .array(z.strictObject({ unitId: id, quantity }))
      .min(1)
      .max(LINES_MAX)
      .refine((items) => once(items.map(({ unitId }) => unitId)), 'must name each unit once')
      .optional()
      .meta({ description: 'The units that are bought directly; without it, those in the cart.' }),
    unitIds: z
      .array(id)
      .min(1)
      .max(LINES_MAX)
      .refine(once, 'must name each unit once')
      .optional()
      .meta({ description: 'The units of the cart that are bought; without it, all of them.' }),
    promotionCode: promotionCode.optional(),
    expectedAmountMinor: amountMinor
      .min(0)
      .optional()
      .meta({ description: 'The amount to pay that the buyer saw: another one is refused (PRICE_CHANGED).' }),
    receiver: receiverSchema,
  })
  .refine(({ items, unitIds }) => items === undefined || unitIds === undefined, {
    message: 'must not be sent together with items',
    path: ['unitIds'],
  })
  .meta({ id: 'NewCheckout' });

const placedSchema = z
  .object({
    checkoutId: id,
    reference: z.string().meta({ description: 'Random; names the checkout to a payment provider.' }),
    currency,
    ...amountFields,
    promotionId: id.nullable().meta({ description: 'The promotion that took off platformDiscountMinor.' }),
    payWithinSeconds: z.number().int().meta({ description: 'Until this moment it holds its units.' }),
    orders: z.array(z.object({ orderId: id, sellerId: externalId, ...amountFields })),
  })
  .meta({ id: 'PlacedCheckout' });

const checkoutSchema = z
  .object({
    checkoutId: id,
    reference: z.string(),
    status: z.enum(CHECKOUT_STATUSES),
    currency,
    amountMinor: amountMinor.meta({ description: 'What was ordered.' }),
    dueMinor: amountMinor.meta({
      description: 'The amount that has to be paid, or was paid; cancellations before the payment lower it.',
    }),
    promotionId: id.nullable(),
    createdAt: moment,
    expiresAt: moment,
    paidAt: moment.nullable(),
    orders: z.array(z.object({ orderId: id, sellerId: externalId, status: z.string(), ...amountFields })),
  })
  .meta({ id: 'Checkout' });

const placedBody = ({ checkoutId, placement, orders }: Placed): z.input<typeof placedSchema> => ({
  checkoutId,
  reference: placement.reference,
  currency: placement.basket.currency,
  ...amountsBody(placement.basket),
  promotionId: placement.basket.promotionId,
  payWithinSeconds: placement.expiresInMs / 1_000,
  orders: orders.map(({ orderId, order }) => ({ orderId, sellerId: order.sellerId, ...amountsBody(order) })),
});

const checkoutBody = (
  { buyerId: _buyer, expired: _expired, paying: _paying, ...checkout }: CheckoutRecord,
  orders: readonly OrderRecord[],
): z.input<typeof checkoutSchema> => ({
  ...checkout,
  orders: orders.map((order) => ({
    orderId: order.orderId,
    sellerId: order.sellerId,
    status: order.status,
    ...amountsBody(order),
  })),
});

const askOf = ({
  body,
  signedIn: { accountId },
}: Call<unknown, unknown, z.output<typeof bodySchema>>): CheckoutAsk => ({
  buyerId: accountId,
  items: body.items ?? null,
  unitIds: body.unitIds ?? null,
  promotionCode: body.promotionCode ?? null,
  expectedAmountMinor: body.expectedAmountMinor ?? null,
  receiver: body.receiver,
});

/**
 * The number of groups at a time. Measured with 200 callers at once and up to 64 checkouts in a transaction: checkouts of 1,000 units were 4 × as fast in four groups as in a
 * group for each unit, where nearly all were alone in their group. Baskets of three sellers were 3 × as fast, and checkouts of one hot unit no slower.
 */
const GROUPS = 4;

/** Checkouts whose first unit is the same would wait for the same row of stock, so they share a transaction, together with those of some other units. */
export const groupOf = ({ basket }: Pick<Placement, 'basket'>): string =>
  `units:${Math.min(...basket.orders.flatMap(({ lines }) => lines.map(({ unit }) => unit.unitId))) % GROUPS}`;

/** The products of a checkout, and its owner. */
const lockAskOf = ({ buyerId, basket }: Placement): LockAsk => ({
  forWhom: nameOf({ accountId: buyerId }),
  productIds: basket.orders.flatMap(({ lines }) => lines.map(({ unit }) => unit.productId)),
});

/** The orders that a group places. A checkout that holds locks of its own makes its own reservations and is alone in its group. */
interface Placing {
  readonly placement: Placement;
  readonly reserve: Reserve | undefined;
}

export const checkOut = ({ db, redis, log, config, cache }: ApiContext): Route => {
  const gate = new DropGate(db, new StockGate(db, redis));
  const locks = config.stockStrategy === 'redlock' ? new StockLocks(redis, log, config.stockLock) : undefined;
  const prepare = checkoutPreparer(db, config);
  const groups = new GroupCommit<Placing, Placed>(db, {
    work: async (tx, members, afterCommit) => {
      const outcomes = await placeOrders(
        tx,
        members.map(({ placement }) => placement),
        members[0]?.reserve,
      );
      await evictChanged(tx, cache, afterCommit);
      return outcomes;
    },
  });
  return route({
    method: 'post',
    path: '/v1/checkouts',
    operationId: 'createCheckout',
    tag: 'Orders',
    summary: 'Check out',
    description:
      'Orders units of one or several sellers in one currency: all of them or none. It makes one order for each seller and one amount to pay, and ' +
      'holds the units until that is paid or the time to pay has passed.',
    permission: 'checkout.create',
    body: bodySchema,
    example: {
      items: [{ unitId: 2, quantity: 1 }],
      receiver: {
        name: '김하늘',
        phone: '010-1234-5678',
        postalCode: '04524',
        address: '서울특별시 중구 세종대로 110, 101호',
      },
    },
    answer: { status: 201, description: 'The checkout, which waits for its payment.', schema: placedSchema },
    refusals: [
      'AMOUNT_OUT_OF_RANGE',
      'CART_CHANGED',
      'CART_EMPTY',
      'CART_ITEM_NOT_FOUND',
      'CURRENCY_MIXED',
      'DROP_LIMIT_EXCEEDED',
      'DROP_NOT_OPEN',
      'INSUFFICIENT_STOCK',
      'PRICE_CHANGED',
      'PROMOTION_NOT_APPLICABLE',
      'STOCK_BUSY',
      'UNIT_NOT_FOR_SALE',
      'UNIT_NOT_FOUND',
    ],
    idempotent: true,
    grouped: true,
    handle: async (call) => {
      const prepared = async (): Promise<Placement> => decided(await prepare(askOf(call)));
      const place = (placement: Placement) => {
        const join = (groupKey: string, reserve?: Reserve) =>
          call.transactInGroup(groups, groupKey, { placement, reserve }, (placed) =>
            created(`/v1/checkouts/${placed.checkoutId}`, placedBody(placed)),
          );
        if (locks === undefined) return join(groupOf(placement));
        return locks.hold(lockAskOf(placement), (reserve) => join(placement.reference, reserve));
      };
      // The units of a direct purchase are known before anything is read. Those in the cart have to be read first.
      const { items } = call.body;
      if (items !== undefined) return decided(await gate.pass(items, async () => place(await prepared())));
      const placement = await prepared();
      return decided(await gate.pass(unitsOf(placement), () => place(placement)));
    },
  });
};

async function readCheckoutBody(db: Db, checkoutId: number): Promise<z.input<typeof checkoutSchema>> {
  const checkout = found(await readCheckout(db, checkoutId), 'CHECKOUT_NOT_FOUND', { checkoutId });
  return checkoutBody(checkout, await readOrdersOf(db, checkoutId));
}

export const showCheckout = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/checkouts/{checkoutId}',
    operationId: 'readCheckout',
    tag: 'Orders',
    summary: 'Show a checkout',
    permission: 'checkout.read',
    params: checkoutParams,
    answer: { status: 200, description: 'The checkout with its orders.', schema: checkoutSchema },
    refusals: ['CHECKOUT_NOT_FOUND'],
    owner: async ({ params: { checkoutId } }) => ({
      accountId: found(await readCheckoutBuyer(db, checkoutId), 'CHECKOUT_NOT_FOUND', { checkoutId }),
    }),
    handle: async ({ params: { checkoutId } }) => ok(await readCheckoutBody(db, checkoutId)),
  });

export const markPaid = ({ config }: ApiContext): Route =>
  route({
    method: 'post',
    path: '/v1/checkouts/{checkoutId}/payment',
    operationId: 'markCheckoutPaid',
    tag: 'Orders',
    summary: 'Mark a checkout as paid',
    description: 'For development: the checkout becomes paid without a payment. Refused in production.',
    permission: 'checkout.mark-paid',
    params: checkoutParams,
    answer: { status: 200, description: 'The paid checkout.', schema: checkoutSchema },
    refusals: [
      'CHECKOUT_EXPIRED',
      'CHECKOUT_NOT_FOUND',
      'CHECKOUT_STATE_CONFLICT',
      'PAYMENT_IN_PROGRESS',
      'PAYMENT_UNAVAILABLE',
    ],
    idempotent: true,
    handle: (call) => {
      if (config.production) throw new MagamError('PAYMENT_UNAVAILABLE');
      const { checkoutId } = call.params;
      return call.transact(async (tx) => {
        const { signedIn, requestId } = call;
        const by = { cause: causeOf(signedIn.role), requestedBy: nameOf(signedIn), requestId };
        decided(await payCheckout(tx, checkoutId, by));
        const after = await readCheckoutBody(tx, checkoutId);
        await call.audit(tx, 'checkout.mark-paid', ['checkout', checkoutId], { before: null, after });
        return ok(after);
      });
    },
  });
