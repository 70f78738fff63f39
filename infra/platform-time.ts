/**
 * The platform's time: the database's clock in the zone that is stored in the database, whatever the clock and the settings of a
 * process are. So all processes agree on which dates are over.
 */
import { MagamError } from '../kernel/errors.js';
import type { Db } from './database.js';
import { processClock } from './faults.js';
import { readClockAndZone, storeFirstTimeZone } from './stores/installation.js';
import { canonicalZone, momentIn } from './time-zone.js';

export interface PlatformTime {
  readonly timeZone: string;
  /** Today's business date. */
  readonly date: string;
  /** Time of day, `HH:MM`. */
  readonly time: string;
  /** How far this process's clock is certainly ahead of the database's (ms); negative: behind; 0: no difference can be seen. */
  readonly clockAheadMs: number;
}

/** A process that is stopped for a moment between two readings of its clock shows no difference; a real difference is reported from here on. */
const REPORTED_MS = 2_000;
const REFUSED_MS = 60_000;

/**
 * The zone and the time of the platform. A database that has no zone yet gets `otherwise`.
 * @param given the zone that this process was told to work in; null: whatever is stored
 * Throws TIME_ZONE_DIFFERS and CLOCK_DIFFERS.
 */
export async function readPlatformTime(db: Db, given: string | null, otherwise = given): Promise<PlatformTime> {
  const time = await readAnyPlatformTime(db, otherwise);
  if (given !== null && canonicalZone(given) !== canonicalZone(time.timeZone)) throw zoneDiffers(given, time.timeZone);
  if (Math.abs(time.clockAheadMs) > REFUSED_MS)
    throw new MagamError(
      'CLOCK_DIFFERS',
      `${clockDifference(time)} Set both clocks right (NTP keeps them so) and start again.`,
      { clockAheadMs: time.clockAheadMs },
    );
  return time;
}

/** The same for readers that only show it: zone and clock are not compared with the process's. */
export async function readAnyPlatformTime(db: Db, otherwise: string | null): Promise<PlatformTime> {
  const sentMs = processClock();
  let { databaseMs, timeZone } = await readClockAndZone(db);
  const gotMs = processClock();
  if (timeZone === null && otherwise !== null) {
    // An auditor's account and a replica can only be read, so the zone of the setting is used there.
    await storeFirstTimeZone(db, otherwise).catch(() => undefined);
    ({ timeZone } = await readClockAndZone(db));
    timeZone ??= otherwise;
  }
  if (timeZone === null) throw new Error('no time zone is stored');
  // The database read its clock at some moment between the two.
  const clockAheadMs = databaseMs < sentMs ? sentMs - databaseMs : Math.min(0, gotMs - databaseMs);
  return { timeZone, ...momentIn(timeZone, databaseMs), clockAheadMs };
}

/** A sentence for people when the clocks differ too much; undefined when they agree. */
export const clockNotice = (time: PlatformTime): string | undefined =>
  Math.abs(time.clockAheadMs) > REPORTED_MS
    ? `${clockDifference(time)} From ${REFUSED_MS / 1_000} s on nothing is done.`
    : undefined;

function clockDifference({ clockAheadMs }: PlatformTime): string {
  const seconds = Math.round(Math.abs(clockAheadMs) / 100) / 10;
  return `The clock of this process is ${seconds} s ${clockAheadMs > 0 ? 'ahead of' : 'behind'} that of the database.`;
}

const zoneDiffers = (given: string, stored: string): MagamError =>
  new MagamError(
    'TIME_ZONE_DIFFERS',
    `MAGAM_TIME_ZONE is ${given}, and the dates of this database are days in ${stored}. Set MAGAM_TIME_ZONE=${stored} or leave it out; ` +
      `to change the zone of the platform, stop every process and run magam calendar zone ${given}.`,
    { given, stored },
  );
