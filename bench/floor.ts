/**
 * What do the lines cost when the database alone produces them? Partitioned INSERT … SELECT over a few connections into the
 * product's own table, all columns and keys:
 *
 * - `copy` reads finished lines from a table of the same shape, without arithmetic and policies. No program that computes anything
 *   can be faster.
 * - `produce` reads the feed and computes every figure, policy choice included, in SQL.
 */

import { partitionRanges } from '../batch/jobs/settle/open-run.js';
import { type Leg, REFUND, SALE } from '../core/feed/rules/leg.js';
import type { IdRange } from '../core/jobs/stores/plan.js';
import { readPolicies } from '../core/policies/stores/fee-policy.js';
import { change, type Db, openDatabase, select } from '../infra/database.js';
import { LINE_COLUMNS } from './database.js';
import { checksumOfSales, createPolicyTable, prepareSession, produceRefunds, produceSales } from './produce-sql.js';

export type FloorKind = 'copy' | 'produce';

export class Floor {
  private constructor(
    private readonly date: string,
    private readonly ranges: readonly Record<Leg, IdRange>[],
    private readonly connections: readonly Db[],
    private readonly sql: Record<FloorKind, Record<Leg, string>>,
    private readonly checksumSql: string,
  ) {}

  /** Copies the lines that a run has just written, and plans the same partitions as the product does. */
  static async prepare(db: Db, url: string, date: string, gridSize: number, connections: number): Promise<Floor> {
    await change(db, 'CREATE TABLE bench_line LIKE settlement_line');
    await change(db, `INSERT INTO bench_line (${LINE_COLUMNS}) SELECT ${LINE_COLUMNS} FROM settlement_line`);
    const policies = await readPolicies(db);
    await createPolicyTable(db, policies);
    const copy = (leg: Leg): string =>
      `INSERT INTO settlement_line (${LINE_COLUMNS}) SELECT ${LINE_COLUMNS} FROM bench_line FORCE INDEX (PRIMARY)
       WHERE settled_on = ? AND leg = ${leg} AND entry_id > ? AND entry_id <= ?`;
    return new Floor(
      date,
      await partitionRanges(db, 'feed', date, gridSize),
      Array.from({ length: connections }, () => openDatabase(url, { poolMax: 1 })),
      {
        copy: { [SALE]: copy(SALE), [REFUND]: copy(REFUND) },
        produce: { [SALE]: produceSales(policies), [REFUND]: produceRefunds },
      },
      checksumOfSales(policies),
    );
  }

  /** Writes all lines of the date: the sales, then the refunds; each partition a transaction. */
  async write(kind: FloorKind): Promise<void> {
    await Promise.all(this.connections.map(prepareSession));
    for (const leg of [SALE, REFUND] as const) {
      const waiting = this.ranges.map((range) => range[leg]).filter(({ entries }) => entries > 0);
      await Promise.all(
        this.connections.map(async (db) => {
          for (let range = waiting.shift(); range !== undefined; range = waiting.shift()) {
            await change(db, this.sql[kind][leg], [this.date, range.lo, range.hi]);
          }
        }),
      );
    }
  }

  /** Computes all lines of the sales again and reads the stored ones; false when they are not the same. */
  async verify(): Promise<boolean> {
    await Promise.all(this.connections.map(prepareSession));
    const waiting = this.ranges.map((range) => range[SALE]).filter(({ entries }) => entries > 0);
    const stored = `SELECT COUNT(*) AS n, SUM(CRC32(CONCAT_WS(',', ${LINE_COLUMNS}))) AS checksum FROM settlement_line FORCE INDEX (PRIMARY)
      WHERE settled_on = ? AND leg = ${SALE} AND entry_id > ? AND entry_id <= ?`;
    const same = await Promise.all(
      this.connections.map(async (db) => {
        let equal = true;
        for (let range = waiting.shift(); range !== undefined; range = waiting.shift()) {
          const place = [this.date, range.lo, range.hi];
          const [computed, kept] = [await select(db, this.checksumSql, place), await select(db, stored, place)];
          equal &&= JSON.stringify(computed) === JSON.stringify(kept);
        }
        return equal;
      }),
    );
    return !same.includes(false);
  }

  async close(): Promise<void> {
    await Promise.all(this.connections.map((db) => db.destroy()));
  }
}
