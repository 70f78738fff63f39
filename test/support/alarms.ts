/** Alarms as tests look at them, and everything that tells of them: Slack, a webhook, mail. */
import type { AlarmSettings } from '../../core/alarms/conditions.js';
import { readConfig } from '../../infra/config.js';
import { change, type Db, select } from '../../infra/database.js';

/** Dates are due at midnight in Seoul, and nothing is waited for. */
export const alarmSettings = (alarms: Partial<AlarmSettings['alarms']> = {}): AlarmSettings => {
  const config = readConfig({ NODE_ENV: 'test', MAGAM_SETTLE_AT: '00:00' });
  return { ...config, alarms: { ...config.alarms, ...alarms } };
};

/** Kind, subject and status of every alarm, oldest first. */
export async function alarmsOf(db: Db): Promise<string[]> {
  const rows = await select<{ text: string }>(
    db,
    `SELECT CONCAT_WS(' ', kind, subject, status) AS text FROM alarm ORDER BY alarm_id`,
  );
  return rows.map(({ text }) => text);
}

/** Types of the events that carry messages about alarms, oldest first. */
export async function alarmEvents(db: Db): Promise<string[]> {
  const rows = await select<{ type: string }>(
    db,
    `SELECT type FROM outbox_event WHERE type LIKE 'alarm.%' ORDER BY event_id`,
  );
  return rows.map(({ type }) => type);
}

export async function emptyAlarms(db: Db): Promise<void> {
  for (const table of [
    'alarm',
    'outbox_event',
    'outbox_consumer',
    'outbox_inbox',
    'outbox_attempt',
    'duty',
    'leader_lease',
  ])
    await change(db, `DELETE FROM ${table}`);
}
