/** `magam migrate`: brings the schema up to date. */
import type { Command } from 'commander';
import { readConfig } from '../infra/config.js';
import { migrate } from '../infra/migrate.js';
import { migrationsFolder, serviceUrls, wantsJson } from './context.js';
import { print, printJson } from './output.js';

export function migrateCommand(command: Command): void {
  command.action(async (_options, command: Command) => {
    const { databaseUrl } = await serviceUrls(readConfig());
    const applied = await migrate(databaseUrl, migrationsFolder);
    if (wantsJson(command)) printJson({ applied });
    else
      print(
        applied.length === 0
          ? 'The schema is up to date.'
          : `Applied ${applied.length} migrations, the last is ${applied.at(-1)}.`,
      );
  });
}
