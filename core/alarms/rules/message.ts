/** What receivers are told of an alarm. A message says what is true of the alarm when it is sent, so one that is late does not report as open what is over. */
import { type Alarm, actionOf } from './alarm.js';

/** An alarm, or one that a command tells while the database is away, which has no number. */
export type ToldAlarm = Omit<Alarm, 'alarmId'> & { readonly alarmId: number | null };

export interface AlarmMessage {
  /** One line. */
  readonly title: string;
  readonly text: string;
}

/** For people: mail and Slack. */
export function alarmMessage(alarm: ToldAlarm): AlarmMessage {
  const { alarmId, kind, subject, summary, openedAt, resolvedAt } = alarm;
  const name = `${alarmId === null ? 'The alarm' : `Alarm ${alarmId}`} (${kind}: ${subject})`;
  const title = `[Magam] ${resolvedAt === null ? 'ALARM' : 'OVER'}: ${kind} ${subject}`;
  const lines =
    resolvedAt === null
      ? [`ALARM: ${summary}`, `What to do: ${actionOf(alarm)}`, `${name} has been open since ${openedAt}.`]
      : [`OVER: ${summary}`, `${name} was open from ${openedAt} to ${resolvedAt}.`];
  return { title, text: lines.join('\n') };
}

/**
 * For programs: the body of the plain webhook.
 * @param id the same each time that this message is sent again
 */
export const alarmDocument = (id: string, alarm: ToldAlarm): object => ({
  id,
  alarm: { ...alarm, action: actionOf(alarm) },
});
