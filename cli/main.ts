/**
 * `magam`: the command line of the finance team and of cron. Loads the command that was asked for, turns every failure into a coded
 * message and an exit code. Standard output carries results only; logs and progress go to standard error.
 */
import { Command, CommanderError } from 'commander';
import { MagamError } from '../kernel/errors.js';
import { reportFailure } from './output.js';

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

type AddCommand = (program: Command) => void;

/** Where each command lives, in the order of the help. */
const commands: Readonly<Record<string, () => Promise<AddCommand>>> = {
  migrate: async () => (await import('./migrate.js')).migrateCommand,
  seed: async () => (await import('./seed.js')).seedCommand,
  policies: async () => (await import('./policies.js')).policiesCommands,
  import: async () => (await import('./import.js')).importCommands,
  settle: async () => (await import('./settle.js')).settleCommand,
  runs: async () => (await import('./runs.js')).runsCommands,
  settlements: async () => (await import('./export.js')).exportCommands,
  verify: async () => (await import('./verify.js')).verifyCommand,
  explain: async () => (await import('./explain.js')).explainCommand,
  runner: async () => (await import('./runner.js')).runnerCommand,
  sample: async () => (await import('./sample.js')).sampleCommand,
  api: async () => (await import('./api.js')).apiCommand,
  admin: async () => (await import('./admin.js')).adminCommand,
};
/** Commands that share a file with the one before them. */
const alongside: Readonly<Record<string, string>> = { imports: 'import', lines: 'settlements' };

// Only what was asked for is loaded; a word that is no command, or a call for help, needs all of them.
const word = process.argv.slice(2).find((argument) => !argument.startsWith('-')) ?? '';
const asked = commands[alongside[word] ?? word];
for (const load of asked === undefined ? Object.values(commands) : [asked]) (await load())(program);

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
