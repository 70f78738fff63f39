/** Payments that wait for their confirmation: they are checked out, opened, and approved by their buyers. */
import { randomUUID } from 'node:crypto';
import { placeOrders } from '../core/orders/place-orders.js';
import { checkoutPreparer } from '../core/orders/prepare-checkout.js';
import type { WantedUnit } from '../core/orders/price-units.js';
import { openPayment } from '../core/payments/open-payment.js';
import { type OpenProviders, paymentProviders } from '../core/payments/providers/registry.js';
import type { PaymentRecord } from '../core/payments/stores/payment.js';
import { readConfig } from '../infra/config.js';
import { type Db, inTransaction, select, type Tx } from '../infra/database.js';
import { decided } from '../kernel/outcome.js';
import type { Buyer, Buyers } from './buyers.js';
import { type Ask, eachBy } from './http-caller.js';
import type { OutsideWorld } from './outside-world.js';
import { RECEIVER, type Shop } from './shop.js';

/** Payments of one transaction during the preparation. */
const TOGETHER = 50;
const URLS = { success: 'http://127.0.0.1/success', fail: 'http://127.0.0.1/fail' };

export interface Approved {
  readonly payment: PaymentRecord;
  readonly orderId: number;
  readonly paymentKey: string;
  readonly buyer: Buyer;
}

const asked = ({ token }: Buyer, path: string, body: unknown): Ask => ({
  path,
  headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': randomUUID() },
  body: JSON.stringify(body),
});

/** The buyer's return from the provider, under its own key. */
export const confirmationOf = ({ payment, paymentKey, buyer }: Approved): Ask => {
  const approval = { paymentKey, orderId: payment.reference, amount: payment.amountMinor };
  return asked(buyer, `/v1/payments/${payment.paymentId}/confirmation`, { approval });
};

export const cancellationOf = ({ orderId, buyer }: Approved): Ask =>
  asked(buyer, `/v1/orders/${orderId}/cancellations`, { reason: 'bench' });

export class Till {
  private readonly outside: OpenProviders;

  constructor(
    private readonly db: Db,
    private readonly shop: Shop,
    private readonly buyers: Buyers,
    readonly world: OutsideWorld,
  ) {
    this.outside = paymentProviders(readConfig(world.environment));
  }

  close(): Promise<void> {
    return this.outside.close();
  }

  /** Makes this many payments of one unit each, drawn from 1,000. */
  async prepare(count: number): Promise<Approved[]> {
    const buyers = await this.buyers.signIn();
    const basket = await this.shop.basketsOf('1,000 units');
    const wanted = Array.from({ length: count }, (_, at) => ({
      buyer: buyers[at % buyers.length] as Buyer,
      items: basket(),
    }));
    const groups = Array.from({ length: Math.ceil(count / TOGETHER) }, (_, at) =>
      wanted.slice(at * TOGETHER, (at + 1) * TOGETHER),
    );
    const made: Omit<Approved, 'paymentKey'>[] = [];
    await eachBy(2, groups, async (group) => made.push(...(await this.open(group))));
    const approved: Approved[] = [];
    await eachBy(16, made, async (one) => {
      const { reference, amountMinor: amount } = one.payment;
      approved.push({ ...one, paymentKey: await this.world.approve({ provider: 'TOSS', reference, amount }) });
    });
    return approved;
  }

  /** The outcome of these payments by the rows and by the provider. Throws where the two differ. */
  async requireCharged(payments: readonly Approved[]): Promise<void> {
    const charged = new Map<string, number>();
    for (const { kind, reference, amount } of await this.world.book())
      if (kind === 'CHARGE') charged.set(reference, (charged.get(reference) ?? 0) + amount);
    const rows = await this.read(payments);
    const wrong = rows.filter(
      ({ reference, status, chargedMinor, checkout }) =>
        status !== 'DONE' || checkout !== 'PAID' || charged.get(reference) !== chargedMinor,
    );
    if (wrong.length > 0 || rows.length !== payments.length)
      throw new Error(
        `${wrong.length} of ${rows.length} payments are not what the provider says: ${JSON.stringify(wrong[0])}`,
      );
  }

  /** The rows of these payments and their checkouts. */
  async read(payments: readonly Approved[]): Promise<
    {
      readonly reference: string;
      readonly status: string;
      readonly chargedMinor: number | null;
      readonly checkout: string;
    }[]
  > {
    if (payments.length === 0) return [];
    const sql = `SELECT p.reference, p.status, p.charged_minor AS chargedMinor, c.status AS checkout FROM payment p
      JOIN checkout c ON c.checkout_id = p.checkout_id WHERE p.payment_id IN (?)`;
    return select(this.db, sql, [payments.map(({ payment }) => payment.paymentId)]);
  }

  private async open(
    group: readonly { readonly buyer: Buyer; readonly items: readonly WantedUnit[] }[],
  ): Promise<Omit<Approved, 'paymentKey'>[]> {
    const prepare = checkoutPreparer(this.db, readConfig());
    const more = { unitIds: null, promotionCode: null, expectedAmountMinor: null, receiver: RECEIVER };
    const placements = await Promise.all(
      group.map(async ({ buyer, items }) => decided(await prepare({ buyerId: buyer.accountId, items, ...more }))),
    );
    return inTransaction(this.db, async (tx) => {
      const opened = [];
      const placed = await placeOrders(tx, placements);
      for (const [at, one] of placed.entries()) {
        const { checkoutId, orders } = decided(one);
        const buyer = group[at]?.buyer as Buyer;
        const payment = await this.openIn(tx, checkoutId, buyer);
        opened.push({ payment, buyer, orderId: orders[0]?.orderId as number });
      }
      return opened;
    });
  }

  /** A payment is opened without a call of Toss, so all of it can be done in one transaction. */
  private async openIn(tx: Tx, checkoutId: number, { accountId }: Buyer): Promise<PaymentRecord> {
    const by = { cause: 'buyer' as const, requestedBy: `account ${accountId}` };
    const opened = await openPayment(
      this.outside.providers,
      { step: (work) => work(tx), last: async (work) => decided(await work(tx)) },
      { checkoutId, provider: 'TOSS', urls: URLS, by },
    );
    return opened.payment;
  }
}
