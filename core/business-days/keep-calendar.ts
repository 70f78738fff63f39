/** The calendar of business days: its versions, and what files add to it. */
import { type Db, inTransaction, type Tx } from '../../infra/database.js';
import { recordAudit } from '../../infra/stores/audit-log.js';
import { found } from '../../kernel/outcome.js';
import { BusinessCalendar } from './rules/business-calendar.js';
import { withAnnounced } from './rules/holiday-file.js';
import { type Announced, type Holiday, holidaysOf, RULES_NUMBER } from './rules/holidays.js';
import { insertCalendar, lockCalendarBook, readCalendar, type StoredCalendar } from './stores/business-calendar.js';

/** The author of a version that the program makes by itself: the first one, and one after a change of the rules. */
const PROGRAM = 'magam';
const NOTHING: Announced = { holidays: [], workdays: [] };

/**
 * A version of the calendar, by default the latest. Where there is none yet, or the latest was made under older rules than this program's, the version
 * that this program makes is stored first. Throws BUSINESS_CALENDAR_NOT_FOUND.
 */
export async function keptCalendar(db: Db, version?: number): Promise<StoredCalendar> {
  if (version !== undefined) return found(await readCalendar(db, version), 'BUSINESS_CALENDAR_NOT_FOUND', { version });
  const latest = await readCalendar(db);
  if (latest !== undefined && latest.rulesNumber >= RULES_NUMBER) return latest;
  return inTransaction(db, latestLocked);
}

/** The same calendar in the form that computations use. */
export async function businessCalendar(db: Db, version?: number): Promise<BusinessCalendar> {
  const { version: kept, holidays } = await keptCalendar(db, version);
  return new BusinessCalendar(kept, holidays);
}

/** The latest version under this program's rules. Nobody else makes a version until the transaction ends. */
async function latestLocked(tx: Tx): Promise<StoredCalendar> {
  const last = await lockCalendarBook(tx);
  const latest = last === 0 ? undefined : await readCalendar(tx, last);
  if (latest !== undefined && latest.rulesNumber >= RULES_NUMBER) return latest;
  return store(tx, last + 1, latest?.announced ?? NOTHING, PROGRAM);
}

async function store(tx: Tx, version: number, announced: Announced, madeBy: string): Promise<StoredCalendar> {
  await insertCalendar(tx, { version, rulesNumber: RULES_NUMBER, announced, holidays: holidaysOf(announced), madeBy });
  return found(await readCalendar(tx, version), 'BUSINESS_CALENDAR_NOT_FOUND', { version });
}

export interface ImportedHolidays {
  /** The version that contains the file's dates. */
  readonly version: number;
  /** All of the file was already known, so no version was made. */
  readonly unchanged: boolean;
  /** Holidays that the previous version does not have, including substitutes that moved. */
  readonly added: readonly Holiday[];
  /** Holidays of the previous version that this one does not have. */
  readonly removed: readonly Holiday[];
}

/** Adds the dates of a file as a new version of the calendar. Adding the same again changes nothing. */
export async function addHolidays(tx: Tx, file: Announced, madeBy: string): Promise<ImportedHolidays> {
  const before = await latestLocked(tx);
  const announced = withAnnounced(before.announced, file);
  if (JSON.stringify(announced) === JSON.stringify(before.announced))
    return { version: before.version, unchanged: true, added: [], removed: [] };
  const after = await store(tx, before.version + 1, announced, madeBy);
  const added = without(after.holidays, before.holidays);
  const removed = without(before.holidays, after.holidays);
  return { version: after.version, unchanged: false, added, removed };
}

/** The same at the command line, with its entry of the audit log. */
export const importHolidays = (db: Db, file: Announced, userName: string): Promise<ImportedHolidays> =>
  inTransaction(db, async (tx) => {
    const imported = await addHolidays(tx, file, userName);
    const { version, unchanged, added, removed } = imported;
    if (!unchanged)
      await recordAudit(tx, {
        ...{ caller: null, userName, requestId: null, action: 'business-calendar.import' },
        ...{ subjectType: 'business-calendar', subjectId: String(version) },
        before: { version: version - 1, removed },
        after: { version, added },
      });
    return imported;
  });

function without(holidays: readonly Holiday[], others: readonly Holiday[]): Holiday[] {
  const keyOf = ({ date, name, kind }: Holiday): string => `${date} ${kind} ${name}`;
  const known = new Set(others.map(keyOf));
  return holidays.filter((holiday) => !known.has(keyOf(holiday)));
}
