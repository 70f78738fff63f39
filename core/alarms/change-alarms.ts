/** Opens and closes alarms. The event that carries the message commits together with the row, so that neither exists without the other. */
import { type Db, inTransaction, type Tx } from '../../infra/database.js';
import { MagamError } from '../../kernel/errors.js';
import { recordEvents } from '../outbox/record-events.js';
import type { Alarm, AlarmCause } from './rules/alarm.js';
import { endAlarm, findOpenAlarm, insertAlarm, readAlarm } from './stores/alarm.js';

/** Raises an alarm, unless it is open. @returns whether it was opened now */
export const raiseAlarm = (db: Db, cause: AlarmCause): Promise<boolean> =>
  inTransaction(db, async (tx) => {
    const alarmId = await insertAlarm(tx, cause);
    if (alarmId === undefined) return false;
    await recordEvents(tx, [{ type: 'alarm.opened', payload: { alarmId }, requestId: '' }]);
    return true;
  });

/** Ends an alarm. @param also what is written in the same transaction @returns whether it was open until now */
export const resolveAlarm = (
  db: Db,
  alarmId: number,
  also: (tx: Tx) => Promise<void> = async () => undefined,
): Promise<boolean> =>
  inTransaction(db, async (tx) => {
    if (!(await endAlarm(tx, alarmId))) return false;
    await recordEvents(tx, [{ type: 'alarm.resolved', payload: { alarmId }, requestId: '' }]);
    await also(tx);
    return true;
  });

/**
 * Ends the alarm of a command that nobody runs any more, such as a mistyped line of a crontab: its next success would never come.
 * Throws ALARM_NOT_FOUND when there is no such alarm or it is over, ALARM_ENDS_BY_ITSELF when it is of another kind.
 * @param also what is written in the same transaction
 */
export async function endCommandAlarm(
  db: Db,
  alarmId: number,
  also: (tx: Tx, alarm: Alarm) => Promise<void>,
): Promise<Alarm> {
  const alarm = await readAlarm(db, alarmId);
  if (alarm === undefined || alarm.status !== 'OPEN') throw new MagamError('ALARM_NOT_FOUND', undefined, { alarmId });
  const { kind, subject } = alarm;
  if (kind !== 'command-failed') throw new MagamError('ALARM_ENDS_BY_ITSELF', undefined, { alarmId, kind, subject });
  if (!(await resolveAlarm(db, alarmId, (tx) => also(tx, alarm))))
    throw new MagamError('ALARM_NOT_FOUND', undefined, { alarmId });
  return alarm;
}

/** Raises the alarm when its cause exists and ends it otherwise: for causes that only an action shows, such as a verification. */
export async function tellAlarm(db: Db, cause: AlarmCause, isThere: boolean): Promise<void> {
  const open = await findOpenAlarm(db, cause);
  if (isThere && open === undefined) await raiseAlarm(db, cause);
  if (!isThere && open !== undefined) await resolveAlarm(db, open.alarmId);
}
