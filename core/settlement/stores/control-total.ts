/** The control totals of a date: the database computes them from the feed alone, and they are compared with the sums over the lines. */
import { type Db, select } from '../../../infra/database.js';
import type { Leg } from '../../feed/rules/leg.js';
import { columnOf, ENTRY_FIGURES, type EntryFigure, eachFigure } from '../rules/figures.js';
import { joinEntry, tableOf } from './leg-tables.js';

/** Sums of one leg and currency as the database computes them. */
export interface FeedSums extends Readonly<Record<EntryFigure, bigint>> {
  readonly entries: number;
}

type SumsRow = Readonly<Record<'currency' | 'entries' | EntryFigure, string>>;

/** No id is above this one: the last range of a leg is open. */
const NO_ID_ABOVE = '18446744073709551615';

/**
 * The control totals of one leg: the sums that the feed has for the entries that a generation settled. For the first generation
 * these are all entries of the date less the exceptions, for a supplement those that it settled.
 * @param cuts ids at which the date is cut into ranges that are summed at the same time, where `db` has the connections
 */
export async function controlTotals(
  db: Db,
  date: string,
  leg: Leg,
  generation: number,
  cuts: readonly number[] = [],
): Promise<Map<string, FeedSums>> {
  const { table, alias } = tableOf(leg);
  const figures = ENTRY_FIGURES.map((name) => `SUM(${alias}.${columnOf(name)}) AS ${name}`).join(', ');
  const sums = `${alias}.currency, COUNT(*) AS entries, ${figures}`;
  const ofExceptions = `SELECT ${sums} FROM settlement_exception x ${joinEntry(leg, 'x', 'JOIN')} WHERE x.settled_on = ? AND x.leg = ${leg}`;
  if (generation > 1) {
    return toSums(
      await select<SumsRow>(db, `${ofExceptions} AND x.settled_generation = ? GROUP BY ${alias}.currency`, [
        date,
        generation,
      ]),
    );
  }
  const ofRange = `SELECT ${sums} FROM ${table} ${alias} FORCE INDEX (PRIMARY)
    WHERE ${alias}.settled_on = ? AND ${alias}.entry_id > ? AND ${alias}.entry_id <= ? GROUP BY ${alias}.currency`;
  const [excepted = [], ...parts] = await Promise.all([
    select<SumsRow>(db, `${ofExceptions} GROUP BY ${alias}.currency`, [date]),
    ...[0, ...cuts].map((after, i) => select<SumsRow>(db, ofRange, [date, after, cuts[i] ?? NO_ID_ABOVE])),
  ]);
  const left = new Map<string, FeedSums>();
  for (const part of parts)
    for (const [currency, more] of toSums(part)) left.set(currency, add(left.get(currency), more, 1));
  for (const [currency, less] of toSums(excepted)) left.set(currency, add(left.get(currency), less, -1));
  for (const [currency, { entries }] of left) if (entries === 0) left.delete(currency);
  return left;
}

const toSums = (rows: readonly SumsRow[]): Map<string, FeedSums> =>
  new Map(
    rows.map((row) => [
      row.currency,
      { entries: Number(row.entries), ...eachFigure(ENTRY_FIGURES, (name) => BigInt(row[name])) },
    ]),
  );

const none: FeedSums = { entries: 0, ...eachFigure(ENTRY_FIGURES, () => 0n) };
const add = (to: FeedSums = none, more: FeedSums, sign: 1 | -1): FeedSums => ({
  entries: to.entries + sign * more.entries,
  ...eachFigure(ENTRY_FIGURES, (name) => to[name] + BigInt(sign) * more[name]),
});
