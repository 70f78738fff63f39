/** Checkouts that are to be paid at the bank of the tests, and what the tables say of them. */
import { randomUUID } from 'node:crypto';
import { carryOutCancel } from '../../../core/payments/carry-out-cancel.js';
import { confirmPayment } from '../../../core/payments/confirm-payment.js';
import { inquirePayment, ownSteps } from '../../../core/payments/inquire-payment.js';
import { openPayment } from '../../../core/payments/open-payment.js';
import type { PaymentContext } from '../../../core/payments/payment-step.js';
import { receiveWebhook } from '../../../core/payments/receive-webhook.js';
import { returnByPayment } from '../../../core/payments/return-money.js';
import { type PaymentRecord, readDuePayments, readPayment } from '../../../core/payments/stores/payment.js';
import { readDueCancels } from '../../../core/payments/stores/payment-cancel.js';
import { readPaymentEvents } from '../../../core/payments/stores/payment-event.js';
import { type Db, inTransaction, select } from '../../../infra/database.js';
import { decided } from '../../../kernel/outcome.js';
import { Bank } from '../../support/bank.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { BUYER, checkOut, config, makeUnit } from '../orders/order-scene.js';

const by = { cause: 'buyer', requestedBy: `account ${BUYER}` } as const;
const urls = { success: 'https://shop.example/ok', fail: 'https://shop.example/no' };

export interface ToPay {
  readonly checkoutId: number;
  readonly orderIds: readonly number[];
  readonly unitId: number;
  readonly amountMinor: number;
}

/** A shop that is paid at a bank. */
export class PaymentScene {
  constructor(
    readonly db: Db,
    readonly bank: Bank,
    readonly context: PaymentContext = { config, providers: bank.providers() },
  ) {}

  /** A checkout of two units of 10,000 won, or of as much as is said. */
  async checkOut(quantity = 2, priceMinor = 10_000): Promise<ToPay> {
    const unitId = await makeUnit(this.db, 'S1', { priceMinor });
    const { checkoutId, orders, placement } = await checkOut(this.db, [{ unitId, quantity }]);
    const orderIds = orders.map(({ orderId }) => orderId);
    return { checkoutId, orderIds, unitId, amountMinor: placement.basket.amountMinor };
  }

  async open(checkoutId: number, provider = 'TEST'): Promise<PaymentRecord> {
    const steps = { step: ownSteps(this.db).step, last: (work: never) => inTransaction(this.db, work) };
    const opened = await openPayment(this.context.providers, steps as never, { checkoutId, provider, urls, by });
    return (decided(opened) as { payment: PaymentRecord }).payment;
  }

  /** A payment that the buyer has approved. */
  async approved(quantity = 2): Promise<ToPay & { readonly payment: PaymentRecord; readonly key: string }> {
    const toPay = await this.checkOut(quantity);
    const payment = await this.open(toPay.checkoutId);
    return { ...toPay, payment, key: this.bank.approve(payment.reference, payment.amountMinor) };
  }

  /** A payment that was charged. */
  async paid(quantity = 2) {
    const one = await this.approved(quantity);
    await this.confirm(one);
    return one;
  }

  confirm(
    { payment, key }: { readonly payment: Pick<PaymentRecord, 'paymentId'>; readonly key: string },
    context = this.context,
  ) {
    const ask = { paymentId: payment.paymentId, approval: { providerKey: key, token: null }, by };
    return confirmPayment(context, ownSteps(this.db), ask);
  }

  inquire = (paymentId: number): Promise<PaymentRecord> => inquire(this.db, this.context, paymentId);

  /** A webhook about the payment, with an id of its own unless it is said. */
  webhook = (payment: PaymentRecord, eventId: string = randomUUID(), cancels = false) =>
    inTransaction(this.db, (tx) => {
      const event = { eventId, reference: payment.reference, providerKey: null, type: 'CHANGED', cancels };
      return receiveWebhook(tx, payment.provider, event, '');
    });

  /** What the duties do at this moment. @returns how many payments and cancellations were due */
  duties = (): Promise<number> => payDuties(this.db, this.context);

  letTimePass = (): Promise<void> => letTimePass(this.db);

  async read(paymentId: number): Promise<PaymentRecord> {
    const payment = await readPayment(this.db, paymentId);
    if (payment === undefined) throw new Error('the payment is there');
    return payment;
  }

  statusOf = async (paymentId: number): Promise<string> => (await this.read(paymentId)).status;

  /** The steps of a payment, as they stand in its history. */
  history = async (paymentId: number): Promise<string[]> =>
    (await readPaymentEvents(this.db, paymentId)).map(({ step, causedBy }) => `${step} ${causedBy}`);

  /** The cancellations of a payment. */
  cancels = (paymentId: number) =>
    select<{ status: string; amountMinor: number; attempts: number; failureCode: string | null }>(
      this.db,
      `SELECT status, amount_minor AS amountMinor, attempts, failure_code AS failureCode FROM payment_cancel WHERE payment_id = ? ORDER BY cancel_id`,
      [paymentId],
    );

  checkoutOf = async (checkoutId: number) =>
    (
      await select<{ status: string; paying: number; secondsLeft: number }>(
        this.db,
        `SELECT status, unextended_expires_at IS NOT NULL AS paying, TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(3), expires_at) AS secondsLeft
         FROM checkout WHERE checkout_id = ?`,
        [checkoutId],
      )
    )[0];

  /** What our book says was charged and is neither back nor on its way back. */
  async ourBook(): Promise<number> {
    const sql = 'SELECT COALESCE(SUM(COALESCE(charged_minor, 0) - cancelled_minor), 0) AS kept FROM payment';
    return Number((await select<{ kept: string }>(this.db, sql))[0]?.kept);
  }
}

/** A database with a shop and its bank. */
export interface PaymentShop {
  readonly database: TestDatabase;
  readonly bank: Bank;
  readonly shop: PaymentScene;
  /** Another bank that nobody has asked yet, and a shop that is paid at it; what was due of payments before is so no more. */
  readonly renew: () => Promise<void>;
  readonly end: () => Promise<void>;
}

export async function paymentShop(): Promise<PaymentShop> {
  const database = await createTestDatabase();
  let bank = await new Bank().start();
  let shop = new PaymentScene(database.db, bank);
  return {
    database,
    get bank() {
      return bank;
    },
    get shop() {
      return shop;
    },
    renew: async () => {
      await bank.stop();
      bank = await new Bank().start();
      shop = new PaymentScene(database.db, bank);
      await database.db.raw('UPDATE payment SET next_look_at = NULL');
      await database.db.raw('DELETE FROM payment_cancel');
    },
    end: async () => {
      await bank.stop();
      await database.drop();
    },
  };
}

export const byPayment = { returnMoney: returnByPayment } as const;

const inquire = (db: Db, context: PaymentContext, paymentId: number): Promise<PaymentRecord> =>
  inquirePayment(context, ownSteps(db), { paymentId });

/** Does what the duties of payments do at this moment. @returns how many payments and cancellations were due */
export async function payDuties(db: Db, context: PaymentContext): Promise<number> {
  const payments = await readDuePayments(db, { rowsMax: 100 });
  for (const paymentId of payments) await inquire(db, context, paymentId);
  const cancels = await readDueCancels(db, { rowsMax: 100 });
  for (const cancelId of cancels) await carryOutCancel(db, context, { cancelId });
  return payments.length + cancels.length;
}

/** Moves the time on until the asking process counts as dead or the provider is asked again. */
export async function letTimePass(db: Db): Promise<void> {
  const past = 'UTC_TIMESTAMP(3) - INTERVAL 1 SECOND';
  await db.raw(
    `UPDATE payment SET asked_until = IF(asked_until IS NULL, NULL, ${past}), next_look_at = IF(next_look_at IS NULL, NULL, ${past})`,
  );
  await db.raw(`UPDATE payment_cancel SET next_try_at = ${past} WHERE status = 'PENDING'`);
}
