/** The platform's calendar as people see and change it: its zone, and from which date on the schedule closes every date. */
import { type Db, inTransaction } from '../../infra/database.js';
import { type PlatformTime, readAnyPlatformTime } from '../../infra/platform-time.js';
import { recordAudit } from '../../infra/stores/audit-log.js';
import { readInstallationId, renewInstallationId, replaceTimeZone } from '../../infra/stores/installation.js';
import { MagamError } from '../../kernel/errors.js';
import {
  importsHolding,
  lockCalendar,
  readScheduleFrom,
  readShutThrough,
  writeScheduleFrom,
} from '../feed/stores/calendar.js';

export interface PlatformCalendar extends PlatformTime {
  /** Every date through this one takes no more entries; null: every date does. */
  readonly shutThrough: string | null;
  /** From this date on the schedule closes every date; null: it begins with the first entry, and leaves dates without entries open. */
  readonly scheduleFrom: string | null;
}

/** `zone` is that of a database that has none yet. */
export async function readPlatformCalendar(db: Db, zone: string | null): Promise<PlatformCalendar> {
  const time = await readAnyPlatformTime(db, zone);
  return { ...time, shutThrough: await readShutThrough(db), scheduleFrom: await readScheduleFrom(db) };
}

/** Gives a restored database another id, so that no entry that was cached before the restore is found under it. */
export async function renewInstallation(db: Db, userName: string): Promise<void> {
  await inTransaction(db, async (tx) => {
    const before = await readInstallationId(tx);
    await renewInstallationId(tx);
    const after = await readInstallationId(tx);
    await audit(tx, userName, 'database.restored', { installationId: before }, { installationId: after });
  });
}

const LAST_DATE = '9999-12-31';

/**
 * Changes the time zone of business dates. Entries in the feed keep their dates. Throws `IMPORT_IN_PROGRESS`, because the time stamps of one
 * file would be read in two zones otherwise.
 */
export async function changeTimeZone(db: Db, zone: string, userName: string): Promise<void> {
  await inTransaction(db, async (tx) => {
    await lockCalendar(tx);
    const [unfinished] = await importsHolding(tx, LAST_DATE);
    if (unfinished !== undefined)
      throw new MagamError(
        'IMPORT_IN_PROGRESS',
        `Import ${unfinished.importId} is not finished; finish it or abandon it.`,
        {
          imports: [unfinished],
        },
      );
    const { timeZone } = await readAnyPlatformTime(tx, zone);
    await replaceTimeZone(tx, zone);
    await audit(tx, userName, 'calendar.zone', { timeZone }, { timeZone: zone });
  });
}

/** Tells the schedule from which date on to close every date; null: from the first entry on, and only dates with entries. */
export async function changeScheduleFrom(db: Db, date: string | null, userName: string): Promise<void> {
  await inTransaction(db, async (tx) => {
    await lockCalendar(tx);
    const scheduleFrom = await readScheduleFrom(tx);
    await writeScheduleFrom(tx, date);
    await audit(tx, userName, 'calendar.schedule', { scheduleFrom }, { scheduleFrom: date });
  });
}

const audit = (
  tx: Parameters<typeof recordAudit>[0],
  userName: string,
  action: string,
  before: object,
  after: object,
) =>
  recordAudit(tx, {
    caller: null,
    userName,
    requestId: null,
    action,
    subjectType: 'calendar',
    subjectId: '1',
    before,
    after,
  });
