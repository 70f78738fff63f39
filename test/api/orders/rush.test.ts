/** A rush on two real servers: exactly as many get the unit as there are, whatever is repeated or killed meanwhile. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { verifyStock } from '../../../core/stock/verify-stock.js';
import { select } from '../../../infra/database.js';
import { makeUnit, receiver, stockOf } from '../../core/orders/order-scene.js';
import { makeAccount } from '../../support/accounts.js';
import { type ApiProcess, type CallAnswer, spawnApi } from '../../support/api.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

const BUYERS = 500;
let database: TestDatabase;
let servers: ApiProcess[];
let tokens: string[];

beforeAll(async () => {
  database = await createTestDatabase();
  tokens = [];
  for (let made = 0; made < BUYERS; made += 20) {
    const buyers = await Promise.all(Array.from({ length: 20 }, () => makeAccount(database.db, 'buyer')));
    tokens.push(...buyers.map(({ token }) => token));
  }
}, 120_000);
beforeEach(async () => {
  servers = await Promise.all([spawnApi(database.url), spawnApi(database.url)]);
});
afterEach(() => Promise.all(servers.map((server) => server.stop())));
afterAll(() => database?.drop());

type Items = readonly { readonly unitId: number; readonly quantity: number }[];

/** Checks out, and again under the same key while the server is busy or dead: at the other one then. */
async function buy(token: string, at: number, key: string, items: Items): Promise<CallAnswer> {
  for (let turn = at; ; turn += 1) {
    const server = servers[turn % servers.length] as ApiProcess;
    const request = { token, headers: { 'Idempotency-Key': key }, body: { items, receiver } };
    const answer = await server.call('POST', '/v1/checkouts', request).catch(() => undefined);
    const again = answer === undefined || answer.status === 503 || answer.body.code === 'IDEMPOTENCY_KEY_IN_FLIGHT';
    if (!again) return answer;
  }
}

const tally = (answers: readonly CallAnswer[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { status, body } of answers) {
    const outcome = status === 201 ? 'ordered' : String(body.code);
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  return counts;
};

/** Orders of a unit, by the rows. */
const ordersOf = async (unitId: number): Promise<number> => {
  const sql = 'SELECT COUNT(*) AS orders FROM order_line WHERE unit_id = ?';
  return Number((await select<{ orders: number }>(database.db, sql, [unitId]))[0]?.orders);
};

it('500 buyers for 10, each asking twice: ten get one, and the same answer comes twice', async () => {
  const unitId = await makeUnit(database.db, 'S1', { stock: 10 });
  const items = [{ unitId, quantity: 1 }];
  const ask = (token: string, i: number) => Promise.all([0, 1].map((turn) => buy(token, i + turn, 'rush', items)));
  const answers = await Promise.all(tokens.map(ask));
  expect(tally(answers.map(([first]) => first as CallAnswer))).toEqual({ ordered: 10, INSUFFICIENT_STOCK: 490 });
  for (const [first, second] of answers) expect(second?.body).toEqual(first?.body);
  expect(await stockOf(database.db, unitId)).toEqual([0, 10, 0]);
  expect(await ordersOf(unitId)).toBe(10);
  expect((await verifyStock(database.db)).ok).toBe(true);
}, 180_000);

it('baskets of {A, B} against {B, A}: each is whole or not there', async () => {
  const [a, b] = [await makeUnit(database.db, 'S1', { stock: 30 }), await makeUnit(database.db, 'S2', { stock: 20 })];
  const basket = (i: number) => (i % 2 === 0 ? [a, b] : [b, a]).map((unitId) => ({ unitId, quantity: 1 }));
  const answers = await Promise.all(tokens.slice(0, 100).map((token, i) => buy(token, i, 'baskets', basket(i))));
  expect(tally(answers)).toEqual({ ordered: 20, INSUFFICIENT_STOCK: 80 });
  expect([await stockOf(database.db, a), await stockOf(database.db, b)]).toEqual([
    [10, 20, 0],
    [0, 20, 0],
  ]);
  expect([await ordersOf(a), await ordersOf(b)]).toEqual([20, 20]);
}, 180_000);

it.each(['group.before-commit', 'group.committed'])(
  'a server that is killed at %s leaves nothing half done',
  async (point) => {
    const unitId = await makeUnit(database.db, 'S1', { stock: 10 });
    await servers[0]?.stop();
    const doomed = await spawnApi(database.url, { MAGAM_FAULT: `${point}:kill` });
    servers = [doomed, servers[1] as ApiProcess];
    const items = [{ unitId, quantity: 1 }];
    const answers = await Promise.all(tokens.slice(0, 60).map((token, i) => buy(token, i, point, items)));
    expect(await doomed.ended).toMatchObject({ signal: 'SIGKILL' });
    expect(tally(answers)).toEqual({ ordered: 10, INSUFFICIENT_STOCK: 50 });
    expect(await stockOf(database.db, unitId)).toEqual([0, 10, 0]);
    expect(await ordersOf(unitId)).toBe(10);
    expect((await verifyStock(database.db)).ok).toBe(true);
  },
  180_000,
);
