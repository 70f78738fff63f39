/** Entries that a run could not settle. A supplement that settles one later is recorded on its row. */

import { type Cell, change, type Db, select, streamArrays, type Tx } from '../../../infra/database.js';
import type { Leg } from '../../feed/rules/leg.js';
import { columnOf, ENTRY_FIGURES } from '../rules/figures.js';
import type { SettlementException } from '../rules/line.js';

/** Parks entries of a first generation. */
export async function insertExceptions(
  tx: Tx,
  date: string,
  generation: number,
  exceptions: readonly SettlementException[],
): Promise<void> {
  if (exceptions.length === 0) return;
  const rows = exceptions.map(({ leg, entryId, code, details }) => [
    date,
    leg,
    entryId,
    generation,
    code,
    JSON.stringify(details).slice(0, 1000),
  ]);
  const values = rows.map(() => '(?, UTC_TIMESTAMP(3))').join(', ');
  await change(
    tx,
    `INSERT INTO settlement_exception (settled_on, leg, entry_id, generation, code, details, parked_at) VALUES ${values}`,
    rows as unknown[],
  );
}

/** Records the reasons why entries that a supplement tried stay parked, where they changed; the earlier certificates vouch for the ones before. */
export async function updateExceptions(
  tx: Tx,
  date: string,
  generation: number,
  exceptions: readonly SettlementException[],
): Promise<void> {
  for (const { leg, entryId, code, details } of exceptions) {
    await change(
      tx,
      `INSERT INTO settlement_exception_past (settled_on, leg, entry_id, until_generation, code, details)
       SELECT settled_on, leg, entry_id, ?, code, details FROM settlement_exception
       WHERE settled_on = ? AND leg = ? AND entry_id = ? AND code <> ?`,
      [generation, date, leg, entryId, code],
    );
    await change(
      tx,
      'UPDATE settlement_exception SET code = ?, details = ? WHERE settled_on = ? AND leg = ? AND entry_id = ? AND code <> ?',
      [code, JSON.stringify(details).slice(0, 1000), date, leg, entryId, code],
    );
  }
}

/** Records that a supplement settled these entries. Returns how many were open. */
export async function resolveExceptions(
  tx: Tx,
  date: string,
  generation: number,
  leg: Leg,
  entryIds: readonly number[],
): Promise<number> {
  if (entryIds.length === 0) return 0;
  return change(
    tx,
    'UPDATE settlement_exception SET settled_generation = ? WHERE settled_on = ? AND leg = ? AND entry_id IN (?) AND settled_generation IS NULL',
    [generation, date, leg, entryIds],
  );
}

/** Undoes the work of a generation on parked entries: those that it has parked, those that it has settled, and the new reasons that it has found. */
export async function forgetExceptions(tx: Tx, date: string, generation: number): Promise<void> {
  await change(
    tx,
    `UPDATE settlement_exception x JOIN settlement_exception_past p ON p.settled_on = x.settled_on AND p.leg = x.leg AND p.entry_id = x.entry_id
     SET x.code = p.code, x.details = p.details WHERE p.settled_on = ? AND p.until_generation = ?`,
    [date, generation],
  );
  await change(tx, 'DELETE FROM settlement_exception_past WHERE settled_on = ? AND until_generation = ?', [
    date,
    generation,
  ]);
  await change(tx, 'DELETE FROM settlement_exception WHERE settled_on = ? AND generation = ?', [date, generation]);
  await change(
    tx,
    'UPDATE settlement_exception SET settled_generation = NULL WHERE settled_on = ? AND settled_generation = ?',
    [date, generation],
  );
}

/** Entries of the date that are parked. */
export async function countOpenExceptions(db: Db, date: string): Promise<number> {
  const [row] = await select<{ n: number }>(
    db,
    'SELECT COUNT(*) AS n FROM settlement_exception WHERE settled_on = ? AND settled_generation IS NULL',
    [date],
  );
  return Number(row?.n ?? 0);
}

/** Parked entries of the last 32 dates that were settled. */
export async function countRecentExceptions(db: Db): Promise<number> {
  const [row] = await select<{ n: number | string }>(
    db,
    `SELECT COUNT(*) AS n FROM (SELECT CAST(job_key AS DATE) AS settled_on FROM job_instance WHERE job = 'settle' ORDER BY job_key DESC LIMIT 32) d
       JOIN settlement_exception x ON x.settled_on = d.settled_on WHERE x.settled_generation IS NULL`,
  );
  return Number(row?.n ?? 0);
}

/**
 * The parked entries of a date, or with `all` also those settled since, in batches of arrays: leg (0 sale, 1 refund), entry id, order, line and
 * refund id, code, details (JSON text), generation, when it was parked, the generation that settled it later or null.
 */
export function streamExceptions(db: Db, date: string, all: boolean): AsyncGenerator<Cell[][]> {
  return streamArrays(
    db,
    `SELECT x.leg, x.entry_id, s.order_id, s.line_id, r.refund_id, x.code, x.details, x.generation, x.parked_at, x.settled_generation
     FROM settlement_exception x
     LEFT JOIN refund_entry r ON x.leg = 1 AND r.settled_on = x.settled_on AND r.entry_id = x.entry_id
     LEFT JOIN sale_entry s ON s.settled_on = IF(x.leg = 0, x.settled_on, r.original_on)
       AND s.entry_id = IF(x.leg = 0, x.entry_id, r.original_id)
     WHERE x.settled_on = ? ${all ? '' : 'AND x.settled_generation IS NULL'}
     ORDER BY x.settled_on, x.leg, x.entry_id`,
    [date],
  );
}

/** The entries, among these, that are parked under the code. */
export async function findExceptionsByCode(
  db: Db,
  date: string,
  leg: Leg,
  code: string,
  entryIds: readonly number[],
): Promise<Set<number>> {
  if (entryIds.length === 0) return new Set();
  const rows = await select<{ entry_id: number }>(
    db,
    `SELECT entry_id FROM settlement_exception
     WHERE settled_on = ? AND leg = ? AND entry_id IN (?) AND code = ? AND settled_generation IS NULL`,
    [date, leg, entryIds, code],
  );
  return new Set(rows.map((row) => Number(row.entry_id)));
}

export interface ExceptionFilter {
  readonly date: string;
  readonly code?: string | undefined;
  /** Includes entries that a supplement has settled since. */
  readonly all: boolean;
  /** The end of the previous page. */
  readonly after?: { readonly leg: number; readonly entryId: number } | undefined;
}

/** A parked entry with its whole feed entry; for a refund with its sale, which is null when the feed no longer has it. */
export interface ExceptionRecord {
  readonly leg: Leg;
  readonly entryId: number;
  readonly code: string;
  /** JSON, cut off at the width of its column. */
  readonly details: string;
  readonly generation: number;
  /** UTC, as the database writes it. */
  readonly parkedAt: string;
  readonly settledGeneration: number | null;
  readonly sale: Readonly<Record<string, string | number | null>> | null;
  readonly refund: Readonly<Record<string, string | number | null>> | null;
}

const amounts = [...ENTRY_FIGURES.map(columnOf), 'currency', 'occurred_on', 'import_id'];
const saleColumns = [
  'order_id',
  'line_id',
  'seller_id',
  'product_id',
  'category',
  'quantity',
  'unit_price',
  'ordered_on',
  ...amounts,
];
const refundColumns = ['refund_id', 'quantity', 'prior_quantity', 'original_on', 'reason', ...amounts];

/** A page of the parked entries of a date, by leg and entry id: the clustered key. */
export async function readExceptionPage(db: Db, filter: ExceptionFilter, limit: number): Promise<ExceptionRecord[]> {
  const { date, code, all, after } = filter;
  const columnsOf = (columns: readonly string[], table: string): string =>
    columns.map((column) => `${table}.${column} AS ${table}_${column}`).join(', ');
  const rows = await select<Record<string, string | number | null>>(
    db,
    `SELECT x.leg, x.entry_id, x.code, x.details, x.generation, x.parked_at, x.settled_generation,
       s.entry_id AS sale_id, r.entry_id AS refund_entry_id, ${columnsOf(saleColumns, 's')}, ${columnsOf(refundColumns, 'r')}
     FROM settlement_exception x FORCE INDEX (PRIMARY)
     LEFT JOIN refund_entry r ON x.leg = 1 AND r.settled_on = x.settled_on AND r.entry_id = x.entry_id
     LEFT JOIN sale_entry s ON s.settled_on = IF(x.leg = 0, x.settled_on, r.original_on)
       AND s.entry_id = IF(x.leg = 0, x.entry_id, r.original_id)
     WHERE x.settled_on = ? ${all ? '' : 'AND x.settled_generation IS NULL'} ${code === undefined ? '' : 'AND x.code = ?'}
       ${after === undefined ? '' : 'AND x.leg >= ? AND (x.leg > ? OR x.entry_id > ?)'}
     ORDER BY x.settled_on, x.leg, x.entry_id LIMIT ?`,
    [
      date,
      ...(code === undefined ? [] : [code]),
      ...(after === undefined ? [] : [after.leg, after.leg, after.entryId]),
      limit,
    ],
  );
  const part = (row: (typeof rows)[number], columns: readonly string[], table: string) =>
    Object.fromEntries(columns.map((column) => [column, row[`${table}_${column}`] ?? null]));
  return rows.map((row) => ({
    leg: row.leg === 0 ? 0 : 1,
    entryId: Number(row.entry_id),
    code: String(row.code),
    details: String(row.details),
    generation: Number(row.generation),
    parkedAt: String(row.parked_at),
    settledGeneration: row.settled_generation === null ? null : Number(row.settled_generation),
    sale: row.sale_id === null ? null : part(row, saleColumns, 's'),
    refund: row.refund_entry_id === null ? null : part(row, refundColumns, 'r'),
  }));
}
