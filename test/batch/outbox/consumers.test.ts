/** What the consumers of a runner do: carts, sales counts, mail over a real SMTP server, alarms. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { cart } from '../../../batch/outbox/cart.js';
import { notifications } from '../../../batch/outbox/notifications/notifications.js';
import { salesCounts } from '../../../batch/outbox/sales-counts.js';
import { insertAccount } from '../../../core/accounts/stores/account.js';
import { readOpenAlarms } from '../../../core/alarms/stores/alarm.js';
import { watchAlarms } from '../../../core/alarms/watch-alarms.js';
import { addUpSales } from '../../../core/catalogue/add-up-sales.js';
import { CatalogueCache } from '../../../core/catalogue/catalogue-cache.js';
import { lockProduct } from '../../../core/catalogue/stores/product.js';
import { writeTerms } from '../../../core/catalogue/stores/product-search.js';
import { insertSalesChanges } from '../../../core/catalogue/stores/sales-count.js';
import { insertCartItem, readCart } from '../../../core/orders/stores/cart.js';
import { consume } from '../../../core/outbox/consume.js';
import type { Consumer } from '../../../core/outbox/consumer.js';
import type { HappenedEvent } from '../../../core/outbox/record-events.js';
import { change, inTransaction, select } from '../../../infra/database.js';
import { type MailSender, openMail } from '../../../infra/mail.js';
import type { RedisLink } from '../../../infra/redis.js';
import { decided } from '../../../kernel/outcome.js';
import { BUYER, cancel, checkOut, confirm, deliver, giveBack, makeUnit, pay } from '../../core/orders/order-scene.js';
import { alarmSettings, alarmsOf } from '../../support/alarms.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { attemptsOf, consuming, emptyOutbox, expired, letDue, record } from '../../support/outbox.js';
import { type MailReceiver, startMailReceiver } from '../../support/receivers.js';
import { linkTo, startRedis, type TestRedis } from '../../support/redis.js';

let database: TestDatabase;
let redis: TestRedis;
let link: RedisLink;
beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), startRedis()]);
  link = await linkTo(redis);
});
afterAll(async () => {
  link.close();
  await redis.stop();
  await database.drop();
});
beforeEach(() => emptyOutbox(database.db));

/** Has a consumer do all events that there are. */
async function catchUp(consumer: Consumer): Promise<number> {
  const ids = await select<{ id: number }>(database.db, 'SELECT event_id AS id FROM outbox_event');
  return consume(
    consuming(database.db),
    consumer,
    ids.map(({ id }) => id),
  );
}

describe('the cart', () => {
  const put = (unitId: number, accountId = BUYER) =>
    inTransaction(database.db, async (tx) => decided(await insertCartItem(tx, accountId, { unitId, quantity: 2 })));
  const inCart = async (accountId = BUYER): Promise<number[]> =>
    (await readCart(database.db, accountId)).map(({ unitId }) => unitId);

  it('loses units that were bought directly and were in it before, when they are paid, and nothing else', async () => {
    const [bought, later, other] = [
      await makeUnit(database.db, 'S1'),
      await makeUnit(database.db, 'S1'),
      await makeUnit(database.db, 'S2'),
    ];
    for (const unitId of [bought, other]) await put(unitId);
    await put(bought, BUYER + 1);
    const { checkoutId } = await checkOut(database.db, [
      { unitId: bought, quantity: 1 },
      { unitId: later, quantity: 1 },
    ]);
    await change(database.db, 'UPDATE checkout SET created_at = created_at - INTERVAL 1 MINUTE WHERE checkout_id = ?', [
      checkoutId,
    ]);
    await change(database.db, 'UPDATE cart_item SET added_at = added_at - INTERVAL 1 HOUR');
    await put(later);
    expect(await catchUp(cart)).toBe(0);
    expect(await inCart()).toEqual([bought, later, other]);
    await pay(database.db, checkoutId);
    expect(await catchUp(cart)).toBe(1);
    expect([await inCart(), await inCart(BUYER + 1)]).toEqual([[later, other], [bought]]);
    await put(bought); // wanted again
    expect(await catchUp(cart)).toBe(0);
    expect(await inCart()).toEqual([bought, later, other]);
  });
});

describe('sales counts', () => {
  const productOf = async (unitId: number) => {
    const [row] = await select<{ productId: number; sales: number; version: number }>(
      database.db,
      `SELECT p.product_id AS productId, p.sales_count AS sales, p.version FROM product p JOIN sellable_unit u ON u.product_id = p.product_id
       WHERE u.unit_id = ?`,
      [unitId],
    );
    const terms = await select<{ sales: number }>(
      database.db,
      'SELECT DISTINCT sales_count AS sales FROM product_term WHERE product_id = ?',
      [row?.productId],
    );
    return { ...row, inLists: terms.map(({ sales }) => sales) };
  };
  async function listed(unitId: number): Promise<number> {
    const { productId = 0 } = await productOf(unitId);
    await inTransaction(database.db, async (tx) => {
      const product = await lockProduct(tx, productId);
      if (product !== undefined) await writeTerms(tx, productId, { ...product, categoryPath: [product.categoryId] });
    });
    return productId;
  }
  const addUp = (rowsMax?: number) =>
    addUpSales(database.db, new CatalogueCache(link), new AbortController().signal, rowsMax);

  it('units that were paid count up and those that were given back count down, in the product and its lists, with no new version', async () => {
    const units = [await makeUnit(database.db, 'S1'), await makeUnit(database.db, 'S2')];
    for (const unitId of units) await listed(unitId);
    const [one = 0, two = 0] = units;
    const { checkoutId, orders } = await checkOut(database.db, [
      { unitId: one, quantity: 5 },
      { unitId: two, quantity: 3 },
    ]);
    const [first, second] = orders.map(({ orderId }) => orderId);
    await cancel(database.db, first ?? 0, { parts: [{ lineNumber: 1, quantity: 1 }] }); // before the payment: never sold
    await pay(database.db, checkoutId);
    expect(await catchUp(salesCounts)).toBe(1);
    expect(await addUp()).toBe(2);
    expect(await productOf(one)).toMatchObject({ sales: 4, inLists: [4], version: 1 });
    expect(await productOf(two)).toMatchObject({ sales: 3, inLists: [3], version: 1 });

    await cancel(database.db, second ?? 0, { parts: [{ lineNumber: 1, quantity: 2 }] });
    await deliver(database.db, first ?? 0);
    await confirm(database.db, first ?? 0);
    await giveBack(database.db, first ?? 0, { parts: [{ lineNumber: 1, quantity: 3 }] });
    expect(await catchUp(salesCounts)).toBe(2);
    expect(await addUp(1)).toBe(2);
    expect(await productOf(one)).toMatchObject({ sales: 1, inLists: [1], version: 1 });
    expect(await productOf(two)).toMatchObject({ sales: 1, inLists: [1], version: 1 });
    expect(await addUp()).toBe(0);
  });

  it('never fall below 0, and what cancels itself out is not written', async () => {
    const unitId = await makeUnit(database.db, 'S1');
    const productId = await listed(unitId);
    const changed = (...quantities: number[]) =>
      inTransaction(database.db, (tx) =>
        insertSalesChanges(
          tx,
          quantities.map((quantity) => ({ productId, quantity })),
        ),
      );
    await changed(-3);
    await addUp();
    expect(await productOf(unitId)).toMatchObject({ sales: 0, inLists: [0] });
    await changed(2, -2);
    expect(await addUp()).toBe(2);
    expect(await productOf(unitId)).toMatchObject({ sales: 0 });
  });

  it('pages and lists that show them are read anew', async () => {
    const unitId = await makeUnit(database.db, 'S1');
    const productId = await listed(unitId);
    const cache = new CatalogueCache(link);
    const read = async (): Promise<number> => {
      const page = await cache.product(productId, async () => ({
        text: String((await productOf(unitId)).sales),
      }));
      return Number(page?.octets);
    };
    expect(await read()).toBe(0);
    await inTransaction(database.db, (tx) => insertSalesChanges(tx, [{ productId, quantity: 7 }]));
    expect(await read()).toBe(0);
    await addUp();
    expect(await read()).toBe(7);
  });
});

describe('notifications', () => {
  let smtp: MailReceiver;
  let mail: MailSender;
  let buyerId: number;
  beforeEach(async () => {
    smtp = await startMailReceiver();
    mail = openMail(smtp.url, 'Magam <shop@magam.example>');
    const email = `buyer${Math.random()}@x.example`;
    const account = { email, passwordHash: 'x', displayName: '김하늘', role: 'buyer' as const };
    buyerId = decided(await insertAccount(database.db, account));
  });
  const stop = async (): Promise<void> => {
    mail.close();
    await smtp.stop();
  };
  const configured = (channels: { readonly mail?: null } = {}): Consumer =>
    notifications({ mail, installationId: 'here', settings: alarmSettings(), ...channels });
  const paid = (): HappenedEvent => ({
    type: 'payment.succeeded',
    payload: { paymentId: 1, checkoutId: 5, buyerId, currency: 'KRW', amountMinor: 12_000, units: [] },
    requestId: '',
  });
  const givenUp: HappenedEvent = {
    type: 'outbox.given-up',
    payload: { consumer: 'cart', eventId: 3, type: 'payment.succeeded', error: 'no luck' },
    requestId: '',
  };

  it('tell the buyer of a payment, one that failed, money that is back and an order that expired', async () => {
    const failed = { paymentId: 1, checkoutId: 5, buyerId, provider: 'TOSS', code: 'X', message: '잔액이 부족합니다' };
    const back = { paymentId: 1, cancelId: 2, checkoutId: 5, buyerId, currency: 'USD', amountMinor: 1_050 };
    const ids = await record(
      database.db,
      paid(),
      { type: 'payment.failed', payload: failed, requestId: '' },
      { type: 'payment.cancelled', payload: back, requestId: '' },
      expired(5, buyerId),
    );
    expect(await catchUp(configured())).toBe(4);
    const [account] = await select<{ email: string }>(database.db, 'SELECT email FROM account WHERE account_id = ?', [
      buyerId,
    ]);
    expect(smtp.mails.map(({ to }) => to)).toEqual(Array.from({ length: 4 }, () => [account?.email]));
    const heads = smtp.mails.map(({ message }) => /^Message-ID: (.*)$/im.exec(message)?.[1]).sort();
    expect(heads).toEqual(ids.map((eventId) => `<event-${eventId}.here@magam.example>`).sort());
    const texts = smtp.mails.map(({ message }) => plain(message)).join();
    for (const part of ['12000 KRW', 'declined', '10.50 USD', 'expired']) expect(texts).toContain(part);
    await stop();
  });

  it('have alarms of unclear payments and of dead letters looked for at once', async () => {
    await change(
      database.db,
      `INSERT INTO payment (checkout_id, buyer_id, provider, reference, order_name, currency, amount_minor, status, unclear_told, created_at, updated_at)
       VALUES (1, 1, 'TOSS', UUID(), 'shoes', 'KRW', 1000, 'UNKNOWN', 1, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`,
    );
    const [unclear] = await select<{ id: number }>(database.db, 'SELECT payment_id AS id FROM payment');
    const [eventId] = await record(
      database.db,
      { type: 'payment.unclear', payload: { paymentId: unclear?.id ?? 0, minutes: 15 }, requestId: '' },
      givenUp,
    );
    await change(
      database.db,
      `INSERT INTO outbox_attempt (event_id, consumer, status, attempts, next_try_at, last_error, updated_at)
       VALUES (?, 'cart', 'DEAD', 14, UTC_TIMESTAMP(3), 'no luck', UTC_TIMESTAMP(3))`,
      [eventId],
    );
    expect(await catchUp(configured())).toBe(2);
    expect((await alarmsOf(database.db)).sort()).toEqual([
      'dead-letters cart OPEN',
      `payment-unclear ${unclear?.id} OPEN`,
    ]);
    expect(smtp.mails).toEqual([]);
    await stop();
  });

  it('raise an alarm of money given back elsewhere, which is over when it is requested here', async () => {
    await change(
      database.db,
      `INSERT INTO payment (checkout_id, buyer_id, provider, reference, order_name, currency, amount_minor, status, cancelled_elsewhere_minor, created_at, updated_at)
       VALUES (2, 1, 'TOSS', UUID(), 'shoes', 'KRW', 9000, 'DONE', 5000, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`,
    );
    const sql = 'SELECT payment_id AS id FROM payment WHERE cancelled_elsewhere_minor > 0';
    const paymentId = (await select<{ id: number }>(database.db, sql))[0]?.id ?? 0;
    const payload = { paymentId, currency: 'KRW', amountMinor: 5_000 };
    await record(database.db, { type: 'payment.cancelled-elsewhere', payload, requestId: '' });
    expect(await catchUp(configured())).toBe(1);
    const look = () => watchAlarms(database.db, alarmSettings(), ['payment-given-back']);
    expect(await look()).toBe(0);
    const [alarm] = (await readOpenAlarms(database.db)).filter(({ kind }) => kind === 'payment-given-back');
    expect(alarm).toMatchObject({
      subject: String(paymentId),
      summary: expect.stringMatching(/^TOSS has given back 5000 KRW of payment \d+ that was not asked for here/),
    });
    await change(database.db, 'UPDATE payment SET cancelled_elsewhere_minor = 0');
    expect(await look()).toBe(1);
    await stop();
  });

  it('send nothing where nothing is configured, and that is done, too', async () => {
    await record(database.db, paid(), givenUp);
    expect(await catchUp(configured({ mail: null }))).toBe(2);
    expect(smtp.mails).toEqual([]);
    await stop();
  });

  it('are tried again when the other end refuses, the mail with the same Message-ID, and keep no other from its turn', async () => {
    const [account] = await select<{ email: string }>(database.db, 'SELECT email FROM account WHERE account_id = ?', [
      buyerId,
    ]);
    smtp.refuse(account?.email ?? null);
    const [first] = await record(database.db, paid(), givenUp);
    expect(await catchUp(configured())).toBe(1);
    expect(await attemptsOf(database.db, 'notifications')).toMatchObject([
      { eventId: first, attempts: 1, error: expect.stringContaining('no such mailbox') },
    ]);
    smtp.refuse(null);
    await letDue(database.db);
    expect(await catchUp(configured())).toBe(1);
    expect(smtp.mails[0]?.message).toContain(`<event-${first}.here@magam.example>`);
    await stop();
  });

  it('a mail server that is away is a failure of the event', async () => {
    await smtp.stop();
    await record(database.db, paid(), givenUp);
    expect(await catchUp(configured())).toBe(1);
    const tried = await attemptsOf(database.db, 'notifications');
    expect(tried.map(({ status, attempts }) => [status, attempts])).toEqual([['WAITING', 1]]);
    mail.close();
  });
});

/** The text of a mail: quoted-printable or base64, whichever it is in. */
function plain(message: string): string {
  const body = message.split('\r\n\r\n').slice(1).join('\r\n\r\n');
  return /base64/i.test(message)
    ? Buffer.from(body, 'base64').toString('utf8')
    : Buffer.from(
        body
          .replace(/=\r\n/g, '')
          .replace(/=([0-9A-F]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
        'latin1',
      ).toString('utf8');
}
