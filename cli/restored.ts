/** `magam restored`: after a restore, or a failover that lost commits. */
import type { Command } from 'commander';
import { readPlatformCalendar, renewInstallation } from '../core/settlement/platform-calendar.js';
import { withDatabase } from './context.js';
import { note, print, printJson } from './output.js';

export function restoredCommand(restored: Command): void {
  restored.action((_options, command: Command) =>
    withDatabase(command, async ({ db, config, json }) => {
      await renewInstallation(db, config.userName);
      const { shutThrough, scheduleFrom } = await readPlatformCalendar(db, config.timeZone);
      if (json) printJson({ shutThrough, scheduleFrom });
      else print(shutThrough === null ? 'No date is closed.' : `The books are closed through ${shutThrough}.`);
      note(
        'Start, or restart, every HTTP server and runner. docs/operations.md says what to check before dates are settled.',
      );
    }),
  );
}
