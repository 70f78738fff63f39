/**
 * Ways to sell to many at once, each the whole use case: a checkout is priced, and then placed by the product's own `placeOrders`. All write the same
 * rows: checkout, orders, lines, history, holds, movements, and the rows of stock. They differ in the lock against overselling, and in how many of
 * them one transaction carries.
 */
import { groupOf } from '../api/orders/checkouts.js';
import { type Placed, placeOrders } from '../core/orders/place-orders.js';
import { checkoutPreparer, type Placement } from '../core/orders/prepare-checkout.js';
import type { WantedUnit } from '../core/orders/price-units.js';
import { StockGate } from '../core/stock/gate.js';
import { StockLocks } from '../core/stock/redlock.js';
import { type Reserve, reserveMany } from '../core/stock/reserve.js';
import { lockStock } from '../core/stock/stores/stock.js';
import { readConfig } from '../infra/config.js';
import { type Db, inTransaction, type Tx } from '../infra/database.js';
import { GroupCommit } from '../infra/group-commit.js';
import type { RedisLink } from '../infra/redis.js';
import { isRefusal, type Refusal } from '../kernel/errors.js';
import { decided } from '../kernel/outcome.js';
import { RECEIVER } from './shop.js';

/** Who orders which units. */
export interface Order {
  readonly buyerId: number;
  readonly items: readonly WantedUnit[];
}

/** Sells to one caller. @returns whether it got the units */
export type Sell = (order: Order) => Promise<boolean>;

export interface Rival {
  readonly name: string;
  readonly sell: Sell;
}

type Place = (placement: Placement) => Promise<Placed | Refusal>;

/** The use case: a checkout that is bought directly. @returns what was placed, or INSUFFICIENT_STOCK; any other refusal is thrown */
function checkingOut(db: Db, place: Place): (order: Order) => Promise<Placed | Refusal> {
  const prepare = checkoutPreparer(db, readConfig());
  return async ({ buyerId, items }) => {
    const ask = { buyerId, items, unitIds: null, promotionCode: null, expectedAmountMinor: null, receiver: RECEIVER };
    const outcome = await place(decided(await prepare(ask)));
    return isRefusal(outcome) && outcome.refused !== 'INSUFFICIENT_STOCK' ? decided(outcome) : outcome;
  };
}

const placeOne = async (tx: Tx, placement: Placement, reserve?: Reserve): Promise<Placed | Refusal> =>
  (await placeOrders(tx, [placement], reserve))[0] as Placed | Refusal;

/** Locks the rows, reads and writes. It is the product's own way while Redis is away. */
const underRowLock: Reserve = async (tx, requests) => {
  await lockStock(tx, [...new Set(requests.flatMap(({ units }) => units.map(({ unitId }) => unitId)))]);
  return reserveMany(tx, requests);
};

const unitIdsOf = ({ basket }: Placement): number[] =>
  basket.orders.flatMap(({ lines }) => lines.map(({ unit }) => unit.unitId)).sort((a, b) => a - b);

/** A lock of the database server for each unit around the transaction, on the transaction's own connection. */
async function underNamedLocks(db: Db, placement: Placement): Promise<Placed | Refusal> {
  const connection = await db.client.acquireConnection();
  const names = unitIdsOf(placement).map((unitId) => `bench:${unitId}`);
  const each = async (sql: string): Promise<void> => {
    for (const name of names) await db.raw(sql, [name]).connection(connection);
  };
  try {
    await each('SELECT GET_LOCK(?, 60)');
    try {
      return await db.transaction((tx) => placeOne(tx, placement), { connection });
    } finally {
      await each('SELECT RELEASE_LOCK(?)');
    }
  } finally {
    await db.client.releaseConnection(connection);
  }
}

/** The rivals, the one that the others are compared with first. */
export function rivals(db: Db, redis: RedisLink): Rival[] {
  const quiet = { debug: () => undefined, isLevelEnabled: () => false };
  const locks = new StockLocks(redis, quiet, { waitMs: 60_000, leaseMs: 10_000 });
  const gate = new StockGate(db, redis);
  const groups = new GroupCommit<Placement, Placed>(db, { work: (tx, members) => placeOrders(tx, members) });
  const alone: Place = (placement) => inTransaction(db, (tx) => placeOne(tx, placement));
  const places: Readonly<Record<string, Place>> = {
    'one transaction per order': alone,
    'SELECT … FOR UPDATE': (placement) => inTransaction(db, (tx) => placeOne(tx, placement, underRowLock)),
    'named lock (GET_LOCK)': (placement) => underNamedLocks(db, placement),
    'Redlock per order': (placement) => {
      const productIds = placement.basket.orders.flatMap(({ lines }) => lines.map(({ unit }) => unit.productId));
      const ask = { forWhom: 'bench', productIds };
      return locks.hold(ask, (reserve) => inTransaction(db, (tx) => placeOne(tx, placement, reserve)));
    },
    'group commit': async (placement) => {
      const joined = await groups.join(groupOf(placement), { input: placement });
      if (joined.outcome !== 'done') throw new Error('a checkout without a key is carried out');
      return joined.value;
    },
  };
  const gated = checkingOut(db, alone);
  return [
    ...Object.entries(places).map(([name, place]) => {
      const checkOut = checkingOut(db, place);
      return { name, sell: async (order: Order) => !isRefusal(await checkOut(order)) };
    }),
    {
      name: 'gate, then one transaction per order',
      sell: async (order) => !isRefusal(await gate.pass(order.items, () => gated(order))),
    },
  ];
}
