/** Checks that stock, journal and reservations agree for every unit, in one consistent view. */
import { type Db, forWholeDates, inSnapshot } from '../../infra/database.js';
import { type StockDifference, stockDifferences } from './rules/stock-difference.js';
import { readNextStock, sumJournal, sumReservations, type UnitRange } from './stores/stock-sums.js';

/** Units that are compared at a time. */
const UNITS = 1_000;
/** The most differences that are kept, so that memory does not grow with them. When there are more, these are repaired first and the check is run again. */
const DIFFERENCES = 1_000;

export interface StockVerification {
  readonly ok: boolean;
  /** Units that have stock, movements or reservations. */
  readonly units: number;
  readonly movements: number;
  /** Units that differ. */
  readonly differing: number;
  /** By unit; the first thousand. */
  readonly differences: readonly StockDifference[];
}

/** Compares all units, page by page, so that memory does not grow with them. Fails with the signal's reason when it aborts. */
export function verifyStock(db: Db, signal?: AbortSignal): Promise<StockVerification> {
  return inSnapshot(
    forWholeDates(db),
    async (view) => {
      const differences: StockDifference[] = [];
      let units = 0;
      let movements = 0;
      let differing = 0;
      for (let from: number | undefined = 0; from !== undefined; ) {
        const page = await verifyPage(view, from);
        differing += new Set(page.differences.map(({ unitId }) => unitId)).size;
        differences.push(...page.differences.slice(0, DIFFERENCES - differences.length));
        units += page.units;
        movements += page.movements;
        from = page.next;
      }
      return { ok: differing === 0, units, movements, differing, differences };
    },
    signal,
  );
}

/** The units of the next rows of stock, and those without a row that lie between them. */
async function verifyPage(view: Db, from: number) {
  const rows = await readNextStock(view, from, UNITS);
  const next = rows.length < UNITS ? undefined : rows.at(-1)?.unitId;
  const range: UnitRange = next === undefined ? { from } : { from, to: next };
  const stock = byUnit(rows);
  const journal = byUnit(await sumJournal(view, range));
  const reservations = byUnit(await sumReservations(view, range));
  const unitIds = [...new Set([...stock.keys(), ...journal.keys(), ...reservations.keys()])].sort((a, b) => a - b);
  return {
    next,
    units: unitIds.length,
    movements: [...journal.values()].reduce((sum, one) => sum + one.movements, 0),
    differences: unitIds.flatMap((unitId) =>
      stockDifferences(unitId, stock.get(unitId), journal.get(unitId), reservations.get(unitId)),
    ),
  };
}

const byUnit = <Row extends { readonly unitId: number }>(rows: readonly Row[]): Map<number, Row> =>
  new Map(rows.map((row) => [row.unitId, row]));
