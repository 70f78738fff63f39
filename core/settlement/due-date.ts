/** The date that the schedule settles next, and whether it waits for a person. */
import type { Db } from '../../infra/database.js';
import { readPlatformTime } from '../../infra/platform-time.js';
import { readClockAndZone } from '../../infra/stores/installation.js';
import { momentIn } from '../../infra/time-zone.js';
import { addDays } from '../../kernel/business-date.js';
import {
  earliestUnsettled,
  readScheduleFrom,
  readShutThrough,
  unsettledDatesBetween,
} from '../feed/stores/calendar.js';
import type { ClosingOptions } from './closable-date.js';
import { findSettlementRun, type SettlementRun } from './stores/settlement-run.js';

/** The settings of the schedule: the platform's zone, and the time of day from which yesterday is due. */
export interface ScheduleSettings {
  readonly timeZone: string;
  readonly settleAt: string;
}

export interface DueDate {
  readonly date: string;
  readonly options: ClosingOptions;
}

/**
 * The earliest date that is due and has unsettled entries; where there is none, the last date that is due, if it is open and a person wants
 * empty dates closed.
 */
export async function earliestDue(db: Db, { timeZone, settleAt }: ScheduleSettings): Promise<DueDate | undefined> {
  const through = dueThrough(await readPlatformTime(db, timeZone), settleAt);
  const from = await readScheduleFrom(db);
  const date = await earliestUnsettled(db, from, through);
  if (date !== undefined) return { date, options: {} };
  if (from === null || from > through) return undefined;
  return (await isOpen(db, through)) ? { date: through, options: { allowEmpty: true } } : undefined;
}

/**
 * The dates that were due this many minutes ago and are not closed: those with entries, and the last one where a person wants every date closed. A date that is
 * being settled is not closed.
 */
export async function overdueDates(
  db: Db,
  { timeZone, settleAt }: ScheduleSettings,
  minutes: number,
): Promise<string[]> {
  const { databaseMs } = await readClockAndZone(db);
  const through = dueThrough(momentIn(timeZone, databaseMs - minutes * 60_000), settleAt);
  const from = await readScheduleFrom(db);
  const dates = await unsettledDatesBetween(db, from ?? FIRST_DATE, through);
  if (from === null || from > through || dates.includes(through)) return dates;
  return (await isOpen(db, through)) ? [...dates, through] : dates;
}

const FIRST_DATE = '0001-01-01';

async function isOpen(db: Db, date: string): Promise<boolean> {
  const shutThrough = await readShutThrough(db);
  return shutThrough === null || shutThrough < date;
}

/** The last date that is due: yesterday once the time of day has come, the day before until then. */
const dueThrough = (now: { date: string; time: string }, settleAt: string): string =>
  addDays(now.date, now.time >= settleAt ? -1 : -2);

/** The run that the schedule waits for: it was stopped, so a person has to resume it or give it up. No later date is settled before that. */
export async function blockingRun(db: Db, settings: ScheduleSettings): Promise<SettlementRun | undefined> {
  const due = await earliestDue(db, settings);
  const run = due && (await findSettlementRun(db, due.date));
  return run?.status === 'STOPPED' ? run : undefined;
}
