/**
 * The database: transactions, and pools with the session settings on which the rules rely. database-errors.ts has the meanings of its errors.
 *
 * Sessions run in UTC, READ COMMITTED and strict mode. A BIGINT arrives as a number while that is exact and as a string
 * beyond 2^53 (the driver's default would corrupt it), a DECIMAL as a string, a date as its text.
 */
import knexFactory, { type Knex } from 'knex';
import type { Refusal } from '../kernel/errors.js';
import { isDuplicateKey, isLockConflict, isWriteRefused } from './database-errors.js';
import { stands } from './faults.js';
import { type SessionConnection, watched } from './watched-connection.js';

/** A pool or a transaction: stores take either and never open a transaction themselves. */
export type Db = Knex;
export type Tx = Knex.Transaction;
/** One value of a row as the driver gives it. */
export type Cell = string | number | null | Date;

export interface DatabaseOptions {
  readonly poolMax?: number;
  /**
   * Seconds after which the server rolls back a session that stays silent, idle or in the middle of a transfer. The pool itself drops
   * idle connections well before, so that none is lost for being idle.
   */
  readonly silenceSeconds?: number;
  /** Seconds a statement waits for a row lock, or for a table that somebody has locked. */
  readonly lockWaitSeconds?: number;
  /**
   * Seconds for which the server may send nothing while a statement is under way; then the connection is given up. A stopped process
   * between the two, for instance a proxy, keeps a connection open that answers nothing. 0: no limit.
   */
  readonly answerSeconds?: number;
  /** Seconds that a statement or a transaction waits for a connection of the pool to be free, or for a new one. */
  readonly connectionWaitSeconds?: number;
  /** A database name instead of the URL's; empty for none. */
  readonly database?: string;
}

const ANSWER_SECONDS = 60;
const CONNECTION_WAIT_SECONDS = 20;
/** For statements that read or write a whole date (`forWholeDates`). */
const WHOLE_DATE_ANSWER_SECONDS = 1_800;

const sqlMode = 'STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,ONLY_FULL_GROUP_BY';

/** The silence limit of a session, shorter than a lease of this length, because a frozen holder must not outlive its lease. */
export const silenceWithin = (leaseMs: number): number => Math.max(1, Math.floor((leaseMs * 0.8) / 1000));

/** Opens a pool. Nothing is connected until the first query. */
export function openDatabase(url: string, options: DatabaseOptions = {}): Db {
  const { hostname, port, username, password, pathname, searchParams } = new URL(url);
  const silence = stands('lease.silence') ? options.silenceSeconds : undefined;
  const session = [
    `time_zone = '+00:00'`,
    `sql_mode = '${sqlMode}'`,
    `innodb_lock_wait_timeout = ${options.lockWaitSeconds ?? 30}`,
    `lock_wait_timeout = ${options.lockWaitSeconds ?? 30}`,
  ];
  if (silence !== undefined) {
    session.push(`wait_timeout = ${silence}`, `net_read_timeout = ${silence}`, `net_write_timeout = ${silence}`);
  }
  const statements = [`SET ${session.join(', ')}`, 'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED'];
  return knexFactory({
    client: 'mysql2',
    connection: {
      host: hostname.replace(/^\[|\]$/g, ''),
      port: port === '' ? 3306 : Number(port),
      user: decodeURIComponent(username),
      password: decodeURIComponent(password),
      database: options.database ?? decodeURIComponent(pathname.slice(1)),
      ...(searchParams.get('ssl') === 'true' ? { ssl: {} } : {}),
      charset: 'utf8mb4',
      timezone: 'Z',
      dateStrings: true,
      supportBigNumbers: true,
      bigNumberStrings: false,
      connectTimeout: Math.min(10_000, 1_000 * (options.answerSeconds || ANSWER_SECONDS)),
    },
    pool: {
      min: 0,
      max: options.poolMax ?? 4,
      ...(silence === undefined ? {} : { idleTimeoutMillis: silence * 500, reapIntervalMillis: silence * 250 }),
      afterCreate: (connection: SessionConnection, done: (error: Error | null, connection: unknown) => void) => {
        const run = (left: readonly string[]): void => {
          const [sql, ...rest] = left;
          if (sql === undefined) done(null, connection);
          else connection.query({ sql }, [], (error: Error | null) => (error ? done(error, connection) : run(rest)));
        };
        watched(connection, options.answerSeconds ?? ANSWER_SECONDS, isWriteRefused);
        run(statements);
      },
    },
    acquireConnectionTimeout: 1_000 * (options.connectionWaitSeconds ?? CONNECTION_WAIT_SECONDS),
    compileSqlOnError: false, // an error quotes its statement, and would also quote the values: hashes, names, addresses
    log: quietLog,
  });
}

/** knex would report a lost connection on standard output, which is for results; the caller of the statement gets the error. */
const quietLog = { warn: () => undefined, error: () => undefined, deprecate: () => undefined, debug: () => undefined };

/** The same pool or transaction, for statements that may be without an answer for this many seconds. */
export const answeringWithin = <T extends Db>(db: T, answerSeconds: number): T =>
  new Proxy(db, {
    get: (target, key) =>
      key === 'raw'
        ? (...call: Parameters<Db['raw']>) => target.raw(...call).options({ answerSeconds })
        : Reflect.get(target, key),
  });

/** The same pool or transaction, for statements that read or write a whole date: they may be without an answer for minutes. */
export const forWholeDates = <T extends Db>(db: T): T => answeringWithin(db, WHOLE_DATE_ANSWER_SECONDS);

/** Creates the URL's database unless it exists. */
export async function createDatabase(url: string): Promise<void> {
  const name = decodeURIComponent(new URL(url).pathname.slice(1));
  const server = openDatabase(url, { database: '', poolMax: 1 });
  try {
    await server.raw('CREATE DATABASE IF NOT EXISTS ?? CHARACTER SET utf8mb4 COLLATE utf8mb4_bin', [name]);
  } finally {
    await server.destroy();
  }
}

/** Converters for columns that the driver returns in another form than the row has: `{ createdAt: isoTime, live: isTrue }`. NULL stays null. */
export type Reading<Row> = {
  readonly [Column in keyof Row]?: (cell: never) => NonNullable<Row[Column]>;
};

/**
 * Rows of a query, typed by the caller, who knows the statement: its columns have the names of the row's fields (`created_at AS createdAt`).
 * Numbers, text and dates come as they are; a DATETIME, a flag and JSON are read by `isoTime`, `isTrue` and `fromJson`.
 */
export async function select<Row>(
  db: Db,
  sql: string,
  params: readonly unknown[] = [],
  reading: Reading<Row> = {},
): Promise<Row[]> {
  const [rows] = await db.raw(sql, params as Knex.RawBinding[]);
  const read = Object.entries(reading) as [string, (cell: Cell) => unknown][];
  for (const row of rows as Record<string, Cell>[])
    for (const [column, convert] of read) {
      const cell = row[column] ?? null;
      if (cell !== null) row[column] = convert(cell) as Cell;
    }
  return rows as Row[];
}

/** Rows as arrays, much cheaper than objects: for reads of many rows. Without `params` a question mark is itself. */
export async function selectArrays(db: Db, sql: string, params?: readonly unknown[]): Promise<Cell[][]> {
  const query = params === undefined ? db.raw(sql) : db.raw(sql, params as Knex.RawBinding[]);
  const [rows] = await query.options({ rowsAsArray: true });
  return rows as Cell[][];
}

/**
 * Rows of a query as arrays (numbers as in `selectArrays`), batch by batch as the server sends them: flat memory however many
 * there are. The connection is busy until the last batch was taken.
 */
export async function* streamArrays(
  db: Db,
  sql: string,
  params: readonly unknown[],
  batchRows = 200,
): AsyncGenerator<Cell[][]> {
  const query = db.raw(sql, params as Knex.RawBinding[]).options({ rowsAsArray: true });
  let batch: Cell[][] = [];
  for await (const row of query.stream({ highWaterMark: batchRows })) {
    batch.push(row as Cell[]);
    if (batch.length < batchRows) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** A DATETIME of the database, which is in UTC, as ISO 8601. */
export const isoTime = (stamp: string): string => `${stamp.replace(' ', 'T')}Z`;

/** The same moment as the database compares it. */
export const databaseTime = (iso: string): string => iso.replace('T', ' ').replace('Z', '');

/** The present moment by the clock of the database, as it stores it. */
export const databaseMoment = async (db: Db): Promise<string> =>
  ((await selectArrays(db, 'SELECT UTC_TIMESTAMP(3)'))[0] as [string])[0];

/** A flag, or a comparison in the SELECT list, which are 0 or 1. */
export const isTrue = (flag: number): boolean => flag === 1;

/** JSON that the program itself has stored. */
export const fromJson = (text: string): never => JSON.parse(text) as never;

/** Runs a changing statement; returns the number of rows it matched (UPDATE) or changed (INSERT, DELETE). */
export async function change(db: Db, sql: string, params: readonly unknown[] = []): Promise<number> {
  const [result] = await db.raw(sql, params as Knex.RawBinding[]);
  return (result as { affectedRows: number }).affectedRows;
}

/**
 * Like `change`, for an UPDATE of one row that tells a number by `LAST_INSERT_ID(number)`: it comes with the answer, so that it does not have to be read.
 * Where no row was changed it means nothing.
 */
export async function changeTelling(
  db: Db,
  sql: string,
  params: readonly unknown[],
): Promise<{ readonly rows: number; readonly told: number }> {
  const [result] = await db.raw(sql, params as Knex.RawBinding[]);
  const { affectedRows, insertId } = result as { affectedRows: number; insertId: number | string };
  return { rows: affectedRows, told: Number(insertId) };
}

/** The result of `insert`, or the refusal when a row has the same unique key. The transaction continues: MySQL undoes only the statement. */
export async function orRefusal<T>(insert: Promise<T>, refusal: Refusal): Promise<T | Refusal> {
  try {
    return await insert;
  } catch (error) {
    if (isDuplicateKey(error)) return refusal;
    throw error;
  }
}

/** Inserts rows and returns the AUTO_INCREMENT id of the first, which is the least of theirs. */
export async function insertReturningId(db: Db, sql: string, params: readonly unknown[]): Promise<number> {
  const [result] = await db.raw(sql, params as Knex.RawBinding[]);
  return Number((result as { insertId: number | string }).insertId);
}

/** How long work is tried again when its error passes by itself. Without a bound it is tried forever. */
export interface Patience {
  readonly passes: (error: unknown) => boolean;
  /** Times that it is tried at most. */
  readonly tries?: number;
  /** No further try begins after this many milliseconds from the first one. */
  readonly withinMs?: number;
  /** True ends the tries. */
  readonly unless?: () => boolean;
  /** Called before each pause, with the error and the milliseconds that are left of `withinMs`. */
  readonly onFailure?: (error: unknown, leftMs: number) => void;
}

/**
 * Runs `work` until it succeeds, fails with an error that does not pass, or reaches a limit; then the last error is thrown. The pauses
 * grow to about a second and are random, so that two callers that collided do not collide again.
 */
export async function withRetries<T>(work: () => Promise<T>, patience: Patience): Promise<T> {
  const { passes, tries = Number.POSITIVE_INFINITY, withinMs = Number.POSITIVE_INFINITY, unless } = patience;
  const startedAt = performance.now();
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const leftMs = withinMs - (performance.now() - startedAt);
      if (!passes(error) || attempt >= tries || leftMs < 0 || unless?.()) throw error;
      patience.onFailure?.(error, leftMs);
      await pause((0.2 + Math.random()) * 50 * 2 ** Math.min(attempt, 4));
    }
  }
}

/**
 * Runs `work` in a transaction. A deadlock (1213) or a lock wait timeout (1205, which the server answers by rolling back
 * only the statement) rolls the whole transaction back and runs it again, at most `tries` times.
 */
export const inTransaction = <T>(db: Db, work: (tx: Tx) => Promise<T>, tries = 6): Promise<T> =>
  withRetries(() => db.transaction(work), { passes: isLockConflict, tries });

/**
 * Runs `work` in one consistent, read-only snapshot. When the signal aborts, its connection is cut, whatever the server is still
 * sending: the pool drops it, and `work` fails.
 */
export async function inSnapshot<T>(db: Db, work: (tx: Db) => Promise<T>, signal?: AbortSignal): Promise<T> {
  const connection = await db.client.acquireConnection();
  let onAbort = (): void => undefined;
  const cut = new Promise<never>((_resolve, reject) => {
    onAbort = () => {
      connection.destroy();
      connection.stream.destroy(); // a socket that is paused would hold the server's end open
      db.raw('KILL ?', [connection.threadId]).catch(() => undefined); // the server may be sorting, and does not notice the end of the connection
      reject(signal?.reason); // a reader of its rows would wait forever
    };
  });
  cut.catch(() => undefined);
  signal?.addEventListener('abort', onAbort);
  // knex releases the connection of a stream when that ends, also one that was handed to it: the snapshot would go on over a connection
  // that others use. A client that neither takes nor gives back connections prevents it.
  const client = Object.create(db.client, {
    acquireConnection: { value: () => Promise.resolve(connection) },
    releaseConnection: { value: () => Promise.resolve() },
  });
  const raw = (sql: string, params: readonly Knex.RawBinding[] = []) => Object.assign(db.raw(sql, params), { client });
  const pinned = new Proxy(db, {
    get: (target, key) => (key === 'raw' ? raw : Reflect.get(target, key)),
  });
  try {
    signal?.throwIfAborted();
    const view = async (): Promise<T> => {
      await raw('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
      await raw('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY');
      return work(pinned);
    };
    return await Promise.race([view(), cut]);
  } finally {
    signal?.removeEventListener('abort', onAbort);
    if (signal?.aborted !== true) await raw('ROLLBACK').catch(() => undefined);
    await db.client.releaseConnection(connection);
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
