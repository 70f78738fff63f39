/** Routes on which a role may only touch its own, and how each addresses it. */
import type { TestAccount } from '../../support/accounts.js';
import { SMALL_DAY } from '../../support/small-day.js';

/** Two buyers and two sellers with the same kind of belongings. */
export interface World {
  readonly buyers: readonly [Owner, Owner];
  readonly sellers: readonly [Owner, Owner];
}
export interface Owner {
  readonly account: TestAccount;
  readonly sellerId: string;
  readonly productId: number;
  readonly optionId: number;
  readonly unitId: number;
  readonly reviewId: number;
  readonly dropId: number;
  /** A bank account that was proposed for the seller. */
  readonly bankAccountId: number;
  readonly endpointId: number;
  /** An issued statement of the seller, and the payout that claims it. */
  readonly statementId: number;
  readonly payoutId: number;
  readonly keyId: number;
  /** A paid order of the buyer with the seller, and one that waits for its payment. */
  readonly orderId: number;
  readonly checkoutId: number;
  readonly pendingOrderId: number;
  /** A checkout that is to be paid, and a payment of it that the buyer has approved. */
  readonly payableId: number;
  readonly payment: { readonly paymentId: number; readonly key: string };
  /** A settled line of the seller. */
  readonly line: { readonly orderId: string; readonly lineId: string };
}

export const PAYING = { provider: 'TEST', successUrl: 'https://shop.example/ok', failUrl: 'https://shop.example/no' };

export const BANK_ACCOUNT = { bankCode: '020', accountNumber: '1002333444555', accountHolder: 'A' };

interface Sample {
  readonly route: string;
  readonly role: 'buyer' | 'seller';
  /** The request about what belongs to this owner. */
  readonly request: (owner: Owner) => { path: string; body?: unknown };
}

const product = ({ productId }: Owner): string => `/v1/products/${productId}`;
const drop = ({ dropId }: Owner): string => `/v1/drops/${dropId}`;
const stock = ({ unitId }: Owner): string => `/v1/units/${unitId}/stock`;
const endpoint = ({ endpointId }: Owner): string => `/v1/webhook-endpoints/${endpointId}`;
const statement = ({ statementId }: Owner): string => `/v1/statements/${statementId}`;
const payout = ({ payoutId }: Owner): string => `/v1/payouts/${payoutId}`;
const seller = ({ sellerId }: Owner): string => `/v1/sellers/${sellerId}`;
const option = (owner: Owner): string => `${product(owner)}/options/${owner.optionId}`;

const ofSeller = (route: string, of: (owner: Owner) => string, below: string, body?: object): Sample => ({
  route,
  role: 'seller',
  request: (owner) => ({ path: `${of(owner)}${below}`, body }),
});

/** Routes on which a role may only touch its own, and how each addresses it. The destructive ones come last. */
export const samples: readonly Sample[] = [
  {
    route: 'GET /v1/sellers/{sellerId}',
    role: 'seller',
    request: ({ sellerId }) => ({ path: `/v1/sellers/${sellerId}` }),
  },
  {
    route: 'GET /v1/sellers/{sellerId}/products',
    role: 'seller',
    request: ({ sellerId }) => ({ path: `/v1/sellers/${sellerId}/products` }),
  },
  ...['settlements.csv', 'settlements.xlsx', 'lines.csv', 'lines.xlsx'].map(
    (file): Sample => ({
      route: `GET /v1/${file}`,
      role: 'seller',
      request: ({ sellerId }) => ({ path: `/v1/${file}?date=${SMALL_DAY}&sellerId=${sellerId}` }),
    }),
  ),
  {
    route: 'GET /v1/sellers/{sellerId}/wallet',
    role: 'seller',
    request: ({ sellerId }) => ({ path: `/v1/sellers/${sellerId}/wallet` }),
  },
  {
    route: 'GET /v1/sellers/{sellerId}/bank-accounts',
    role: 'seller',
    request: ({ sellerId }) => ({ path: `/v1/sellers/${sellerId}/bank-accounts` }),
  },
  {
    route: 'DELETE /v1/sellers/{sellerId}/bank-accounts/{bankAccountId}',
    role: 'seller',
    request: ({ sellerId, bankAccountId }) => ({ path: `/v1/sellers/${sellerId}/bank-accounts/${bankAccountId}` }),
  },
  {
    route: 'POST /v1/sellers/{sellerId}/bank-accounts',
    role: 'seller',
    request: ({ sellerId }) => ({ path: `/v1/sellers/${sellerId}/bank-accounts`, body: BANK_ACCOUNT }),
  },
  {
    route: 'GET /v1/settlements',
    role: 'seller',
    request: ({ sellerId }) => ({ path: `/v1/settlements?date=${SMALL_DAY}&sellerId=${sellerId}` }),
  },
  {
    route: 'GET /v1/settlements/totals',
    role: 'seller',
    request: ({ sellerId }) => ({ path: `/v1/settlements/totals?date=${SMALL_DAY}&sellerId=${sellerId}` }),
  },
  {
    route: 'GET /v1/lines',
    role: 'seller',
    request: ({ sellerId }) => ({ path: `/v1/lines?date=${SMALL_DAY}&sellerId=${sellerId}` }),
  },
  {
    route: 'GET /v1/lines/explanation',
    role: 'seller',
    request: ({ line }) => ({
      path: `/v1/lines/explanation?orderId=${encodeURIComponent(line.orderId)}&lineId=${line.lineId}`,
    }),
  },
  {
    route: 'GET /v1/checkouts/{checkoutId}',
    role: 'buyer',
    request: ({ checkoutId }) => ({ path: `/v1/checkouts/${checkoutId}` }),
  },
  { route: 'GET /v1/orders/{orderId}', role: 'buyer', request: ({ orderId }) => ({ path: `/v1/orders/${orderId}` }) },
  {
    route: 'GET /v1/orders/{orderId}/refunds',
    role: 'seller',
    request: ({ orderId }) => ({ path: `/v1/orders/${orderId}/refunds` }),
  },
  {
    route: 'POST /v1/checkouts/{checkoutId}/payments',
    role: 'buyer',
    request: ({ payableId }) => ({ path: `/v1/checkouts/${payableId}/payments`, body: PAYING }),
  },
  {
    route: 'GET /v1/payments/{paymentId}',
    role: 'buyer',
    request: ({ payment }) => ({ path: `/v1/payments/${payment.paymentId}` }),
  },
  {
    route: 'POST /v1/payments/{paymentId}/confirmation',
    role: 'buyer',
    request: ({ payment: { paymentId, key } }) => ({
      path: `/v1/payments/${paymentId}/confirmation`,
      body: { approval: { key } },
    }),
  },
  {
    route: 'POST /v1/orders/{orderId}/preparation',
    role: 'seller',
    request: ({ orderId }) => ({ path: `/v1/orders/${orderId}/preparation` }),
  },
  {
    route: 'POST /v1/orders/{orderId}/shipment',
    role: 'seller',
    request: ({ orderId }) => ({
      path: `/v1/orders/${orderId}/shipment`,
      body: { carrier: 'C', trackingNumber: '1' },
    }),
  },
  {
    route: 'POST /v1/orders/{orderId}/delivery',
    role: 'seller',
    request: ({ orderId }) => ({ path: `/v1/orders/${orderId}/delivery` }),
  },
  {
    route: 'POST /v1/orders/{orderId}/confirmation',
    role: 'buyer',
    request: ({ orderId }) => ({ path: `/v1/orders/${orderId}/confirmation` }),
  },
  {
    route: 'POST /v1/orders/{orderId}/returns',
    role: 'seller',
    request: ({ orderId }) => ({ path: `/v1/orders/${orderId}/returns`, body: {} }),
  },
  {
    route: 'POST /v1/orders/{orderId}/cancellations',
    role: 'buyer',
    request: ({ pendingOrderId }) => ({ path: `/v1/orders/${pendingOrderId}/cancellations`, body: {} }),
  },
  {
    route: 'PUT /v1/sellers/{sellerId}/shipping-terms/{currency}',
    role: 'seller',
    request: ({ sellerId }) => ({ path: `/v1/sellers/${sellerId}/shipping-terms/KRW`, body: { feeMinor: 1 } }),
  },
  {
    route: 'DELETE /v1/sellers/{sellerId}/shipping-terms/{currency}',
    role: 'seller',
    request: ({ sellerId }) => ({ path: `/v1/sellers/${sellerId}/shipping-terms/KRW` }),
  },
  {
    route: 'POST /v1/products',
    role: 'seller',
    request: (owner) => ({
      path: '/v1/products',
      body: {
        sellerId: owner.sellerId,
        externalId: 'P-new',
        name: 'New',
        categoryId: 1,
        currency: 'KRW',
        priceMinor: 100,
      },
    }),
  },
  {
    route: 'PATCH /v1/products/{productId}',
    role: 'seller',
    request: (owner) => ({ path: product(owner), body: { name: 'Renamed' } }),
  },
  {
    route: 'POST /v1/products/{productId}/options',
    role: 'seller',
    request: (owner) => ({
      path: `${product(owner)}/options`,
      body: { sku: `${owner.sellerId}-2`, name: 'two', priceDifferenceMinor: 0 },
    }),
  },
  {
    route: 'PATCH /v1/products/{productId}/options/{optionId}',
    role: 'seller',
    request: (owner) => ({ path: option(owner), body: { name: 'uno' } }),
  },
  {
    route: 'GET /v1/sellers/{sellerId}/stock',
    role: 'seller',
    request: ({ sellerId }) => ({ path: `/v1/sellers/${sellerId}/stock` }),
  },
  { route: 'GET /v1/units/{unitId}/stock', role: 'seller', request: (owner) => ({ path: stock(owner) }) },
  {
    route: 'GET /v1/units/{unitId}/stock/movements',
    role: 'seller',
    request: (owner) => ({ path: `${stock(owner)}/movements` }),
  },
  ofSeller('GET /v1/statements/{statementId}', statement, ''),
  ...['settlements', 'transactions', 'lines', 'statement.csv', 'statement.xlsx', 'statement.pdf'].map((below) =>
    ofSeller(`GET /v1/statements/{statementId}/${below}`, statement, `/${below}`),
  ),
  ofSeller('GET /v1/sellers/{sellerId}/statement-drafts', seller, '/statement-drafts?at=2026-05-04'),
  ...['csv', 'xlsx', 'pdf'].map((format) =>
    ofSeller(
      `GET /v1/sellers/{sellerId}/statement-drafts/{currency}/statement.${format}`,
      seller,
      `/statement-drafts/KRW/statement.${format}?at=2026-05-04`,
    ),
  ),
  ofSeller('GET /v1/payouts/{payoutId}', payout, ''),
  ofSeller('GET /v1/payouts/{payoutId}/explanation', payout, '/explanation'),
  ofSeller('GET /v1/sellers/{sellerId}/tax-invoices/{month}/{number}', seller, '/tax-invoices/2026-04/1'),
  ofSeller('GET /v1/sellers/{sellerId}/next-payout', seller, '/next-payout'),
  ofSeller('GET /v1/payout-cases', ({ sellerId }) => `/v1/payout-cases?sellerId=${sellerId}`, ''),
  ofSeller('POST /v1/units/{unitId}/stock/receipts', stock, '/receipts', { quantity: 2, reason: 'delivery' }),
  ofSeller('POST /v1/units/{unitId}/stock/adjustments', stock, '/adjustments', { by: 1, reason: 'found' }),
  ofSeller('GET /v1/drops/{dropId}/purchases', drop, '/purchases'),
  ofSeller('GET /v1/sellers/{sellerId}/drops', ({ sellerId }) => `/v1/sellers/${sellerId}`, '/drops'),
  ofSeller('POST /v1/drops/{dropId}/end', drop, '/end'),
  ofSeller('POST /v1/products/{productId}/drops', product, '/drops', { opensAt: '2999-01-01T00:00:00.000Z' }),
  ofSeller('GET /v1/webhook-endpoints/{endpointId}', endpoint, ''),
  ofSeller('PATCH /v1/webhook-endpoints/{endpointId}', endpoint, '', { description: 'Mine' }),
  ofSeller('POST /v1/webhook-endpoints/{endpointId}/secret', endpoint, '/secret'),
  ofSeller('GET /v1/webhook-endpoints/{endpointId}/deliveries', endpoint, '/deliveries'),
  ofSeller('POST /v1/webhook-endpoints/{endpointId}/replay', endpoint, '/replay', { after: 0 }),
  ofSeller('POST /v1/webhook-endpoints/{endpointId}/test', endpoint, '/test'),
  ofSeller('DELETE /v1/webhook-endpoints/{endpointId}', endpoint, ''),
  ofSeller('DELETE /v1/api-keys/{keyId}', ({ keyId }) => `/v1/api-keys/${keyId}`, ''),
  {
    route: 'DELETE /v1/products/{productId}/options/{optionId}',
    role: 'seller',
    request: (owner) => ({ path: option(owner) }),
  },
  {
    route: 'PATCH /v1/reviews/{reviewId}',
    role: 'buyer',
    request: ({ reviewId }) => ({ path: `/v1/reviews/${reviewId}`, body: { stars: 1 } }),
  },
  {
    route: 'DELETE /v1/reviews/{reviewId}',
    role: 'buyer',
    request: ({ reviewId }) => ({ path: `/v1/reviews/${reviewId}` }),
  },
  {
    route: 'DELETE /v1/me/sessions/{sessionId}',
    role: 'buyer',
    request: ({ account }) => ({ path: `/v1/me/sessions/${account.sessionId}` }),
  },
];

/** Routes that address nobody else's: they are about the caller, or confine a list to what is the caller's. */
export const confined: Readonly<Record<string, string>> = {
  'GET /v1/me': 'the caller',
  'PATCH /v1/me': 'the caller',
  'PUT /v1/me/password': 'the caller',
  'POST /v1/me/address-proof': 'the caller',
  'GET /v1/me/second-factor': 'the caller',
  'POST /v1/me/second-factor': 'the caller',
  'POST /v1/me/second-factor/confirmation': 'the caller',
  'POST /v1/me/second-factor/recovery-codes': 'the caller',
  'POST /v1/me/second-factor/removal': 'the caller',
  'GET /v1/me/sign-ins': 'the caller',
  'GET /v1/me/sessions': 'the caller',
  'DELETE /v1/sessions/current': 'the caller',
  'GET /v1/sellers': 'a list; see below',
  'GET /v1/api-keys': 'a list; see test/api/api-keys',
  'POST /v1/api-keys': 'its maker owns it',
  'GET /v1/events': 'a list; see test/api/events',
  'GET /v1/webhook-endpoints': 'a list; see test/api/webhook-endpoints',
  'POST /v1/webhook-endpoints': 'its maker owns it',
  'GET /v1/statements': 'a list; see test/api/statements',
  'GET /v1/payouts': 'a list; see test/api/payouts',
  'GET /v1/tax-invoices': 'a list; see test/api/tax-invoices',
  'GET /v1/tax-invoices.csv': 'a list; see test/api/tax-invoices',
  'GET /v1/tax-invoices.xlsx': 'a list; see test/api/tax-invoices',
  'GET /v1/tax-invoice-months': 'a list; see test/api/tax-invoices',
  'GET /v1/me/wallet': 'the caller',
  'GET /v1/me/next-payout': 'the caller',
  'GET /v1/orders': 'a list; see test/api/orders',
  'GET /v1/payments': 'a list; see test/api/payments',
  'POST /v1/checkouts': 'the buyer who checks out owns it',
  'GET /v1/me/cart': 'the caller',
  'DELETE /v1/me/cart': 'the caller',
  'POST /v1/me/cart/items': 'the caller',
  'PUT /v1/me/cart/items/{unitId}': 'the caller',
  'PATCH /v1/me/cart/items/{unitId}': 'the caller',
  'DELETE /v1/me/cart/items/{unitId}': 'the caller',
  'POST /v1/products/{productId}/reviews': 'its author owns it',
};
