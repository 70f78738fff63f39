/** `magam api`: the HTTP server. */
import type { Command } from 'commander';
import { openLog, runApi, standardError } from '../api/main.js';
import { migrationsFolder, packageFile, withDatabase } from './context.js';
import { note } from './output.js';

export function apiCommand(api: Command): void {
  api.action(async (_options, command: Command) => {
    await withDatabase(
      command,
      async ({ config, db, redisUrl, signal }) => {
        const log = openLog(config.logLevel, standardError());
        const onListening = (port: number): void => {
          const host = config.host.includes(':') ? `[${config.host}]` : config.host;
          note(`Listening on http://${host}:${port} (every call can be tried at /docs)`);
        };
        await runApi({ config, db, redisUrl, migrationsFolder, packageFile, log, signal, onListening });
      },
      { poolMax: ({ httpPool }) => httpPool },
    );
  });
}
