/**
 * Compares the open alarms with the conditions: it opens those that are missing and ends those that are over. Any number of processes may do so at once. The
 * open alarms are read before the conditions, so a process that was frozen in between ends no alarm that was opened later.
 */
import type { Db } from '../../infra/database.js';
import { raiseAlarm, resolveAlarm } from './change-alarms.js';
import { type AlarmSettings, conditions, type WatchedKind, watchedKinds } from './conditions.js';
import { readOpenAlarms, rewordAlarm, storedSubject, storedSummary } from './stores/alarm.js';

/**
 * Checks every condition, or those of `kinds`. When one cannot be read, the others are still checked, and then the error is thrown.
 * @returns how many alarms were opened or ended
 */
export async function watchAlarms(
  db: Db,
  settings: AlarmSettings,
  kinds: readonly WatchedKind[] = watchedKinds,
): Promise<number> {
  let changed = 0;
  let failure: { readonly error: unknown } | undefined;
  for (const kind of kinds) {
    try {
      changed += await watch(db, settings, kind);
    } catch (error) {
      failure ??= { error };
    }
  }
  if (failure !== undefined) throw failure.error;
  return changed;
}

async function watch(db: Db, settings: AlarmSettings, kind: WatchedKind): Promise<number> {
  const open = (await readOpenAlarms(db)).filter((alarm) => alarm.kind === kind);
  const { causes, staying } = await conditions[kind](
    db,
    settings,
    open.map(({ subject }) => subject),
  );
  const there = new Set([...causes.map(({ subject }) => storedSubject(subject)), ...staying]);
  let changed = 0;
  for (const { subject, summary } of causes) {
    const known = open.find((alarm) => alarm.subject === storedSubject(subject));
    if (known === undefined) changed += (await raiseAlarm(db, { kind, subject, summary })) ? 1 : 0;
    else if (known.summary !== storedSummary(summary)) await rewordAlarm(db, known.alarmId, summary);
  }
  for (const { alarmId, subject } of open) if (!there.has(subject) && (await resolveAlarm(db, alarmId))) changed += 1;
  return changed;
}
