/** The steps of sample orders, each taken by the same kind of account as in real life. */
import type { Tx } from '../../infra/database.js';
import { nameOf } from '../../kernel/access.js';
import { decided } from '../../kernel/outcome.js';
import type { ShopDate } from '../feed/shop-entries.js';
import { cancelOrder } from '../orders/cancel-order.js';
import { confirmOrder } from '../orders/confirm-order.js';
import { type Actor, advanceOrder } from '../orders/order-step.js';
import type { Placed, PlacedOrder } from '../orders/place-orders.js';
import { returnOrder } from '../orders/return-order.js';
import { returnByPayment } from '../payments/return-money.js';
import type { SampleStep } from './rules/sample-lives.js';
import { giveSampleMoneyBack, paySample } from './sample-payments.js';

/** The accounts that take steps. */
export interface SampleParties {
  readonly operatorId: number;
  /** By seller. */
  readonly sellerIds: ReadonlyMap<string, number>;
}

const ONE_UNIT = [{ lineNumber: 1, quantity: 1 }] as const;

/** Takes the orders of a checkout through a life. Throws the refusal of a step, which means that no order can have this life. */
export async function live(
  tx: Tx,
  on: ShopDate,
  checkout: Placed,
  life: readonly SampleStep[],
  { operatorId, sellerIds }: SampleParties,
): Promise<void> {
  const { checkoutId, placement, orders } = checkout;
  const buyer: Actor = { cause: 'buyer', requestedBy: nameOf({ accountId: placement.buyerId }) };
  const operator: Actor = { cause: 'operator', requestedBy: nameOf({ accountId: operatorId }) };
  for (const step of life) {
    if (step === 'pay' || step === 'decline') await paySample(tx, checkout, step);
    else
      for (const placed of orders) {
        const { sellerId } = placed.order;
        const sellerAccount = sellerIds.get(sellerId);
        const seller: Actor =
          sellerAccount === undefined
            ? operator
            : { cause: 'seller', requestedBy: nameOf({ accountId: sellerAccount }) };
        decided(await take(tx, on, step, placed, { buyer, seller }));
      }
    await giveSampleMoneyBack(tx, checkoutId);
  }
}

async function take(
  tx: Tx,
  on: ShopDate,
  step: Exclude<SampleStep, 'pay' | 'decline'>,
  { orderId }: PlacedOrder,
  { buyer, seller }: { readonly buyer: Actor; readonly seller: Actor },
) {
  switch (step) {
    case 'expire':
      return undefined; // its time has passed already, and the expiry ends it
    case 'prepare':
      return advanceOrder(tx, orderId, 'PREPARE', seller);
    case 'ship':
      return advanceOrder(
        tx,
        orderId,
        'SHIP',
        seller,
        {},
        { carrier: 'CJ대한통운', trackingNumber: String(600_000_000_000 + orderId) },
      );
    case 'deliver':
      return advanceOrder(tx, orderId, 'DELIVER', seller);
    case 'confirm':
      return confirmOrder(tx, on, orderId, buyer);
    case 'cancel':
      return cancelOrder(tx, orderId, buyer, { parts: null, reason: '단순 변심', returnMoney: returnByPayment });
    case 'cancel-part':
      return cancelOrder(tx, orderId, buyer, { parts: ONE_UNIT, reason: '수량 변경', returnMoney: returnByPayment });
    case 'return':
      return returnOrder(tx, on, orderId, seller, {
        parts: null,
        reason: '상품 불량',
        restock: false,
        returnMoney: returnByPayment,
      });
    case 'return-part':
      return returnOrder(tx, on, orderId, seller, {
        parts: ONE_UNIT,
        reason: '단순 변심',
        restock: true,
        returnMoney: returnByPayment,
      });
  }
}
