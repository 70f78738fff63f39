/** A verification that found a difference raises an alarm, which stays until a verification of the same date finds none. */
import { tellAlarm } from '../../../core/alarms/change-alarms.js';
import type { Db } from '../../../infra/database.js';
import type { Verification } from './verify-date.js';

/** Raises or ends the alarm of the date. */
export async function tellVerification(db: Db, { date, ok, checks }: Verification): Promise<void> {
  const first = checks.find((check) => !check.ok);
  const found =
    first === undefined
      ? ''
      : `: ${first.name} ${first.detail ?? ''} is ${first.actual}, and ${first.expected} was expected`;
  const summary = `The stored data of ${date} differ from what was certified${found}.`;
  await tellAlarm(db, { kind: 'verification-difference', subject: date, summary }, !ok);
}
