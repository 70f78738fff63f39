/** The sample shop: what it makes is true by every check that there is, and is made once. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ORDER_STATUSES } from '../../../core/orders/rules/order-state.js';
import { makeSampleAccounts, type SampleAccounts } from '../../../core/sample/sample-accounts.js';
import { makeSampleCatalogue } from '../../../core/sample/sample-catalogue.js';
import { makeSampleShop } from '../../../core/sample/sample-shop.js';
import { makeSampleTokens } from '../../../core/sample/sample-tokens.js';
import { verifyStock } from '../../../core/stock/verify-stock.js';
import { readConfig } from '../../../infra/config.js';
import { type Db, select } from '../../../infra/database.js';
import { type RunningApi, startApi } from '../../support/api.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

const config = readConfig({ NODE_ENV: 'development' });
const size = { sellers: 12, products: 200 };

async function makeAll(db: Db, checkouts: number): Promise<SampleAccounts> {
  const accounts = await makeSampleAccounts(db, config, { sellers: size.sellers, buyers: 3 });
  await makeSampleCatalogue(db, size);
  await makeSampleShop(db, config, { ...size, checkouts, signIns: accounts.signIns });
  return accounts;
}

/** Everything that the sample makes, by names that are the same on every machine. */
const fingerprint = (db: Db): Promise<unknown[]> =>
  select(
    db,
    `SELECT (SELECT SUM(CRC32(CONCAT_WS(',', p.external_id, s.received, s.available, s.held, s.sold))) FROM stock s
         JOIN sellable_unit u ON u.unit_id = s.unit_id JOIN product p ON p.product_id = u.product_id) AS stock,
       (SELECT SUM(CRC32(CONCAT_WS(',', c.reference, o.seller_id, o.status, o.amount_minor, o.platform_discount, o.shipping_fee, o.gone_minor)))
         FROM market_order o JOIN checkout c ON c.checkout_id = o.checkout_id) AS orders,
       (SELECT COUNT(*) FROM order_event) AS events, (SELECT COUNT(*) FROM stock_movement) AS movements,
       (SELECT SUM(item_amount) FROM sale_entry) AS sales, (SELECT SUM(item_amount) FROM refund_entry) AS refunds,
       (SELECT COUNT(*) FROM stock_drop_purchase) AS purchases`,
  );

let database: TestDatabase;
let api: RunningApi;
beforeAll(async () => {
  database = await createTestDatabase();
  api = await startApi(database.url);
});
afterAll(async () => {
  await api?.stop();
  await database?.drop();
});

describe('the sample shop', () => {
  it('has orders in every state that one can stay in, a drop that was bought from, and stock that adds up', async () => {
    const { db } = database;
    await makeAll(db, 26);
    const states = await select<{ status: string }>(db, 'SELECT DISTINCT status FROM market_order');
    expect(states.map(({ status }) => status).sort()).toEqual(
      ORDER_STATUSES.filter((status) => status !== 'CANCELLING').toSorted(),
    );
    const [seen] = await select<{ n: number }>(
      db,
      `SELECT COUNT(*) AS n FROM order_event WHERE to_status = 'CANCELLING'`,
    );
    expect(seen?.n).toBeGreaterThan(0);
    expect(await verifyStock(db)).toMatchObject({ ok: true, differences: [] });
    const [sums] = await select<Record<string, number>>(
      db,
      `SELECT SUM(platform_discount > 0) AS promoted, SUM(shipping_fee > 0) AS sent, COUNT(DISTINCT checkout_id) AS checkouts, COUNT(*) AS orders
       FROM market_order`,
    );
    for (const name of ['promoted', 'sent']) expect(Number(sums?.[name])).toBeGreaterThan(0);
    expect(Number(sums?.checkouts)).toBe(28); // each of the two buyers has bought in the drop
    expect(Number(sums?.orders)).toBeGreaterThan(28);
    const got = await select(db, 'SELECT position, quantity FROM stock_drop_purchase ORDER BY position');
    expect(got).toEqual([1, 2].map((position) => ({ position, quantity: 1 })));
  });

  it('has payments that agree with its orders, and owes nobody anything', async () => {
    const { db } = database;
    const states = await select<{ status: string }>(db, 'SELECT DISTINCT status FROM payment ORDER BY status');
    expect(states.map(({ status }) => status).sort()).toEqual(['CANCELLED', 'DECLINED', 'DONE', 'PARTLY_CANCELLED']);
    const differing = `SELECT c.checkout_id AS checkoutId, c.amount, c.gone, p.charged, p.cancelled FROM
        (SELECT checkout_id, SUM(amount_minor) AS amount, SUM(gone_minor) AS gone FROM market_order WHERE order_id IN
          (SELECT order_id FROM order_event WHERE to_status = 'PAID') GROUP BY checkout_id) c
      LEFT JOIN (SELECT checkout_id, SUM(charged_minor) AS charged, SUM(cancelled_minor) AS cancelled FROM payment
        WHERE charged_minor IS NOT NULL GROUP BY checkout_id) p ON p.checkout_id = c.checkout_id
      WHERE p.charged IS NULL OR p.charged <> c.amount OR p.cancelled <> c.gone`;
    expect(await select(db, differing)).toEqual([]);
    const [left] = await select<Record<string, number | string>>(
      db,
      `SELECT (SELECT COUNT(*) FROM payment_cancel WHERE status <> 'DONE') AS pending, (SELECT SUM(cancelling_minor) FROM payment) AS cancelling,
         (SELECT SUM(returning_minor) FROM market_order) AS wanted, (SELECT COUNT(DISTINCT provider) FROM payment) AS providers`,
    );
    expect(Object.values(left ?? {}).map(Number)).toEqual([0, 0, 0, 3]);
  });

  it('is made once, grows, and is the same everywhere', async () => {
    const { db } = database;
    const [made] = await fingerprint(db);
    await makeAll(db, 26);
    expect(await fingerprint(db)).toEqual([made]);
    await makeAll(db, 39);
    const [grown] = await fingerprint(db);
    const other = await createTestDatabase();
    try {
      await makeAll(other.db, 39);
      expect(await fingerprint(other.db)).toEqual([grown]);
    } finally {
      await other.drop();
    }
  });

  it('is refused in production', async () => {
    const production = { ...config, production: true };
    const options = { ...size, checkouts: 1, signIns: [] };
    await expect(makeSampleShop(database.db, production, options)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    const email = 'buyer1@magam.example';
    await expect(makeSampleTokens(database.db, production, [email])).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});

describe('tokens of sample buyers', () => {
  it('are those of sessions that the server knows: they buy, are refreshed and signed out', async () => {
    const { db } = database;
    const { buyers } = await makeSampleAccounts(db, config, { sellers: 1, buyers: 3 });
    await db.raw(`UPDATE account SET status = 'LOCKED' WHERE email = ?`, [buyers[2]?.email ?? '']);
    const tokens = await makeSampleTokens(db, config, [...buyers.map(({ email }) => email), 'nobody@magam.example']);
    expect(tokens.map(({ email }) => email)).toEqual(buyers.slice(0, 2).map(({ email }) => email));
    for (const { email, accessToken: token, accountId } of tokens)
      expect((await api.call('GET', '/v1/me', { token })).body).toMatchObject({ email, accountId });
    const [first, second] = tokens;
    const body = { refreshToken: first?.refreshToken };
    expect(await api.call('POST', '/v1/sessions/refresh', { body })).toMatchObject({ status: 200 });
    const token = second?.accessToken;
    expect((await api.call('DELETE', '/v1/sessions/current', { token })).status).toBe(204);
    expect((await api.call('GET', '/v1/me', { token })).status).toBe(401);
  });
});
