/**
 * `magam`: the command line of the finance team and of cron. Loads the command that was asked for, turns every failure into a coded
 * message and an exit code. Standard output carries results only; logs and progress go to standard error.
 */
import { Command, CommanderError } from 'commander';
import { MagamError } from '../domain/errors.js';
import { explainCommand } from './explain.js';
import { exportCommands } from './export.js';
import { importCommands } from './import.js';
import { migrateCommand } from './migrate.js';
import { reportFailure } from './output.js';
import { policiesCommands } from './policies.js';
import { runnerCommand } from './runner.js';
import { runsCommands } from './runs.js';
import { seedCommand } from './seed.js';
import { settleCommand } from './settle.js';
import { verifyCommand } from './verify.js';

const wantsJson = process.argv.includes('--json');

const program = new Command('magam')
  .description('Settles marketplaces: order lines in; fees, settlements and a signed-off certificate out.')
  .version('0.1.0')
  .option('--json', 'print exactly one JSON document on standard output')
  .configureHelp({ showGlobalOptions: true })
  .showHelpAfterError('(magam --help, or magam COMMAND --help, says what is possible)')
  .addHelpText(
    'after',
    `
Exit codes: 0 done, 1 failed or refused, 2 wrong usage or configuration, 3 done but exceptions are parked,
4 verification found a difference, 5 somebody else holds the run (--no-wait), 130 stopped, resumable.

Without MAGAM_DATABASE_URL the private database of this checkout is started and used.`,
  );

for (const add of [
  migrateCommand,
  seedCommand,
  policiesCommands,
  importCommands,
  settleCommand,
  runsCommands,
  exportCommands,
  verifyCommand,
  explainCommand,
  runnerCommand,
]) {
  add(program);
}

/** Every command throws instead of exiting, and keeps its usage errors off standard output when JSON was asked for. */
function prepare(command: Command): void {
  command.exitOverride();
  if (wantsJson) command.configureOutput({ writeErr: () => undefined });
  for (const child of command.commands) prepare(child);
}
prepare(program);

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0); // the reader, head for example, has seen enough
  throw error;
});

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = failed(error);
}

function failed(error: unknown): number {
  if (!(error instanceof CommanderError)) return reportFailure(error, wantsJson);
  if (error.exitCode === 0) return 0; // --help, --version
  if (!wantsJson) return 2; // commander has printed the message
  return reportFailure(new MagamError('USAGE', error.message.replace(/^error: /, '')), true);
}
