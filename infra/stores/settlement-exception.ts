/** Entries that a run could not settle. A supplement that settles one later is recorded on its row. */
import type { Leg, ParkedEntry } from '../../domain/settled-line.js';
import { change, type Db, select, type Tx } from '../database.js';

/** Parks entries of a first generation. */
export async function insertExceptions(
  tx: Tx,
  date: string,
  generation: number,
  parked: readonly ParkedEntry[],
): Promise<void> {
  if (parked.length === 0) return;
  const rows = parked.map(({ leg, entryId, code, details }) => [
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

/** Records the reasons why entries that a supplement tried stay parked, where they changed. */
export async function updateExceptions(tx: Tx, date: string, parked: readonly ParkedEntry[]): Promise<void> {
  for (const { leg, entryId, code, details } of parked) {
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

/** Entries of the date that are parked. */
export async function countOpenExceptions(db: Db, date: string): Promise<number> {
  const [row] = await select<{ n: number }>(
    db,
    'SELECT COUNT(*) AS n FROM settlement_exception WHERE settled_on = ? AND settled_generation IS NULL',
    [date],
  );
  return Number(row?.n ?? 0);
}

/** Those of these entries that are parked under the code. */
export async function findEntriesParkedAs(
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
