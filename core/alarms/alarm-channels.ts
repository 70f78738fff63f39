/** Where alarms are sent: a Slack channel, a webhook, mailboxes. Each works independently of the others. */
import type { Config } from '../../infra/config.js';
import type { MailSender } from '../../infra/mail.js';
import { postJson, postToSlack } from '../../infra/webhook.js';
import { alarmDocument, alarmMessage, type ToldAlarm } from './rules/message.js';

/** The names are stored: each is a consumer of events. */
export const ALARM_CHANNELS = ['alarm-slack', 'alarm-webhook', 'alarm-mail'] as const;
export type AlarmChannel = (typeof ALARM_CHANNELS)[number];

/** Sends the message about an alarm. Throws when it was not accepted. @param id by which the receiver recognises a message that is sent again */
export type SendAlarm = (id: string, alarm: ToldAlarm, signal: AbortSignal) => Promise<void>;

/** Null: that channel is not configured. */
export type AlarmChannels = Readonly<Record<AlarmChannel, SendAlarm | null>>;

export function alarmChannels(
  { slackUrl, webhookUrl, mailTo }: Config['alarms'],
  mail: MailSender | null,
): AlarmChannels {
  return {
    'alarm-slack':
      slackUrl === null ? null : (_id, alarm, signal) => postToSlack(slackUrl, alarmMessage(alarm).text, signal),
    'alarm-webhook':
      webhookUrl === null
        ? null
        : (id, alarm, signal) =>
            postJson('the webhook for alarms', webhookUrl, alarmDocument(id, alarm), signal, { 'idempotency-key': id }),
    'alarm-mail':
      mail === null || mailTo.length === 0
        ? null
        : (id, alarm) => {
            const { title: subject, text } = alarmMessage(alarm);
            return mail.send({ to: mailTo.join(', '), subject, text: `${text}\n`, id });
          },
  };
}

export const hasChannel = (channels: AlarmChannels): boolean => Object.values(channels).some((send) => send !== null);
