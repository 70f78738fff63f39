/**
 * Does the last chunk's read cost what the first one's does? The product's own read, over the whole date as one partition,
 * at its first and at its last page, with the rows that the server touched for it.
 */

import { readSales } from '../core/settlement/stores/entry-page.js';
import { type Db, openDatabase, select } from '../infra/database.js';
import { type Spread, secondsSince, spreadOf } from './measure.js';

export interface PageCost {
  readonly ms: Spread;
  /** Rows that the server read for one page, by its Handler_read counters. */
  readonly rowsTouched: number;
}

export interface KeysetResult {
  readonly pageRows: number;
  readonly first: PageCost;
  readonly last: PageCost;
}

const REPETITIONS = 15;

/** Reads the two pages in turn. */
export async function compareFirstAndLastPage(url: string, date: string, pageRows: number): Promise<KeysetResult> {
  const db = openDatabase(url, { poolMax: 1 });
  try {
    const [ends] = await select<{ last: number; n: number }>(
      db,
      'SELECT MAX(entry_id) AS last, COUNT(*) AS n FROM sale_entry FORCE INDEX (PRIMARY) WHERE settled_on = ?',
      [date],
    );
    const through = Number(ends?.last);
    const rows = Math.min(pageRows, Number(ends?.n));
    const [before] = await select<{ entry_id: number }>(
      db,
      'SELECT entry_id FROM sale_entry FORCE INDEX (PRIMARY) WHERE settled_on = ? ORDER BY settled_on DESC, entry_id DESC LIMIT 1 OFFSET ?',
      [date, rows],
    );
    const places = { first: 0, last: Number(before?.entry_id ?? 0) };
    const read = (after: number) =>
      readSales(db, { source: 'feed', date, after, through, limit: rows }, { usesCategory: true, usesProduct: true });
    const times = { first: [] as number[], last: [] as number[] };
    for (let i = 0; i < REPETITIONS; i += 1) {
      for (const name of ['first', 'last'] as const) {
        const started = performance.now();
        await read(places[name]);
        times[name].push(secondsSince(started) * 1_000);
      }
    }
    const cost = async (name: 'first' | 'last'): Promise<PageCost> => ({
      ms: spreadOf(times[name]),
      rowsTouched: await rowsTouchedBy(db, () => read(places[name])),
    });
    return { pageRows: rows, first: await cost('first'), last: await cost('last') };
  } finally {
    await db.destroy();
  }
}

/** Rows that the server read for the work, by the Handler_read counters of the only connection of a pool. */
export async function rowsTouchedBy(db: Db, work: () => Promise<unknown>): Promise<number> {
  const touched = async (): Promise<number> => {
    const rows = await select<{ Variable_name: string; Value: string }>(db, `SHOW SESSION STATUS LIKE 'Handler_read%'`);
    return rows.reduce(
      (sum, row) => sum + (/_(first|last|key|next|prev|rnd|rnd_next)$/.test(row.Variable_name) ? Number(row.Value) : 0),
      0,
    );
  };
  const idle = await touched();
  const looked = (await touched()) - idle; // reading the status also reads rows of the status table
  const before = await touched();
  await work();
  return (await touched()) - before - looked;
}
