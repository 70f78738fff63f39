/**
 * The second half of a checkout: one transaction for one checkout, or for many that arrive at the same moment and want the same units. Each has its own
 * outcome. Stock comes last, because others wait for its locks.
 */
import type { Tx } from '../../infra/database.js';
import { nameOf } from '../../kernel/access.js';
import { isRefusal, type Refusal } from '../../kernel/errors.js';
import type { UnitForSale } from '../catalogue/stores/sellable-unit.js';
import { checkDrops, recordDrops, type WantedInDrop } from '../stock/drops.js';
import { type Reserve, reserveMany } from '../stock/reserve.js';
import type { UnitQuantity } from '../stock/rules/stock.js';
import { checkCarts } from './check-carts.js';
import type { Placement } from './prepare-checkout.js';
import type { PricedLine, PricedOrder } from './rules/price-basket.js';
import { deleteOrdered } from './stores/cart.js';
import { insertCheckouts } from './stores/checkout.js';
import { deletePlaced, insertOrders, orderKey } from './stores/order.js';
import { insertOrderEvents } from './stores/order-event.js';
import { insertOrderLines } from './stores/order-line.js';

export interface PlacedOrder {
  readonly orderId: number;
  readonly order: PricedOrder<UnitForSale>;
}

export interface Placed {
  readonly checkoutId: number;
  readonly placement: Placement;
  readonly orders: readonly PlacedOrder[];
}

/**
 * Places checkouts, all or nothing over the units of each. @returns for each what was placed, or CART_CHANGED, DROP_NOT_OPEN, DROP_LIMIT_EXCEEDED,
 * INSUFFICIENT_STOCK; a refused checkout leaves nothing behind, and the others are stored. `reserve` is the strategy for reserving stock.
 */
export async function placeOrders(
  tx: Tx,
  members: readonly Placement[],
  reserve: Reserve = reserveMany,
): Promise<(Placed | Refusal)[]> {
  const carts = await checkCarts(
    tx,
    members.map((member) => (member.fromCart ? { accountId: member.buyerId, units: unitsOf(member) } : null)),
  );
  const unchanged = members.filter((_, at) => carts[at] === undefined);
  const outcomes = (await placeUnchanged(tx, unchanged, reserve)).values();
  return carts.map((refusal) => refusal ?? known(outcomes.next().value));
}

async function placeUnchanged(tx: Tx, members: readonly Placement[], reserve: Reserve): Promise<(Placed | Refusal)[]> {
  const checks = await checkDrops(
    tx,
    members.map((member) => ({ accountId: member.buyerId, units: unitsOf(member) })),
  );
  const allowed = members.flatMap((placement, at) => {
    const wanted = checks[at];
    return wanted === undefined || isRefusal(wanted) ? [] : [{ placement, wanted }];
  });
  const outcomes = (await placeAllowed(tx, allowed, reserve)).values();
  return checks.map((check) => (isRefusal(check) ? check : known(outcomes.next().value)));
}

/** A checkout that the rules of drops allow, and its units that are sold in drops. */
interface Allowed {
  readonly placement: Placement;
  readonly wanted: readonly WantedInDrop[];
}

async function placeAllowed(tx: Tx, allowed: readonly Allowed[], reserve: Reserve): Promise<(Placed | Refusal)[]> {
  if (allowed.length === 0) return [];
  const placed = await writeOrders(
    tx,
    allowed.map(({ placement }) => placement),
  );
  const outcomes = await reserve(
    tx,
    placed.map(({ checkoutId, placement }) => ({
      holder: {
        holderId: checkoutId,
        expiresInMs: placement.expiresInMs,
        requestedBy: nameOf({ accountId: placement.buyerId }),
      },
      units: unitsOf(placement),
    })),
  );
  await recordDrops(
    tx,
    placed.flatMap(({ checkoutId }, at) =>
      outcomes[at] === undefined ? [{ holderId: checkoutId, wanted: known(allowed[at]).wanted }] : [],
    ),
  );
  const refused = placed.filter((_, at) => outcomes[at] !== undefined);
  if (refused.length > 0)
    await deletePlaced(
      tx,
      refused.map(({ checkoutId }) => checkoutId),
      refused.flatMap(({ orders }) => orders.map(({ orderId }) => orderId)),
    );
  const results = placed.map((one, at) => outcomes[at] ?? one);
  await deleteOrdered(
    tx,
    results.flatMap((one) =>
      isRefusal(one) || !one.placement.fromCart
        ? []
        : [
            {
              accountId: one.placement.buyerId,
              unitIds: linesOf(one.placement).map(({ unit }) => unit.unitId),
            },
          ],
    ),
  );
  return results;
}

/** The units that a checkout reserves. */
export const unitsOf = (placement: Placement): UnitQuantity[] =>
  linesOf(placement).map(({ unit, quantity }) => ({ unitId: unit.unitId, quantity }));

const linesOf = ({ basket }: Placement): PricedLine<UnitForSale>[] => basket.orders.flatMap(({ lines }) => lines);

/** Everything but the stock: four writing statements for any number of checkouts. */
async function writeOrders(tx: Tx, members: readonly Placement[]): Promise<Placed[]> {
  const checkoutIds = await insertCheckouts(
    tx,
    members.map(({ basket, ...placement }) => ({ ...placement, ...basket })),
  );
  const idOf = ({ reference }: Placement): number => known(checkoutIds.get(reference));
  const orderIds = await insertOrders(
    tx,
    members.flatMap((member) =>
      member.basket.orders.map((order) => ({
        ...order,
        checkoutId: idOf(member),
        buyerId: member.buyerId,
        currency: member.basket.currency,
        orderedOn: member.orderedOn,
      })),
    ),
  );
  const placed = members.map((placement): Placed => {
    const checkoutId = idOf(placement);
    const orders = placement.basket.orders.map((order) => ({
      orderId: known(orderIds.get(orderKey({ checkoutId, sellerId: order.sellerId }))),
      order,
    }));
    return { checkoutId, placement, orders };
  });
  await insertOrderLines(
    tx,
    placed.flatMap(({ orders }) => orders.flatMap(({ orderId, order }) => order.lines.map(lineOf(orderId)))),
  );
  await insertOrderEvents(
    tx,
    placed.flatMap(({ orders, placement }) =>
      orders.map(({ orderId }) => ({
        orderId,
        step: 'PLACE' as const,
        fromStatus: null,
        toStatus: 'PENDING_PAYMENT' as const,
        causedBy: 'buyer' as const,
        requestedBy: nameOf({ accountId: placement.buyerId }),
        reason: '',
      })),
    ),
  );
  return placed;
}

const lineOf =
  (orderId: number) =>
  ({ unit, unitPriceMinor, ...line }: PricedLine<UnitForSale>) => ({
    ...line,
    orderId,
    unitId: unit.unitId,
    productId: unit.productId,
    productExternalId: unit.externalId,
    productName: unit.name,
    optionName: unit.optionName,
    sku: unit.sku,
    category: unit.topCategory,
    unitPrice: unitPriceMinor,
  });

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('what was just made is there');
  return value;
}
