/** Lists and checkouts at a steady rate while a day is settled, and the same without a settlement. */
import { seedFeed } from '../core/sample/seed-feed.js';
import { type Db, pause } from '../infra/database.js';
import type { ApiUnderMeasurement } from './api-process.js';
import type { Buyer, Buyers } from './buyers.js';
import { type Asked, type LoadSample, startLoad } from './http-load.js';
import { runMagam } from './magam-command.js';
import { say, secondsSince } from './measure.js';
import { checkoutsOf } from './order-checkouts.js';
import type { Shop } from './shop.js';

const DATE = '2026-06-30';

export const STEADY = ['GET /v1/products', 'GET /v1/orders', 'POST /v1/checkouts'] as const;
type Steady = Readonly<Record<(typeof STEADY)[number], LoadSample>>;

export interface BesideSettlement {
  readonly lines: number;
  readonly perSecond: number;
  /** Of the whole command. */
  readonly seconds: number;
  readonly settling: Steady;
  readonly alone: Steady;
}

interface Plan {
  readonly db: Db;
  readonly databaseUrl: string;
  readonly shop: Shop;
  readonly buyers: Buyers;
  readonly product: ApiUnderMeasurement;
  readonly lines: number;
  readonly sellers: number;
  readonly perSecond: number;
}

const CONNECTIONS = 16;
const LONGEST_SECONDS = 3_600;

/** Sends requests of each kind at the same rate until the work is done. */
async function steadily(
  { product, perSecond }: Plan,
  asks: Readonly<Record<(typeof STEADY)[number], Asked>>,
  work: () => Promise<unknown>,
): Promise<Steady> {
  const extent = { connections: CONNECTIONS, seconds: LONGEST_SECONDS, perSecond };
  const loads = STEADY.map((name) => [name, startLoad(product, asks[name], extent)] as const);
  const samples = Promise.all(loads.map(async ([name, { sample }]) => [name, await sample] as const));
  await work().finally(() => {
    for (const [, { stop }] of loads) stop();
  });
  return Object.fromEntries(await samples) as unknown as Steady;
}

export async function measureBesideSettlement(plan: Plan): Promise<BesideSettlement> {
  const { db, lines, sellers, perSecond } = plan;
  say(`Writing a feed of ${lines} lines …`);
  const patience = { outageMs: 0, signal: new AbortController().signal };
  await seedFeed(db, { date: DATE, lines, sellers, seed: '1', requestedBy: 'bench', ...patience });
  const buyers = await plan.buyers.signIn();
  let at = 0;
  const asks = {
    'GET /v1/products': { request: { path: '/v1/products' } },
    'GET /v1/orders': {
      request: () => {
        at += 1;
        const { token } = buyers[at % buyers.length] as Buyer;
        return { path: '/v1/orders', headers: { authorization: `Bearer ${token}` } };
      },
    },
    'POST /v1/checkouts': checkoutsOf(buyers, await plan.shop.basketsOf('1,000 units')),
  };
  say('Settling them beside lists and checkouts …');
  const started = performance.now();
  const settling = await steadily(plan, asks, () => runMagam(plan.databaseUrl, ['settle', '--date', DATE]));
  const seconds = secondsSince(started);
  say('The same without a settlement …');
  const alone = await steadily(plan, asks, () => pause(seconds * 1_000));
  return { lines, perSecond, seconds, settling, alone };
}
