/** The page of an order with ten lines and a list of orders: the product beside a query for each line and each order. */

import type { ApiContext } from '../api/context.js';
import type { Route } from '../api/edge/route.js';
import { apiRoutes } from '../api/routes.js';
import { readConfig } from '../infra/config.js';
import { select } from '../infra/database.js';
import type { ApiUnderMeasurement } from './api-process.js';
import type { Buyers } from './buyers.js';
import { type EdgeServer, serveRoutes } from './edge-server.js';
import { type LoadSample, loadAndFinish, startLoad } from './http-load.js';
import { say } from './measure.js';
import { checkoutsOf } from './order-checkouts.js';
import { rivalRoutes } from './orders-rival.js';
import type { Shop } from './shop.js';

/** Lines of the order whose page is read. */
const LINES = 10;
/** Orders of the buyer: a list of them is full. */
const ORDERS = 60;

/** Connections that are kept busy. */
export const READERS = 32;

export const READS = ['page of an order of 10 lines', 'list of 50 orders'] as const;
export type ReadName = (typeof READS)[number];

interface ReadRound {
  readonly product: LoadSample;
  readonly lineByLine: LoadSample;
}

/** For one call, including the read of the caller's session. */
interface Statements {
  readonly product: number;
  readonly lineByLine: number;
}

export type Reads = Readonly<
  Record<ReadName, { readonly statements: Statements; readonly rounds: readonly ReadRound[] }>
>;

interface Plan {
  readonly shop: Shop;
  readonly buyers: Buyers;
  readonly product: ApiUnderMeasurement;
  readonly rival: ApiUnderMeasurement;
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly rounds: number;
  readonly seconds: number;
}

type Headers = Readonly<Record<string, string>>;

async function bodyOf(url: string, headers: Headers): Promise<string> {
  const answer = await fetch(url, { headers });
  if (answer.status !== 200) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  return answer.text();
}

/** Statements of one call, counted by the database on the only connection of a server in this process. */
async function statementsOf({ url, db }: EdgeServer, path: string, headers: Headers): Promise<number> {
  const count = async (): Promise<number> => {
    const [row] = await select<{ Value: string }>(db, `SHOW SESSION STATUS LIKE 'Questions'`);
    return Number(row?.Value);
  };
  await bodyOf(`${url}${path}`, headers);
  const before = await count();
  await bodyOf(`${url}${path}`, headers);
  return (await count()) - before - 1; // the count itself is a statement, too
}

async function countStatements(plan: Plan, path: string, headers: Headers): Promise<Statements> {
  const config = readConfig({
    MAGAM_DATABASE_URL: plan.databaseUrl,
    MAGAM_REDIS_URL: plan.redisUrl,
    MAGAM_PORT: '0',
    MAGAM_LOG_LEVEL: 'warn',
    MAGAM_RATE_LIMIT: '100000000',
  });
  const counted = async (routesOf: (context: ApiContext) => Route[]): Promise<number> => {
    const server = await serveRoutes(config, routesOf, 1);
    return statementsOf(server, path, headers).finally(server.stop);
  };
  return { product: await counted(apiRoutes), lineByLine: await counted(rivalRoutes) };
}

/** A buyer with orders, the newest of ten lines. @returns the addresses that are read */
async function placeOrders({ shop, product }: Plan, buyers: Awaited<ReturnType<Buyers['signIn']>>) {
  const [buyer] = buyers;
  if (buyer === undefined) throw new Error('there are buyers');
  const ofSeller = (wanted: string) => shop.shelf.filter(({ sellerId }) => sellerId === wanted);
  const seller = shop.shelf.find(({ sellerId }) => ofSeller(sellerId).length >= LINES);
  if (seller === undefined) throw new Error('no seller has so many units');
  const items = ofSeller(seller.sellerId)
    .slice(0, LINES)
    .map(({ unitId }) => ({ unitId, quantity: 1 }));
  const next = await shop.basketsOf('1,000 units');
  await startLoad(product, checkoutsOf([buyer], next), { connections: 1, answers: ORDERS }).sample;
  await startLoad(
    product,
    checkoutsOf([buyer], () => items),
    { connections: 1, answers: 1 },
  ).sample;
  const headers = { authorization: `Bearer ${buyer.token}` };
  const list = JSON.parse(await bodyOf(`${product.url}/v1/orders`, headers)) as { items: { orderId: number }[] };
  return { headers, paths: [`/v1/orders/${list.items[0]?.orderId}`, '/v1/orders'] as const };
}

export async function measureReads(plan: Plan): Promise<Reads> {
  const { product, rival, seconds } = plan;
  const { headers, paths } = await placeOrders(plan, await plan.buyers.signIn());
  const reads = [];
  for (const [at, name] of READS.entries()) {
    const path = paths[at] ?? '';
    if ((await bodyOf(`${product.url}${path}`, headers)) !== (await bodyOf(`${rival.url}${path}`, headers)))
      throw new Error(`${name}: the answers differ`);
    const rounds: ReadRound[] = [];
    for (let round = 1; round <= plan.rounds; round += 1) {
      say(`Round ${round}: ${name} …`);
      const ask = async (server: ApiUnderMeasurement): Promise<LoadSample> =>
        (await loadAndFinish(server, { request: { path, headers } }, { connections: READERS, seconds })).sample;
      rounds.push({ lineByLine: await ask(rival), product: await ask(product) });
    }
    reads.push([name, { statements: await countStatements(plan, path, headers), rounds }]);
  }
  return Object.fromEntries(reads) as Reads;
}
