/** A separate database with a synthetic feed, for settling the same dates again and again. */
import { randomBytes } from 'node:crypto';
import { createPool } from 'mysql2/promise';
import { environment, runMagam } from './magam.mjs';

/**
 * @typedef {object} ScratchDatabase
 * @property {string} url
 * @property {(sql: string, params?: unknown[]) => Promise<Record<string, string | null>[]>} rows each value as text
 * @property {(sql: string, params?: unknown[]) => Promise<string>} value the first value of the first row
 * @property {(sql: string, params?: unknown[]) => Promise<number>} change returns the affected rows
 * @property {() => Promise<import('mysql2/promise').PoolConnection>} connection to be released by the caller
 * @property {(args: string[]) => Promise<void>} magam runs a command that must succeed
 * @property {() => Promise<void>} drop removes the database and closes the pool
 * @property {() => Promise<void>} close closes the pool, unless that is done
 */

/** @type {(args: string[], url: string) => Promise<{ code: number | null, stderr: string }>} */
const process = (args, url) => runMagam(args, environment(url));

/**
 * Creates and migrates a database on the server.
 * @param {string} serverUrl
 * @param {typeof process} command how the preparing `magam` is run
 * @returns {Promise<ScratchDatabase>}
 */
export async function createScratchDatabase(serverUrl, command = process) {
  const url = new URL(serverUrl);
  url.pathname = `/magam_chaos_${randomBytes(6).toString('hex')}`;
  const db = openScratchDatabase(url.href, command);
  await db.magam(['migrate']);
  return db;
}

/**
 * An existing database, or one that `magam migrate` creates.
 * @param {string} databaseUrl
 * @param {typeof process} command how `magam` is run
 * @returns {ScratchDatabase}
 */
export function openScratchDatabase(databaseUrl, command = process) {
  const url = new URL(databaseUrl);
  const name = url.pathname.slice(1);
  /** @type {ScratchDatabase['magam']} */
  const magam = async (args) => {
    const { code, stderr } = await command(args, url.href);
    if (code !== 0) throw new Error(`magam ${args.join(' ')} failed: ${stderr}`);
  };
  const pool = createPool({
    uri: url.href,
    connectionLimit: 6,
    supportBigNumbers: true,
    bigNumberStrings: true,
    dateStrings: true,
    timezone: 'Z',
  });
  let closed = false;
  const close = async () => {
    if (!closed) await pool.end();
    closed = true;
  };
  /** @type {ScratchDatabase['rows']} */
  const rows = async (sql, params = []) => {
    const [found] = await pool.query(sql, params);
    return /** @type {Record<string, unknown>[]} */ (found).map(texts);
  };
  return {
    url: url.href,
    rows,
    value: async (sql, params) => {
      const [row] = await rows(sql, params);
      return String(Object.values(row ?? {})[0]);
    },
    change: async (sql, params = []) => {
      const [result] = await pool.query(sql, params);
      return /** @type {{ affectedRows: number }} */ (result).affectedRows;
    },
    connection: () => pool.getConnection(),
    magam,
    drop: async () => {
      await pool.query(`DROP DATABASE \`${name}\``);
      await close();
    },
    close,
  };
}

/** @param {Record<string, unknown>} row */
const texts = (row) =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value === null ? null : String(value)]));

/**
 * Seeds a date.
 * @param {ScratchDatabase} db
 * @param {{ lines: number, sellers: number, date: string, seed?: string }} feed
 */
export async function seed(db, { lines, sellers, date, seed: text = '1' }) {
  await db.magam(['seed', '--lines', String(lines), '--sellers', String(sellers), '--date', date, '--seed', text]);
}

const RUN_TABLES = [
  'partition_execution',
  'partition_total',
  'partition_seller_total',
  'run_partition_pass',
  'run_partition',
  'run_plan',
  'job_execution',
  'job_instance',
  'settlement_line',
  'settlement_exception',
  'settlement_exception_past',
  'settlement',
  'settlement_certificate',
  'signing_key',
  'leader_lease',
];

/**
 * Deletes every run and opens every date; feed and policies stay.
 * @param {ScratchDatabase} db
 */
export async function forgetRuns(db) {
  for (const table of RUN_TABLES) await db.change(`DELETE FROM ${table}`);
  await db.change(`UPDATE business_date SET status = 'OPEN', shut_at = NULL, closed_at = NULL`);
  await db.change('UPDATE settlement_calendar SET shut_through = NULL');
  await db.change('UPDATE certificate_chain SET certificates = 0');
}

/**
 * The number of rows of each table, for checking that nothing was written.
 * @param {ScratchDatabase} db
 */
export async function tableCounts(db) {
  const tables = await db.rows(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY table_name`,
  );
  /** @type {Record<string, number>} */
  const counts = {};
  for (const { name } of tables) counts[String(name)] = Number(await db.value(`SELECT COUNT(*) FROM \`${name}\``));
  return counts;
}
