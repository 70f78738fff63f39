/**
 * Ways to sell one hot unit to many at once. All write the same rows: a checkout, a hold and a movement for each order, and the row of stock. They
 * differ in what keeps orders apart, and in how many orders one transaction carries.
 */
import { randomUUID } from 'node:crypto';
import { insertCheckouts } from '../core/orders/stores/checkout.js';
import { StockGate } from '../core/stock/gate.js';
import { StockLocks } from '../core/stock/redlock.js';
import { type Reserve, reserveMany } from '../core/stock/reserve.js';
import { lockStock } from '../core/stock/stores/stock.js';
import { change, type Db, inTransaction, type Tx } from '../infra/database.js';
import type { RedisLink } from '../infra/redis.js';
import { isRefusal, type Refusal, refuse } from '../kernel/errors.js';

/** Who orders one of which unit. */
export interface Order {
  readonly buyerId: number;
  readonly unitId: number;
}

/** Sells to one caller. @returns whether it got the unit */
export type Sell = (order: Order) => Promise<boolean>;

export interface Rival {
  readonly name: string;
  readonly sell: Sell;
}

/** Rolls back a transaction whose only order is refused. */
class Refused extends Error {}

/** Writes orders in a transaction. @returns the outcome of each; the rows of one that is refused are to be taken away by the caller */
async function place(
  tx: Tx,
  orders: readonly Order[],
  reserve: Reserve = reserveMany,
): Promise<(Refusal | undefined)[]> {
  const checkouts = orders.map(({ buyerId }) => ({
    reference: randomUUID(),
    buyerId,
    currency: 'KRW',
    amountMinor: 39_000,
    promotionId: null,
    receiver: { sealed: 'x'.repeat(300), keyId: '00000000' },
    expiresInMs: 900_000,
  }));
  const ids = await insertCheckouts(tx, checkouts);
  const holders = checkouts.map(({ reference, expiresInMs }) => ({
    holderId: ids.get(reference) ?? 0,
    expiresInMs,
    requestedBy: 'bench',
  }));
  const outcomes = await reserve(
    tx,
    orders.map(({ unitId }, at) => ({
      holder: holders[at] as (typeof holders)[number],
      units: [{ unitId, quantity: 1 }],
    })),
  );
  const refused = holders.filter((_, at) => outcomes[at] !== undefined).map(({ holderId }) => holderId);
  if (refused.length > 0 && refused.length < orders.length)
    await change(tx, `DELETE FROM checkout WHERE checkout_id IN (${refused.map(() => '?').join(', ')})`, refused);
  if (refused.length === orders.length) throw new Refused();
  return outcomes;
}

const sold = (work: Promise<unknown>): Promise<boolean> =>
  work.then(
    () => true,
    (error: unknown) => {
      if (error instanceof Refused) return false;
      throw error;
    },
  );

/** Locks the row, looks, and writes. It is the product's own way while Redis is away. */
const underRowLock: Reserve = async (tx, requests) => {
  await lockStock(tx, [...new Set(requests.flatMap(({ units }) => units.map(({ unitId }) => unitId)))]);
  return reserveMany(tx, requests);
};

/** A lock of the database server around the transaction, on the transaction's own connection. */
async function underNamedLock(db: Db, order: Order): Promise<void> {
  const connection = await db.client.acquireConnection();
  const name = `bench:${order.unitId}`;
  const ask = (sql: string) => db.raw(sql, [name]).connection(connection);
  try {
    await ask('SELECT GET_LOCK(?, 60)');
    try {
      await db.transaction((tx) => place(tx, [order]), { connection });
    } finally {
      await ask('SELECT RELEASE_LOCK(?)');
    }
  } finally {
    await db.client.releaseConnection(connection);
  }
}

/** Orders that wait together go into one transaction; while it is under way the next group gathers. */
function groupCommit(db: Db, membersMax: number): Sell {
  interface Member {
    readonly order: Order;
    readonly tell: (outcome: Promise<boolean>) => void;
  }
  let waiting: Member[] = [];
  let underWay = false;
  const carryOut = async (members: readonly Member[]): Promise<void> => {
    const placed = inTransaction(db, (tx) =>
      place(
        tx,
        members.map(({ order }) => order),
      ),
    ).catch((error: unknown) => {
      if (error instanceof Refused) return undefined;
      throw error;
    });
    members.forEach(({ tell }, at) => {
      tell(placed.then((outcomes) => outcomes !== undefined && !isRefusal(outcomes[at])));
    });
    await placed.catch(() => undefined); // each member has been told
  };
  const run = async (): Promise<void> => {
    underWay = true;
    while (waiting.length > 0) {
      const members = waiting.slice(0, membersMax);
      waiting = waiting.slice(membersMax);
      await carryOut(members);
    }
    underWay = false;
  };
  return (order) =>
    new Promise((tell) => {
      waiting.push({ order, tell });
      if (!underWay) setImmediate(() => (underWay ? undefined : run()));
    });
}

/** The rivals, the one that the others are compared with first. */
export function rivals(db: Db, redis: RedisLink, groupMax: number): Rival[] {
  const quiet = { debug: () => undefined, isLevelEnabled: () => false };
  const locks = new StockLocks(redis, quiet, { waitMs: 60_000, leaseMs: 10_000 });
  const gate = new StockGate(db, redis);
  return [
    { name: 'one transaction per order', sell: (order) => sold(inTransaction(db, (tx) => place(tx, [order]))) },
    {
      name: 'SELECT … FOR UPDATE',
      sell: (order) => sold(inTransaction(db, (tx) => place(tx, [order], underRowLock))),
    },
    { name: 'named lock (GET_LOCK)', sell: (order) => sold(underNamedLock(db, order)) },
    {
      name: 'Redlock per order',
      sell: (order) => {
        const ask = { forWhom: 'bench', productIds: [order.unitId] };
        return sold(locks.hold(ask, (reserve) => inTransaction(db, (tx) => place(tx, [order], reserve))));
      },
    },
    {
      name: 'gate, then one transaction per order',
      sell: async (order) => {
        const asked = [{ unitId: order.unitId, quantity: 1 }];
        const got = await gate.pass(asked, async () =>
          (await sold(inTransaction(db, (tx) => place(tx, [order])))) ? true : refuse('INSUFFICIENT_STOCK'),
        );
        return !isRefusal(got);
      },
    },
    { name: `group commit (up to ${groupMax})`, sell: groupCommit(db, groupMax) },
  ];
}
