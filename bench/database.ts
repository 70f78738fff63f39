/** The databases of the bench: they are made, reset to the state before a run, fingerprinted and dropped. */

import { change, type Db, openDatabase, select } from '../infra/database.js';
import { migrate } from '../infra/migrate.js';

const migrations = new URL('../../sql/', import.meta.url);

/** The tables that a run writes, beside the state of its dates. */
const RUN_TABLES = [
  'job_instance',
  'job_execution',
  'partition_execution',
  'run_plan',
  'run_partition_pass',
  'run_partition',
  'partition_total',
  'partition_seller_total',
  'settlement_line',
  'settlement_exception',
  'settlement',
  'settlement_certificate',
];

/** The URL of another database on the same server. */
export function databaseUrl(url: string, name: string): string {
  const other = new URL(url);
  other.pathname = `/${name}`;
  return other.href;
}

/** Drops the database if it exists. */
export async function dropDatabase(url: string): Promise<void> {
  const server = openDatabase(url, { database: '', poolMax: 1 });
  try {
    await server.raw('DROP DATABASE IF EXISTS ??', [new URL(url).pathname.slice(1)]);
  } finally {
    await server.destroy();
  }
}

/** An empty database with the current schema. */
export async function makeDatabase(url: string): Promise<void> {
  await dropDatabase(url);
  await migrate(url, migrations);
}

/** Resets to the state before any run: the next writer of the lines begins with the same empty tables. */
export async function forgetRuns(db: Db): Promise<void> {
  for (const table of RUN_TABLES) await db.raw('TRUNCATE TABLE ??', [table]);
  await change(db, `UPDATE business_date SET status = 'OPEN', shut_at = NULL, closed_at = NULL`);
  await change(db, 'UPDATE settlement_calendar SET shut_through = NULL');
  await change(db, 'UPDATE certificate_chain SET certificates = 0');
}

/** The columns of a settled line, in the order of its table. */
export const LINE_COLUMNS =
  'settled_on, leg, entry_id, generation, seller_id, policy_id, buyer_paid, fee_base, fee, fee_vat, pg_fee, pg_fee_vat, net';

/** Count, sums and a checksum of every column of every line: equal for equal tables, whatever has written them. */
export async function linesFingerprint(db: Db): Promise<string> {
  const [row] = await select<Record<string, unknown>>(
    db,
    `SELECT COUNT(*) AS n, SUM(buyer_paid) AS paid, SUM(fee_base) AS base, SUM(fee) AS fee, SUM(fee_vat) AS vat, SUM(pg_fee) AS pg,
       SUM(pg_fee_vat) AS pg_vat, SUM(net) AS net, SUM(CRC32(CONCAT_WS(',', ${LINE_COLUMNS}))) AS checksum FROM settlement_line`,
  );
  return JSON.stringify(row, (_key, value) => (typeof value === 'number' ? String(value) : value));
}
