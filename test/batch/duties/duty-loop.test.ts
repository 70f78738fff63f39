/** The loop of the duties on a real database: turns, leases, failures, and an end. */
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Duty, DutyContext } from '../../../batch/duties/duty.js';
import { inBatches } from '../../../batch/duties/duty.js';
import { runDuties } from '../../../batch/duties/duty-loop.js';
import { runnerDuties } from '../../../batch/duties/registry.js';
import { CatalogueCache } from '../../../core/catalogue/catalogue-cache.js';
import { readConfig } from '../../../infra/config.js';
import { change, inTransaction, select } from '../../../infra/database.js';
import type { RedisLink } from '../../../infra/redis.js';
import { type DutyRecord, readDuties, recordSuccess } from '../../../infra/stores/duty.js';
import { until } from '../../../scripts/chaos/magam.mjs';
import { createTestDatabase, inStatement, type TestDatabase } from '../../support/database.js';
import { linkTo, startRedis, type TestRedis } from '../../support/redis.js';

const HOUR_MS = 3_600_000;
const LEASE_MS = 1_000;
const config = { ...readConfig({ NODE_ENV: 'test' }), leaseMs: LEASE_MS };
let database: TestDatabase;
let redis: TestRedis;
const links: RedisLink[] = [];
const stops: (() => Promise<void>)[] = [];

beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), startRedis()]);
});
afterAll(async () => {
  await redis.stop();
  await database.drop();
});
beforeEach(async () => {
  for (const table of ['duty', 'leader_lease']) await change(database.db, `DELETE FROM ${table}`);
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  for (const link of links.splice(0)) link.close();
});

async function newLink(): Promise<RedisLink> {
  const link = await linkTo(redis);
  links.push(link);
  return link;
}

/** Looks again at once: nothing here waits for a time. */
const idle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

/** A loop as a process has it; `stop` ends it. */
async function startLoop(duties: readonly Duty[], limitMs?: number) {
  const abort = new AbortController();
  const told: string[] = [];
  const context: DutyContext = {
    db: database.db,
    config,
    providers: new Map(),
    payoutProviders: new Map(),
    alarmConsumers: [],
    catalogue: new CatalogueCache(await newLink()),
    signal: abort.signal,
    log: (_level, _fields, message) => void told.push(message),
  };
  const ended = runDuties(context, duties, idle, limitMs);
  const stop = async (): Promise<void> => {
    abort.abort();
    await ended;
  };
  stops.push(stop);
  return { stop, told };
}

const recordOf = async (name: string): Promise<DutyRecord | undefined> =>
  (await readDuties(database.db)).find((duty) => duty.name === name);
const succeeded = (name: string): Promise<boolean> =>
  until(async () => typeof (await recordOf(name))?.succeededAt === 'number', `${name} succeeded`);
const dueAgain = (name: string) =>
  change(database.db, 'UPDATE duty SET due_at = UTC_TIMESTAMP(3) WHERE name = ?', [name]);

/** A duty that counts its turns and waits to be let go. */
function heldDuty(name: string) {
  const turns: AbortSignal[] = [];
  let letGo = (): void => undefined;
  const gone = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const duty: Duty = {
    name,
    everyMs: HOUR_MS,
    run: async ({ signal }) => {
      turns.push(signal);
      await (signal.aborted ? undefined : Promise.race([gone, once(signal, 'abort')]));
      return 1;
    },
  };
  return { duty, turns, letGo };
}

it('does each duty when it is due, and not again before', async () => {
  let turns = 0;
  const count: Duty = { name: 'count', everyMs: HOUR_MS, run: async () => [2, 3][turns++] ?? 0 };
  await startLoop([count]);
  await until(async () => (await recordOf('count'))?.rowsDone === 2, 'the first turn');
  expect(await recordOf('count')).toMatchObject({ failures: 0, overdueSeconds: 0 });
  await dueAgain('count');
  await until(async () => (await recordOf('count'))?.rowsDone === 5, 'the second turn');
  expect(turns).toBe(2);
});

it('goes on with the others when one fails or hangs, and tries the failed one again', async () => {
  let fails = true;
  const failing: Duty = {
    name: 'failing',
    everyMs: HOUR_MS,
    run: async () => {
      if (fails) throw new Error('no luck');
      return 7;
    },
  };
  const hanging = heldDuty('hanging');
  const fine: Duty = { name: 'fine', everyMs: HOUR_MS, run: async () => 1 };
  const { told } = await startLoop([failing, hanging.duty, fine]);
  await succeeded('fine');
  await until(async () => (await recordOf('failing'))?.failures === 1, 'the failure');
  expect(told).toContain('a duty failed and is tried again');
  const sql = `SELECT error, TIMESTAMPDIFF(SECOND, failed_at, due_at) AS retrySeconds FROM duty WHERE name = 'failing'`;
  expect(await select(database.db, sql)).toEqual([{ error: 'no luck', retrySeconds: 30 }]);
  fails = false;
  await dueAgain('failing');
  await succeeded('failing');
  expect(await recordOf('failing')).toMatchObject({ failures: 1, rowsDone: 7 });
  expect(await select(database.db, sql)).toMatchObject([{ error: null }]);
  expect((await recordOf('hanging'))?.succeededAt).toBeNull();
});

it('of two loops one does a duty, however long it takes, and the other does not do it once more', async () => {
  const long = heldDuty('long');
  await startLoop([long.duty]);
  await startLoop([long.duty]);
  await until(() => long.turns.length > 0, 'the first turn');
  const lease = () =>
    select<{ epoch: number; ms: number }>(
      database.db,
      `SELECT l.epoch, TIMESTAMPDIFF(MICROSECOND, d.due_at, l.lease_until) / 1000 AS ms FROM leader_lease l, duty d WHERE l.name = 'duty:long'`,
    );
  await until(async () => Number((await lease())[0]?.ms) > 3 * LEASE_MS, 'the lease was renewed several times');
  expect({ turns: long.turns.length, aborted: long.turns[0]?.aborted }).toEqual({ turns: 1, aborted: false });
  long.letGo();
  await succeeded('long');
  await until(async () => (await lease())[0]?.epoch !== undefined, 'the lease is there');
  expect(long.turns).toHaveLength(1);
});

it('does not do a duty once more that another process did just before it got the lease', async () => {
  await change(
    database.db,
    `INSERT INTO leader_lease (name, owner, epoch, lease_until) VALUES ('duty:once', 'another', 1, UTC_TIMESTAMP(3) - INTERVAL 1 SECOND)`,
  );
  let turns = 0;
  const once: Duty = { name: 'once', everyMs: HOUR_MS, run: async () => ++turns };
  const { stop } = await inTransaction(database.db, async (tx) => {
    await tx.raw(`SELECT owner FROM leader_lease WHERE name = 'duty:once' FOR UPDATE`);
    const loop = await startLoop([once]);
    await inStatement(database.db, '%UPDATE leader_lease%');
    await recordSuccess(tx, 'once', HOUR_MS, 1);
    return loop;
  });
  await until(
    async () => (await select(database.db, `SELECT 1 FROM leader_lease WHERE epoch = 2`)).length > 0,
    'the lease',
  );
  await stop();
  expect(turns).toBe(0);
});

it('tells a duty to end whose lease somebody else has taken, and records nothing of it', async () => {
  const long = heldDuty('long');
  const { told } = await startLoop([long.duty]);
  await until(() => long.turns.length > 0, 'the turn');
  const taken = `UPDATE leader_lease SET owner = 'somebody-else', epoch = epoch + 1, lease_until = UTC_TIMESTAMP(3) + INTERVAL 1 HOUR`;
  await change(database.db, `${taken} WHERE name = 'duty:long'`);
  await until(() => long.turns[0]?.aborted === true, 'the duty is told to end');
  await until(() => told.length > 0, 'it has ended');
  expect(String(long.turns[0]?.reason)).toContain('another process has taken it');
  expect(await recordOf('long')).toMatchObject({ succeededAt: null, rowsDone: 0, failures: 0 });
});

it('takes a duty over whose holder died, when the lease has run out', async () => {
  await change(
    database.db,
    `INSERT INTO leader_lease (name, owner, epoch, lease_until) VALUES ('duty:left', 'the-dead', 4, UTC_TIMESTAMP(3) + INTERVAL 1 SECOND)`,
  );
  let seen: unknown;
  const left: Duty = {
    name: 'left',
    everyMs: HOUR_MS,
    run: async ({ db }) => {
      const sql = `SELECT epoch FROM leader_lease WHERE name = 'duty:left' AND owner <> 'the-dead'`;
      [seen] = await select(db, sql);
      return 0;
    },
  };
  await startLoop([left]);
  await succeeded('left');
  expect(seen).toEqual({ epoch: 5 });
});

it('tells a duty to end that takes too long, and counts a failure', async () => {
  const long = heldDuty('long');
  await startLoop([long.duty], 300);
  await until(async () => (await recordOf('long'))?.failures === 1, 'the failure');
  expect(await recordOf('long')).toMatchObject({ succeededAt: null, rowsDone: 0 });
  expect(await select(database.db, 'SELECT error FROM duty')).toEqual([{ error: 'it took longer than 0.3 s' }]);
});

it('leaves a duty due, and its lease free, when the process is to stop', async () => {
  const long = heldDuty('long');
  const { stop } = await startLoop([long.duty]);
  await until(() => long.turns.length > 0, 'the turn');
  await stop();
  expect(await recordOf('long')).toMatchObject({ succeededAt: null, failures: 0 });
  const held = `SELECT name FROM leader_lease WHERE name = 'duty:long' AND lease_until >= UTC_TIMESTAMP(3)`;
  expect(await select(database.db, held)).toEqual([]);
  await startLoop([{ name: 'long', everyMs: HOUR_MS, run: async () => 9 }]);
  await succeeded('long');
});

it('does nothing in a process with another time zone than the database', async () => {
  await change(database.db, `UPDATE installation SET time_zone = 'America/Sao_Paulo'`);
  const { told } = await startLoop([{ name: 'never', everyMs: HOUR_MS, run: async () => 1 }]);
  await until(() => told.includes('duties could not be looked for'), 'the refusal');
  expect((await recordOf('never'))?.succeededAt).toBeNull();
  await change(database.db, 'UPDATE installation SET time_zone = NULL');
});

it('a duty evicts what the servers have cached', async () => {
  const server = new CatalogueCache(await newLink());
  let version = 1;
  const read = async () => (await server.product(7, async () => ({ text: `v${version}` })))?.octets;
  expect(await read()).toBe('v1');
  version = 2;
  expect(await read()).toBe('v1');
  const place = { productId: 7, sellerId: 'S1', categoryPath: [1] };
  await startLoop([
    {
      name: 'evict',
      everyMs: HOUR_MS,
      run: async ({ catalogue }) => {
        await catalogue.productChanged(place);
        return 1;
      },
    },
  ]);
  await succeeded('evict');
  expect(await read()).toBe('v2');
});

describe('batches', () => {
  it('end with one that is not full, after so many, and when the duty is to end', async () => {
    const { signal } = new AbortController();
    const of =
      (...rows: number[]) =>
      () =>
        Promise.resolve(rows.shift() ?? 0);
    expect(await inBatches(signal, { rowsMax: 5, batchesMax: 9 }, of(5, 5, 2, 5))).toBe(12);
    expect(await inBatches(signal, { rowsMax: 5, batchesMax: 2 }, of(5, 5, 5))).toBe(10);
    expect(await inBatches(AbortSignal.abort(), { rowsMax: 5, batchesMax: 2 }, of(5))).toBe(0);
  });
});

it('names of duties fit into the tables and are there once', () => {
  const names = runnerDuties.map(({ name }) => name);
  expect(names.filter((name) => !/^[a-z-]{1,27}$/.test(name))).toEqual([]);
  expect(new Set(names).size).toBe(names.length);
});
