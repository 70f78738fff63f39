/** The results of a what-if: effects per seller and currency, and the lines that moved most. All of them belong to its run. */
import { change, type Db, select, selectArrays, type Tx } from '../../../infra/database.js';
import type { Leg } from '../../feed/rules/leg.js';
import { columnOf, DECIDED_FIGURES, eachFigure } from '../rules/figures.js';
import { type DecidedSums, EFFECT_COUNTS, type SellerEffect } from '../rules/policy-effect.js';

/** The columns that can be added up. */
const SUMS = [
  ...EFFECT_COUNTS,
  'before_fees',
  ...DECIDED_FIGURES.map((name) => `before_${columnOf(name)}`),
  ...DECIDED_FIGURES.map((name) => `after_${columnOf(name)}`),
];
/** Rows of one INSERT: about 400 bytes each. */
const INSERT_ROWS = 1_000;
/** The partition whose rows are the sums over all partitions. */
const ALL = 0;

/** Adds the results of a chunk to the rows of its partition. */
export async function addEffects(
  tx: Tx,
  runId: number,
  partition: number,
  effects: readonly SellerEffect[],
): Promise<void> {
  const added = SUMS.map((column) => `${column} = ${column} + VALUES(${column})`).join(', ');
  for (let at = 0; at < effects.length; at += INSERT_ROWS) {
    const rows = effects
      .slice(at, at + INSERT_ROWS)
      .map((effect) => [
        runId,
        partition,
        effect.currency,
        effect.sellerId,
        ...EFFECT_COUNTS.map((name) => effect[name]),
        String(effect.beforeFees),
        ...DECIDED_FIGURES.map((name) => String(effect.before[name])),
        ...DECIDED_FIGURES.map((name) => String(effect.after[name])),
      ]);
    await change(
      tx,
      `INSERT INTO what_if_effect (run_id, partition_number, currency, seller_id, ${SUMS.join(', ')}) VALUES ?
       ON DUPLICATE KEY UPDATE ${added}`,
      [rows],
    );
  }
}

/** Adds up the partitions' rows, and removes them. */
export async function mergeEffects(tx: Tx, runId: number): Promise<void> {
  await change(
    tx,
    `INSERT INTO what_if_effect (run_id, partition_number, currency, seller_id, ${SUMS.join(', ')})
     SELECT run_id, ${ALL}, currency, seller_id, ${SUMS.map((column) => `SUM(${column})`).join(', ')}
     FROM what_if_effect WHERE run_id = ? AND partition_number > ${ALL} GROUP BY run_id, currency, seller_id`,
    [runId],
  );
  await change(tx, `DELETE FROM what_if_effect WHERE run_id = ? AND partition_number > ${ALL}`, [runId]);
}

/** The effects of a completed what-if, by currency and seller. */
export async function readEffects(db: Db, runId: number): Promise<SellerEffect[]> {
  const rows = await selectArrays(
    db,
    `SELECT currency, seller_id, ${SUMS.join(', ')} FROM what_if_effect WHERE run_id = ? AND partition_number = ${ALL}
     ORDER BY currency, seller_id`,
    [runId],
  );
  return rows.map(([currency, sellerId, ...cells]) => {
    const counts = Object.fromEntries(EFFECT_COUNTS.map((name, i) => [name, Number(cells[i])]));
    const sums = (from: number): DecidedSums =>
      eachFigure(DECIDED_FIGURES, (_name, i) => BigInt(cells[from + i] as string));
    const before = EFFECT_COUNTS.length + 1;
    return {
      currency,
      sellerId,
      ...counts,
      beforeFees: BigInt(cells[EFFECT_COUNTS.length] as string),
      before: sums(before),
      after: sums(before + DECIDED_FIGURES.length),
    } as SellerEffect;
  });
}

/** A line that moved, by its key. */
export interface MovedLine {
  readonly date: string;
  readonly leg: Leg;
  readonly entryId: number;
  readonly generation: number;
  readonly currency: string;
  /** The difference of the net. */
  readonly difference: bigint;
}

/** The order of lines that moved equally much. */
export const byLineKey = (a: MovedLine, b: MovedLine): number =>
  a.date === b.date ? a.leg - b.leg || a.entryId - b.entryId : a.date < b.date ? -1 : 1;

const MOVED = 'settled_on, leg, entry_id, generation, currency, net_difference';

/** The lines that moved most: all of them, or those of one partition, which lie within a range of ids. */
export async function readMovedLines(
  db: Db,
  runId: number,
  range?: Pick<MovedLine, 'date' | 'leg' | 'generation'> & { readonly lo: number; readonly hi: number },
): Promise<MovedLine[]> {
  const [within, params] =
    range === undefined
      ? ['', []]
      : [
          ' AND settled_on = ? AND leg = ? AND entry_id > ? AND entry_id <= ? AND generation = ?',
          [range.date, range.leg, range.lo, range.hi, range.generation],
        ];
  const rows = await selectArrays(
    db,
    `SELECT ${MOVED} FROM what_if_line WHERE run_id = ?${within} ORDER BY settled_on, leg, entry_id`,
    [runId, ...params],
  );
  return rows.map(([date, leg, entryId, generation, currency, difference]) => ({
    date: date as string,
    leg: leg as Leg,
    entryId: entryId as number,
    generation: generation as number,
    currency: currency as string,
    difference: BigInt(difference as string),
  }));
}

/** Replaces lines by others that moved more. */
export async function replaceMovedLines(
  tx: Tx,
  runId: number,
  gone: readonly MovedLine[],
  come: readonly MovedLine[],
): Promise<void> {
  for (const { date, leg, entryId } of gone)
    await change(tx, 'DELETE FROM what_if_line WHERE run_id = ? AND settled_on = ? AND leg = ? AND entry_id = ?', [
      runId,
      date,
      leg,
      entryId,
    ]);
  if (come.length === 0) return;
  await change(tx, `INSERT INTO what_if_line (run_id, ${MOVED}) VALUES ?`, [
    come.map((line) => [
      runId,
      line.date,
      line.leg,
      line.entryId,
      line.generation,
      line.currency,
      String(line.difference),
    ]),
  ]);
}

/** Keeps only the lines that moved most of all, and stores the description of each. */
export async function keepMovedLines(
  tx: Tx,
  runId: number,
  lines: readonly { readonly line: MovedLine; readonly content: object }[],
): Promise<void> {
  for (const { line, content } of lines)
    await change(
      tx,
      'UPDATE what_if_line SET content = ? WHERE run_id = ? AND settled_on = ? AND leg = ? AND entry_id = ?',
      [JSON.stringify(content), runId, line.date, line.leg, line.entryId],
    );
  await change(tx, 'DELETE FROM what_if_line WHERE run_id = ? AND content IS NULL', [runId]);
}

/** The lines that moved most in a completed what-if: by currency, the most moved first. */
export async function readMovedContents(db: Db, runId: number): Promise<{ currency: string; content: object }[]> {
  const rows = await select<{ currency: string; content: string }>(
    db,
    `SELECT currency, content FROM what_if_line WHERE run_id = ?
     ORDER BY currency, ABS(net_difference) DESC, settled_on, leg, entry_id`,
    [runId],
  );
  return rows.map(({ currency, content }) => ({ currency, content: JSON.parse(content) as object }));
}

/** Deletes all results of the run. */
export async function deleteWhatIf(tx: Tx, runId: number): Promise<void> {
  await change(tx, 'DELETE FROM what_if_effect WHERE run_id = ?', [runId]);
  await change(tx, 'DELETE FROM what_if_line WHERE run_id = ?', [runId]);
}
