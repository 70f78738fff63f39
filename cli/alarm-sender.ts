/** How a command looks for alarms and sends their messages without a runner and, if the database is away, without the database. */
import { type AlarmChannels, alarmChannels } from '../core/alarms/alarm-channels.js';
import { alarmConsumers, deliverAlarms } from '../core/alarms/deliver-alarms.js';
import { watchAlarms } from '../core/alarms/watch-alarms.js';
import type { Config } from '../infra/config.js';
import { readInstallationId } from '../infra/stores/installation.js';
import type { CommandContext } from './context.js';
import { note } from './output.js';

/** Gives `work` the channels that are configured, and closes them. */
export async function withChannels<T>(config: Config, work: (channels: AlarmChannels) => Promise<T>): Promise<T> {
  const mail = config.mail && (await import('../infra/mail.js')).openMail(config.mail.url, config.mail.from);
  try {
    return await work(alarmChannels(config.alarms, mail));
  } finally {
    mail?.close();
  }
}

/** Compares the alarms with the present state, and sends the messages that wait. A message that cannot be sent is reported on standard error, and the next check tries it again. */
export const lookForAlarms = ({ db, config, signal }: CommandContext): Promise<void> =>
  withChannels(config, async (channels) => {
    const consumers = alarmConsumers(channels, await readInstallationId(db));
    const log = (level: string, fields: object, message: string): void => {
      if (level !== 'info') note(`${message}: ${JSON.stringify(fields)}`);
    };
    try {
      await watchAlarms(db, config);
    } finally {
      await deliverAlarms({ db, signal, log }, consumers);
    }
  });
