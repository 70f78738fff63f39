/** The sums over the lines of a partition, per currency and per seller: updated in the transaction of the chunk with the lines. */
import { change, type Db, select, type Tx } from '../../../infra/database.js';
import { columnOf, eachFigure, FIGURE_NAMES, FIGURES } from '../rules/figures.js';
import type { SellerTotals, Totals } from '../rules/line-totals.js';

/** The columns of the sums, in the order of FIGURES. */
export const sumColumns = FIGURES.map(({ column }) => column);
const added = ['sales', 'refunds', ...sumColumns]
  .map((column) => `${column} = ${column} + VALUES(${column})`)
  .join(', ');
const sumValues = (totals: Totals): unknown[] => [
  totals.sales,
  totals.refunds,
  ...FIGURE_NAMES.map((name) => totals[name].toString()),
];

export interface PartitionSum {
  readonly partitionId: number;
  readonly currency: string;
  readonly totals: Totals;
}

/** Adds to the sums of partitions. */
export async function addPartitionTotals(tx: Tx, totals: readonly PartitionSum[]): Promise<void> {
  if (totals.length === 0) return;
  await change(
    tx,
    `INSERT INTO partition_total (partition_id, currency, sales, refunds, ${sumColumns.join(', ')}) VALUES ? ON DUPLICATE KEY UPDATE ${added}`,
    [totals.map(({ partitionId, currency, totals: sums }) => [partitionId, currency, ...sumValues(sums)])],
  );
}

/** Adds a leg's sums per seller to its partition's, at the end of the leg. */
export async function addSellerTotals(
  tx: Tx,
  partitionId: number,
  sellers: ReturnType<SellerTotals['entries']>,
): Promise<void> {
  for (let from = 0; from < sellers.length; from += 1000) {
    await change(
      tx,
      `INSERT INTO partition_seller_total (partition_id, seller_id, currency, sales, refunds, ${sumColumns.join(', ')}) VALUES ? ON DUPLICATE KEY UPDATE ${added}`,
      [
        sellers
          .slice(from, from + 1000)
          .map(({ sellerId, currency, totals }) => [partitionId, sellerId, currency, ...sumValues(totals)]),
      ],
    );
  }
}

/** The sums of a row with the columns of `sumColumns`. */
export function totalsOfRow(row: Readonly<Record<string, string | number>>): Totals {
  const sums = eachFigure(FIGURE_NAMES, (name) => BigInt(row[columnOf(name)] as string));
  return { sales: Number(row.sales), refunds: Number(row.refunds), ...sums };
}

/** The sums of every partition of a generation, per currency. */
export async function readPartitionTotals(
  db: Db,
  runId: number,
  generation: number,
): Promise<{ number: number; currency: string; totals: Totals }[]> {
  const rows = await select<Record<string, string | number>>(
    db,
    `SELECT p.number, t.* FROM partition_total t JOIN run_partition p ON p.partition_id = t.partition_id
     WHERE p.run_id = ? AND p.generation = ? ORDER BY p.number, t.currency`,
    [runId, generation],
  );
  return rows.map((row) => ({
    number: Number(row.number),
    currency: row.currency as string,
    totals: totalsOfRow(row),
  }));
}

/** The sums of a run over all its generations, per currency. */
export async function readRunTotals(db: Db, runId: number): Promise<[currency: string, totals: Totals][]> {
  const sums = ['sales', 'refunds', ...sumColumns].map((column) => `SUM(t.${column}) AS ${column}`).join(', ');
  const rows = await select<Record<string, string | number>>(
    db,
    `SELECT t.currency, ${sums} FROM partition_total t JOIN run_partition p ON p.partition_id = t.partition_id
     WHERE p.run_id = ? GROUP BY t.currency ORDER BY t.currency`,
    [runId],
  );
  return rows.map((row) => [row.currency as string, totalsOfRow(row)]);
}

/** Removes the sums of a generation's partitions. */
export async function deletePartitionTotals(tx: Tx, runId: number, generation: number): Promise<void> {
  for (const table of ['partition_total', 'partition_seller_total'])
    await change(
      tx,
      `DELETE t FROM ${table} t JOIN run_partition p ON p.partition_id = t.partition_id WHERE p.run_id = ? AND p.generation = ?`,
      [runId, generation],
    );
}
