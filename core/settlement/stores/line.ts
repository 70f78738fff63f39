/** The lines of a run: chunks write them, and they are read to restore a partition's progress, to verify and to settle refunds. */

import { type Cell, change, type Db, select, selectArrays, type Tx } from '../../../infra/database.js';
import { loadRows, type RowWriter } from '../../../infra/stores/row-writer.js';
import { type Leg, REFUND, SALE } from '../../feed/rules/leg.js';
import type { PolicyBook } from '../../policies/rules/policy-book.js';
import { writeInteger } from '../rules/canonical-line.js';
import { figureCells, figuresAt } from '../rules/figure-cells.js';
import { COMPUTED_FIGURES, columnOf, FIGURE_NAMES } from '../rules/figures.js';
import type { SettledLine } from '../rules/line.js';
import { figureColumns, joinEntryAndSale, restOfEntry, tableOf } from './leg-tables.js';

const columns = ['entry_id', 'seller_id', 'policy_id', ...COMPUTED_FIGURES.map(columnOf)].join(', ');
/** The places of the computed figures in a line. */
const computedAt = COMPUTED_FIGURES.map((name) => FIGURE_NAMES.indexOf(name));

/** Inserts the lines of one leg, one date and one generation. A line that already exists is a duplicate key error. */
export async function insertLines(
  tx: Tx,
  date: string,
  generation: number,
  lines: readonly SettledLine[],
  writer: RowWriter,
): Promise<void> {
  if (lines.length === 0) return;
  const leg = (lines[0] as SettledLine).leg;
  if (writer === 'load' && (await loadLines(tx, date, leg, generation, lines))) return;
  const rows = encodeRows(lines, { head: `('${date}',${leg},${generation},`, quote: "'", separator: ',', tail: '),' });
  const values = rows.toString('latin1', 0, rows.length - 1); // without the last comma
  await tx.raw(`INSERT INTO settlement_line (settled_on, leg, generation, ${columns}) VALUES ${values}`);
}

/** Loads the lines; false when the server did not take them cleanly. */
function loadLines(
  tx: Tx,
  date: string,
  leg: Leg,
  generation: number,
  lines: readonly SettledLine[],
): Promise<boolean> {
  const rows = encodeRows(lines, { head: '', quote: '', separator: '\t', tail: '\n' });
  const sql = `LOAD DATA LOCAL INFILE 'lines' INTO TABLE settlement_line CHARACTER SET binary FIELDS TERMINATED BY '\\t' ESCAPED BY '' LINES TERMINATED BY '\\n'
    (${columns}) SET settled_on = '${date}', leg = ${leg}, generation = ${generation}`;
  return loadRows(tx, sql, rows, lines.length);
}

/** How a row of `columns` is written: as a tuple of SQL literals or as a line of a data file. */
interface RowLayout {
  readonly head: string;
  /** The quote around ids; where there is one, a quote or a backslash in an id is escaped. */
  readonly quote: "'" | '';
  readonly separator: ',' | '\t';
  readonly tail: string;
}

/** The longest row: an id of at most 64 bytes, each escaped, 9 integers of at most 17, a head of at most 32. */
const ROW_BYTES_MAX = 384;

/** Reused from chunk to chunk: a new megabyte each time would make the collector run for it. */
let rowBytes = Buffer.alloc(0);

/** The lines as bytes, valid until the next call. Byte by byte: strings cost three times as much. */
function encodeRows(lines: readonly SettledLine[], layout: RowLayout): Buffer {
  if (rowBytes.length < lines.length * ROW_BYTES_MAX) rowBytes = Buffer.allocUnsafe(lines.length * ROW_BYTES_MAX);
  const bytes = rowBytes;
  const separator = layout.separator.charCodeAt(0);
  let at = 0;
  const text = (ascii: string): void => {
    for (let i = 0; i < ascii.length; i += 1) bytes[at++] = ascii.charCodeAt(i);
  };
  const integer = (value: number): void => {
    at = writeInteger(bytes, at, value);
    bytes[at++] = separator;
  };
  for (const { entryId, sellerId, policyId, figures } of lines) {
    text(layout.head);
    integer(entryId);
    text(layout.quote);
    text(layout.quote !== '' && /['\\]/.test(sellerId) ? sellerId.replace(/['\\]/g, '\\$&') : sellerId);
    text(layout.quote);
    bytes[at++] = separator;
    integer(policyId);
    const cells = figureCells(figures);
    for (let i = 0; i < computedAt.length; i += 1) integer(cells[computedAt[i] as number] as number);
    at -= 1; // the tail takes the place of the last separator
    text(layout.tail);
  }
  return bytes.subarray(0, at);
}

/** A stored line joined with its entry: the whole line except for the data of its policy. */
export interface StoredLine extends Omit<SettledLine, 'policyCode' | 'policyVersion' | 'vatMode'> {
  readonly generation: number;
}

/** Lines of one generation and leg with ids in (after, through], in the order of their ids, at most `limit`. */
export async function readStoredLines(
  db: Db,
  date: string,
  generation: number,
  leg: Leg,
  after: number,
  through: number,
  limit: number,
): Promise<StoredLine[]> {
  const { alias, refundId } = tableOf(leg);
  const sql = `SELECT l.entry_id, l.generation, l.seller_id, l.policy_id, ${alias}.quantity, ${alias}.currency, s.order_id, s.line_id,
      ${refundId} AS refund_id, ${figureColumns(alias, 'l')}, ${restOfEntry(leg)}
    FROM settlement_line l FORCE INDEX (PRIMARY) ${joinEntryAndSale(leg, 'STRAIGHT_JOIN')}
    WHERE l.settled_on = ? AND l.leg = ${leg} AND l.entry_id > ? AND l.entry_id <= ? AND l.generation = ?
    ORDER BY l.settled_on, l.leg, l.entry_id LIMIT ?`;
  const rows = await selectArrays(db, sql, [date, after, through, generation, limit]);
  return rows.map((row) => toStoredLine(row, leg));
}

const toStoredLine = (row: Cell[], leg: Leg): StoredLine => ({
  leg,
  entryId: row[0] as number,
  generation: row[1] as number,
  sellerId: row[2] as string,
  policyId: row[3] as number,
  quantity: row[4] as number,
  currency: row[5] as string,
  orderId: row[6] as string,
  lineId: row[7] as string,
  refundId: row[8] as string,
  figures: figuresAt(row, 9),
  entryRest: row[9 + FIGURE_NAMES.length] as string,
});

/** Completes a stored line with the data of its policy. Throws when the book does not have the policy. */
export function completeLine(line: StoredLine, policies: Pick<PolicyBook, 'byId'>): SettledLine {
  const stored = policies.byId(line.policyId);
  if (stored === undefined)
    throw new Error(`line of entry ${line.entryId} names policy ${line.policyId}, which is not stored`);
  const { code, version, vat } = stored.policy;
  return { ...line, policyCode: code, policyVersion: version, vatMode: vat.mode };
}

/** Removes the lines of a generation that was not certified. Returns how many there were. */
export const deleteLines = (tx: Tx, date: string, generation: number): Promise<number> =>
  change(tx, 'DELETE FROM settlement_line WHERE settled_on = ? AND generation = ?', [date, generation]);

/** Whether a refund that another date or generation has settled is one of a sale that this generation has settled. */
export async function hasRefundsElsewhere(db: Db, date: string, generation: number): Promise<boolean> {
  const [row] = await select(
    db,
    `SELECT 1 FROM settlement_line o
     JOIN refund_entry r ON r.original_on = o.settled_on AND r.original_id = o.entry_id
     JOIN settlement_line l ON l.settled_on = r.settled_on AND l.leg = ${REFUND} AND l.entry_id = r.entry_id
     WHERE o.settled_on = ? AND o.leg = ${SALE} AND o.generation = ? AND NOT (l.settled_on = o.settled_on AND l.generation = o.generation)
     LIMIT 1`,
    [date, generation],
  );
  return row !== undefined;
}
