/** `magam api`: the HTTP server. */
import type { Command } from 'commander';
import { apiSession, openLog, runApi } from '../api/main.js';
import { runDuties } from '../batch/duties/duty-loop.js';
import { serverDuties } from '../batch/duties/upkeep.js';
import { alarmChannels, hasChannel } from '../core/alarms/alarm-channels.js';
import { alarmConsumers } from '../core/alarms/deliver-alarms.js';
import { inBackground } from '../infra/log-output.js';
import { readInstallationId } from '../infra/stores/installation.js';
import { Bell } from './bell.js';
import { migrationsFolder, packageFile, withDatabase } from './context.js';
import { note } from './output.js';

export function apiCommand(api: Command): void {
  api.action(async (_options, command: Command) => {
    await withDatabase(
      command,
      async ({ config, db, redisUrl, signal }) => {
        const log = openLog(config.logLevel, inBackground(process.stderr.fd));
        const ended = new AbortController();
        const installationId = await readInstallationId(db);
        const mail = config.mail && (await import('../infra/mail.js')).openMail(config.mail.url, config.mail.from);
        const channels = alarmChannels(config.alarms, mail);
        const consumers = hasChannel(channels) ? alarmConsumers(channels, installationId) : [];
        const upkeep = { config, db, alarmConsumers: consumers, signal: AbortSignal.any([signal, ended.signal]) };
        let duties: Promise<void> | undefined;
        const onListening = (port: number): void => {
          const tell = (level: 'info' | 'warn' | 'error', fields: object, message: string) =>
            log.log[level](fields, message);
          duties = runDuties({ ...upkeep, log: tell }, serverDuties, new Bell(upkeep.signal).wait);
          const host = config.host.includes(':') ? `[${config.host}]` : config.host;
          note(`Listening on http://${host}:${port} (every call can be tried at /docs)`);
        };
        try {
          await runApi({ config, db, redisUrl, migrationsFolder, packageFile, log, signal, onListening });
        } finally {
          ended.abort();
          await duties;
          mail?.close();
        }
      },
      { poolMax: ({ httpPool }) => httpPool, ...apiSession },
    );
  });
}
