/** A rush on two real servers: exactly as many get the unit as there are, whatever is repeated, killed, cancelled or paid too late meanwhile. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { expireCheckouts } from '../../../core/orders/expire-checkouts.js';
import { verifyStock } from '../../../core/stock/verify-stock.js';
import { select } from '../../../infra/database.js';
import { letExpire, makeUnit, receiver, rowsOf, stockOf } from '../../core/orders/order-scene.js';
import { makeAccount } from '../../support/accounts.js';
import { type ApiProcess, type CallAnswer, spawnApi } from '../../support/api.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { buy, type Items, makeBuyers, tally } from './rush-scene.js';

const BUYERS = 500;
let database: TestDatabase;
let servers: ApiProcess[];
let tokens: string[];
let operator: string;

beforeAll(async () => {
  database = await createTestDatabase();
  tokens = await makeBuyers(database, BUYERS);
  operator = (await makeAccount(database.db, 'operator')).token;
  servers = await Promise.all([spawnApi(database.url), spawnApi(database.url)]);
}, 120_000);
afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  expect((await verifyStock(database.db)).differences).toEqual([]);
  await database.drop();
});

const token = (n: number): string => tokens[n] ?? '';
const all = <T>(count: number, ask: (n: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, n) => ask(n)));
const times = (count: number, key: string, items: (n: number) => Items, by: readonly ApiProcess[] = servers) =>
  all(count, (n) => buy(by, n, token(n), key, items(n)));
const one = (unitId: number): Items => [{ unitId, quantity: 1 }];
const post = (n: number, path: string, as: string, more = {}): Promise<CallAnswer> =>
  (servers[n % 2] as ApiProcess).call('POST', path, { token: as, ...more });
const markPaid = (n: number, checkoutId: number) => post(n, `/v1/checkouts/${checkoutId}/payment`, operator);

/** Orders of a unit, by the rows. */
const ordersOf = async (unitId: number): Promise<number> => {
  const sql = 'SELECT COUNT(*) AS orders FROM order_line WHERE unit_id = ?';
  return Number((await select<{ orders: number }>(database.db, sql, [unitId]))[0]?.orders);
};

it('500 buyers for 10, each asking twice: ten get one, and the same answer comes twice', async () => {
  const unitId = await makeUnit(database.db, 'S1', { stock: 10 });
  const ask = (n: number) => Promise.all([0, 1].map((turn) => buy(servers, n + turn, token(n), 'rush', one(unitId))));
  const answers = await all(BUYERS, ask);
  expect(tally(answers.map(([first]) => first as CallAnswer))).toEqual({ ordered: 10, INSUFFICIENT_STOCK: 490 });
  for (const [first, second] of answers) expect(second?.body).toEqual(first?.body);
  expect(await stockOf(database.db, unitId)).toEqual([0, 10, 0]);
  expect(await ordersOf(unitId)).toBe(10);
}, 180_000);

describe('baskets', () => {
  it('of {A, B} against {B, A}: each is whole or not there', async () => {
    const [a, b] = [await makeUnit(database.db, 'S1', { stock: 30 }), await makeUnit(database.db, 'S2', { stock: 20 })];
    const basket = (n: number) => (n % 2 === 0 ? [a, b] : [b, a]).map((unitId) => ({ unitId, quantity: 1 }));
    expect(tally(await times(100, 'baskets', basket))).toEqual({ ordered: 20, INSUFFICIENT_STOCK: 80 });
    expect([await stockOf(database.db, a), await stockOf(database.db, b)]).toEqual([
      [10, 20, 0],
      [0, 20, 0],
    ]);
    expect([await ordersOf(a), await ordersOf(b)]).toEqual([20, 20]);
  });

  it('of three sellers, of which one runs short: three orders or none', async () => {
    const { db } = database;
    const units = await Promise.all([40, 40, 5].map((stock, at) => makeUnit(db, `S${at + 1}`, { stock })));
    const tables = ['checkout', 'market_order', 'order_line', 'order_event', 'stock_reservation'];
    const counts = () => Promise.all(tables.map((table) => rowsOf(db, table)));
    const before = await counts();
    const basket = () => units.toReversed().map((unitId) => ({ unitId, quantity: 1 }));
    const answers = await times(30, 'three', basket);
    expect(tally(answers)).toEqual({ ordered: 5, INSUFFICIENT_STOCK: 25 });
    for (const { status, body } of answers) {
      if (status === 201) expect(body.orders).toHaveLength(3);
      else expect(body.details).toEqual({ unitId: units[2], asked: 1, available: 0 });
    }
    expect((await counts()).map((rows, at) => rows - (before[at] ?? 0))).toEqual([5, 15, 15, 15, 15]);
    expect(await Promise.all(units.map((unitId) => stockOf(db, unitId)))).toEqual([
      [35, 5, 0],
      [35, 5, 0],
      [0, 5, 0],
    ]);
  });
});

describe('a server that is killed', () => {
  const doomedAt = (fault: string): Promise<ApiProcess> => spawnApi(database.url, { MAGAM_FAULT: fault });

  it.each(['group.before-commit', 'group.committed'])('at %s leaves nothing half done', async (point) => {
    const unitId = await makeUnit(database.db, 'S1', { stock: 10 });
    const doomed = await doomedAt(`${point}:kill`);
    const answers = await times(60, point, () => one(unitId), [doomed, servers[1] as ApiProcess]);
    expect(await doomed.ended).toMatchObject({ signal: 'SIGKILL' });
    expect(tally(answers)).toEqual({ ordered: 10, INSUFFICIENT_STOCK: 50 });
    expect(await stockOf(database.db, unitId)).toEqual([0, 10, 0]);
    expect(await ordersOf(unitId)).toBe(10);
  });

  it('between reserve and answer has made one order, which another server tells of; units that nobody pays for are free again', async () => {
    const { db } = database;
    const unitId = await makeUnit(db, 'S1', { stock: 1 });
    const doomed = await doomedAt('group.committed:kill');
    const lost = doomed.call('POST', '/v1/checkouts', {
      token: token(0),
      headers: { 'Idempotency-Key': 'lost' },
      body: { items: one(unitId), receiver },
    });
    await expect(lost).rejects.toThrow();
    expect(await stockOf(db, unitId)).toEqual([0, 1, 0]);
    expect((await buy(servers, 0, token(1), 'other', one(unitId))).body.code).toBe('INSUFFICIENT_STOCK');
    const told = await all(2, (n) => buy(servers, n, token(0), 'lost', one(unitId)));
    expect(tally(told)).toEqual({ ordered: 2 });
    expect(told[1]?.body).toEqual(told[0]?.body);
    expect(await ordersOf(unitId)).toBe(1);
    await letExpire(db, told[0]?.body.checkoutId);
    expect((await buy(servers, 1, token(1), 'later', one(unitId))).status).toBe(201);
    await expireCheckouts(db, { rowsMax: 100 });
    expect(await stockOf(db, unitId)).toEqual([0, 1, 0]);
    expect((await buy(servers, 1, token(0), 'lost', one(unitId))).body).toEqual(told[0]?.body);
    expect(await ordersOf(unitId)).toBe(2);
  });
});

describe('on two servers at once', () => {
  it('payments and the end of the time to pay: each checkout is paid once or expires', async () => {
    const { db } = database;
    const unitId = await makeUnit(db, 'S1', { stock: 24 });
    const placed = (await times(24, 'late', () => one(unitId))).map(({ body }) => body.checkoutId as number);
    const paying = all(24, (n) => Promise.all([0, 1].map((at) => markPaid(at, placed[n] ?? 0))));
    // A runner ends the time of one after the other, while they are being paid.
    for (const checkoutId of placed) {
      await letExpire(db, checkoutId);
      await expireCheckouts(db, { rowsMax: 10 });
    }
    const answers = await paying;
    const statuses = await select<{ status: string }>(
      db,
      'SELECT status FROM market_order WHERE checkout_id IN (?) ORDER BY checkout_id',
      [placed],
    );
    const byId = placed.toSorted((a, b) => a - b);
    for (const [at, pair] of answers.entries()) {
      const paid = pair.filter(({ status }) => status === 200).length;
      expect([paid, statuses[byId.indexOf(placed[at] ?? 0)]?.status]).toEqual(
        paid === 0 ? [0, 'EXPIRED'] : [1, 'PAID'],
      );
    }
    const sold = statuses.filter(({ status }) => status === 'PAID').length;
    expect(await stockOf(db, unitId)).toEqual([24 - sold, 0, sold]);
  });

  const part = { lines: [{ lineNumber: 1, quantity: 2 }], version: 2 };
  const key = { headers: { 'Idempotency-Key': 'cancel' } };
  it.each([
    ['of an order', { body: {} }, [200, ...Array(19).fill(409)], 30_000, [5, 0, 0]],
    ['of a part that all have seen', { body: part }, [200, ...Array(19).fill(412)], 20_000, [4, 0, 1]],
    ['of a part under one key', { body: part, ...key }, Array(20).fill(200), 20_000, [4, 0, 1]],
  ])('twenty equal cancellations %s: one refund', async (_what, asked, statuses, amount, stock) => {
    const { db } = database;
    const unitId = await makeUnit(db, 'S1', { stock: 5 });
    const { body } = await buy(servers, 0, token(0), `cancel-${unitId}`, [{ unitId, quantity: 3 }]);
    await markPaid(0, body.checkoutId);
    const [{ orderId }] = body.orders;
    const cancel = async (n: number): Promise<CallAnswer> => {
      const answer = await post(n, `/v1/orders/${orderId}/cancellations`, token(0), asked);
      return answer.body.code === 'IDEMPOTENCY_KEY_IN_FLIGHT' ? cancel(n + 1) : answer;
    };
    expect((await all(20, cancel)).map(({ status }) => status).sort()).toEqual(statuses);
    const refunds = 'SELECT amount_minor AS amount FROM order_refund WHERE order_id = ?';
    expect(await select(db, refunds, [orderId])).toEqual([{ amount }]);
    expect(await stockOf(db, unitId)).toEqual(stock);
  });
});
