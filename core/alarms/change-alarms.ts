/** Opens and closes alarms. The event that carries the message commits together with the row, so that neither exists without the other. */
import { type Db, inTransaction } from '../../infra/database.js';
import { recordEvents } from '../outbox/record-events.js';
import type { AlarmCause } from './rules/alarm.js';
import { endAlarm, findOpenAlarm, insertAlarm } from './stores/alarm.js';

/** Raises an alarm, unless it is open. @returns whether it was opened now */
export const raiseAlarm = (db: Db, cause: AlarmCause): Promise<boolean> =>
  inTransaction(db, async (tx) => {
    const alarmId = await insertAlarm(tx, cause);
    if (alarmId === undefined) return false;
    await recordEvents(tx, [{ type: 'alarm.opened', payload: { alarmId }, requestId: '' }]);
    return true;
  });

/** Ends an alarm. @returns whether it was open until now */
export const resolveAlarm = (db: Db, alarmId: number): Promise<boolean> =>
  inTransaction(db, async (tx) => {
    if (!(await endAlarm(tx, alarmId))) return false;
    await recordEvents(tx, [{ type: 'alarm.resolved', payload: { alarmId }, requestId: '' }]);
    return true;
  });

/** Raises the alarm when its cause exists and ends it otherwise: for causes that only an action shows, such as a verification. */
export async function tellAlarm(db: Db, cause: AlarmCause, isThere: boolean): Promise<void> {
  const open = await findOpenAlarm(db, cause);
  if (isThere && open === undefined) await raiseAlarm(db, cause);
  if (!isThere && open !== undefined) await resolveAlarm(db, open.alarmId);
}
