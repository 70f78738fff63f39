/** Whether a date can be closed: it must be over, have entries and be the next in order, and no import may still write to it. */

import type { Db } from '../../infra/database.js';
import { stands } from '../../infra/faults.js';
import type { PlatformTime } from '../../infra/platform-time.js';
import { addDays } from '../../kernel/business-date.js';
import { MagamError } from '../../kernel/errors.js';
import {
  closingDateBefore,
  datesWithEntries,
  hasEntries,
  importsHolding,
  readClosingDates,
  readShutThrough,
  unsettledDatesBefore,
} from '../feed/stores/calendar.js';
import { keysUnderWay } from '../jobs/stores/run.js';
import { SETTLE } from './stores/settlement-run.js';

/** Permissions that a person has given, because a close is final and the dates may still get entries. */
export interface ClosingOptions {
  /** A date without entries. */
  readonly allowEmpty?: boolean;
  /** Today. A date that has not begun is never closed. */
  readonly allowUnfinishedDay?: boolean;
}

/**
 * Throws `DATE_NOT_OVER`, `EARLIER_DATE_OPEN`, `IMPORT_IN_PROGRESS` or `DATE_EMPTY` when the date cannot be closed now.
 * @param ahead the date is shut while dates before it are being settled
 */
export async function requireClosable(
  db: Db,
  date: string,
  now: PlatformTime,
  options: ClosingOptions,
  ahead = false,
): Promise<void> {
  await refuseUnfinished(db, date, now, options);
  const earlier = await unsettledDatesBefore(db, date);
  const closing = ahead ? await readClosingDates(db, earlier[0] ?? date, date) : [];
  refuseEarlier(
    date,
    earlier.filter((one) => !closing.includes(one)),
  );
  await refuseImports(db, date);
  await refuseEmpty(db, date, options);
}

/** Throws `EARLIER_DATE_OPEN` while a date before it is being settled. */
export async function requireEarlierClosed(db: Db, date: string): Promise<void> {
  const earlier = await closingDateBefore(db, date);
  refuseEarlier(date, earlier === undefined ? [] : [earlier]);
}

/**
 * Throws the same, as far as it is known before a runner takes the date: an earlier date that is being settled, or waits for a
 * runner, will be closed by then.
 */
export async function requireClosableInTurn(
  db: Db,
  date: string,
  now: PlatformTime,
  options: ClosingOptions,
): Promise<void> {
  await refuseUnfinished(db, date, now, options);
  const unsettled = await unsettledDatesBefore(db, date);
  const underWay = await keysUnderWay(db, SETTLE, unsettled);
  refuseEarlier(
    date,
    unsettled.filter((earlier) => !underWay.has(earlier)),
  );
  await refuseImports(db, date);
  await refuseEmpty(db, date, options);
}

/** Throws `DATE_NOT_OVER` or `DATE_EMPTY` for a range of dates before the first of them is closed. */
export async function requireClosableRange(
  db: Db,
  dates: readonly string[],
  now: PlatformTime,
  options: ClosingOptions,
): Promise<void> {
  const [from = '', to = from] = [dates[0], dates.at(-1)];
  const shutThrough = (await readShutThrough(db)) ?? '';
  if (to <= shutThrough) return;
  await refuseUnfinished(db, to, now, options);
  if (options.allowEmpty === true) return;
  const filled = new Set(await datesWithEntries(db, from, to));
  const empty = dates.filter((date) => date > shutThrough && !filled.has(date));
  if (empty.length > 0) throw await emptyDate(db, empty);
}

async function refuseUnfinished(
  db: Db,
  date: string,
  now: PlatformTime,
  { allowUnfinishedDay }: ClosingOptions,
): Promise<void> {
  if (date < now.date || (date === now.date && allowUnfinishedDay === true)) return;
  const closes = await closedAlong(db, date);
  const moment = `${now.date} ${now.time}`;
  throw new MagamError(
    'DATE_NOT_OVER',
    `${date} is not over in ${now.timeZone}, where it is ${moment}. Settling it would close it for good${alongWords(closes)}: files with ` +
      `entries of ${closes === undefined ? 'this date' : 'these dates'} would be refused. ${date === now.date ? 'Wait for its end, or allow it with --allow-unfinished-day (over HTTP allowUnfinishedDay).' : 'Settle a date that has ended.'}`,
    { date, today: now.date, timeZone: now.timeZone, closesToo: closes ?? null },
  );
}

async function refuseEmpty(db: Db, date: string, { allowEmpty }: ClosingOptions): Promise<void> {
  if (allowEmpty !== true && !(await hasEntries(db, date))) throw await emptyDate(db, [date]);
}

async function emptyDate(db: Db, dates: readonly string[]): Promise<MagamError> {
  const [date = ''] = dates;
  const closes = await closedAlong(db, date);
  const named = dates.length === 1 ? date : `${dates.slice(0, 10).join(', ')}${dates.length > 10 ? ', …' : ''}`;
  return new MagamError(
    'DATE_EMPTY',
    `${named} ${dates.length === 1 ? 'has' : `(${dates.length} dates) have`} no entries. Settling ${dates.length === 1 ? 'it would close it' : 'them would close them'} for good` +
      `${alongWords(closes)}: files with entries of these dates would be refused. Import the entries first, or allow it with --allow-empty (over HTTP allowEmpty).`,
    { date, dates: dates.slice(0, 100), closesToo: closes ?? null },
  );
}

/** Dates that are closed along with a date, because they come before it, are open and have no entries. Null: there is no first one. */
export interface ClosedAlong {
  readonly from: string | null;
  readonly through: string;
}

/** The other dates that closing the date also closes; undefined: none. */
export async function closedAlong(db: Db, date: string): Promise<ClosedAlong | undefined> {
  const shutThrough = await readShutThrough(db);
  const through = addDays(date, -1);
  if (shutThrough === null) return { from: null, through };
  return shutThrough < through ? { from: addDays(shutThrough, 1), through } : undefined;
}

/** The dates in words: `2026-03-01 to 2026-03-08`. */
export const closedAlongWords = ({ from, through }: ClosedAlong): string => {
  if (from === null) return `every date through ${through}`;
  return from === through ? through : `${from} to ${through}`;
};

const alongWords = (closes: ClosedAlong | undefined): string =>
  closes === undefined ? '' : `, and with it ${closedAlongWords(closes)}`;

function refuseEarlier(date: string, earlier: readonly string[]): void {
  if (earlier.length === 0) return;
  throw new MagamError(
    'EARLIER_DATE_OPEN',
    `${earlier[0]} has entries that are not settled; settle it before ${date}.`,
    { date, earlier },
  );
}

async function refuseImports(db: Db, date: string): Promise<void> {
  const imports = await importsHolding(db, date);
  if (imports.length === 0 || !stands('import.hold')) return;
  const [first] = imports;
  throw new MagamError(
    'IMPORT_IN_PROGRESS',
    `Import ${first?.importId} may still write to ${first?.date}; finish it or abandon it.`,
    { imports },
  );
}
