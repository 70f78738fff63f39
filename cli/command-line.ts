/**
 * The command line: the list of commands, and the way from the arguments of a call to its exit code. The file of a command, with everything that it needs, is loaded when the
 * command is called. The help and the version load none of them.
 */
import { Command, CommanderError, Help } from 'commander';
import { MagamError } from '../kernel/errors.js';

/** Gives a command its options, arguments, subcommands and action. */
type Define = (command: Command) => void;

interface Entry {
  /** The text behind the name in the list of commands. */
  readonly takes?: string;
  readonly description: string;
  readonly load: () => Promise<Define>;
}

/** The commands, in the order of the help. */
export const commands: Readonly<Record<string, Entry>> = {
  migrate: {
    description: 'bring the schema up to date (creates the database if it does not exist)',
    load: async () => (await import('./migrate.js')).migrateCommand,
  },
  seed: {
    takes: '[options]',
    description:
      'write a synthetic day of a marketplace: sales, refunds and fee policies, the same for the same arguments',
    load: async () => (await import('./seed.js')).seedCommand,
  },
  policies: {
    description: 'load and show fee policies',
    load: async () => (await import('./policies.js')).policiesCommands,
  },
  terms: {
    description: 'load and show the terms on which sellers are paid: cycle, delay, minimum, reserve, hold',
    load: async () => (await import('./terms.js')).termsCommands,
  },
  'business-days': {
    description: 'show the days on which banks are closed, and add days from a file',
    load: async () => (await import('./business-days.js')).businessDaysCommands,
  },
  whatif: {
    takes: '[options]',
    description:
      'calculate the figures that settled lines would have under a draft of fee policies; the books do not change',
    load: async () => (await import('./whatif.js')).whatIfCommand,
  },
  import: {
    description: 'import a CSV file into the settlement feed',
    load: async () => (await import('./import.js')).importCommands,
  },
  imports: {
    description: 'list the imports, newest first',
    load: async () => (await import('./import.js')).importsCommands,
  },
  settle: {
    takes: '[options]',
    description: 'settle a date: starts, joins or resumes its run; every entry is settled exactly once',
    load: async () => (await import('./settle.js')).settleCommand,
  },
  runs: {
    takes: '[options]',
    description: 'list the runs; see also runs show, stop, exceptions',
    load: async () => (await import('./runs.js')).runsCommands,
  },
  settlements: {
    takes: '[options]',
    description: 'export what each seller is owed for a date or a range of dates, with totals',
    load: async () => (await import('./export.js')).settlementsCommand,
  },
  lines: {
    takes: '[options]',
    description: 'export every settled line of a date',
    load: async () => (await import('./export.js')).linesCommand,
  },
  verify: {
    takes: '[options]',
    description: 'recompute and check everything about a closed date, in one consistent view',
    load: async () => (await import('./verify.js')).verifyCommand,
  },
  explain: {
    takes: '<order-id> [line-id]',
    description:
      'list the lines of an order, show how the figures of a line and of its refunds are calculated, or (explain payout ID) show what a payout is made of',
    load: async () => (await import('./explain.js')).explainCommand,
  },
  alarms: {
    takes: '[options]',
    description: 'list the open alarms; see also alarms check, end',
    load: async () => (await import('./alarms.js')).alarmsCommands,
  },
  stock: {
    description: 'check the stock of every unit; see stock verify',
    load: async () => (await import('./stock.js')).stockCommands,
  },
  payments: {
    description: 'compare payments with orders; see payments verify',
    load: async () => (await import('./payments.js')).paymentsCommands,
  },
  ledger: {
    description:
      'post settled dates to the double-entry ledger, check it, and show its trial balance, accounts, transactions and wallets',
    load: async () => (await import('./ledger.js')).ledgerCommands,
  },
  statements: {
    description:
      'close the periods of sellers, show and export their statements; see statements close, preview, show, export, verify',
    load: async () => (await import('./statements.js')).statementsCommands,
  },
  'tax-invoices': {
    description: 'make, list and export the records of tax invoices for the fees of sellers, month by month',
    load: async () => (await import('./tax-invoices.js')).taxInvoicesCommands,
  },
  adjustments: {
    description:
      'propose, approve and list adjustments, chargebacks and write-offs, which one person proposes and another posts',
    load: async () => (await import('./adjustments.js')).adjustmentsCommands,
  },
  receivables: {
    takes: '[options]',
    description: 'show what sellers owe, by age',
    load: async () => (await import('./receivables.js')).receivablesCommand,
  },
  payouts: {
    description:
      'propose payouts to sellers, approve them (a second person), give them to the bank or a provider, see their results',
    load: async () => (await import('./payouts.js')).payoutsCommands,
  },
  runner: {
    description:
      'run the batch runner: settles yesterday at MAGAM_SETTLE_AT, catches up, takes requests and background tasks (any number may run)',
    load: async () => (await import('./runner.js')).runnerCommand,
  },
  cron: {
    takes: '[options] <command...>',
    description:
      'run a command for cron: never twice at once, with a log, and an alarm when it fails; keeps its exit code',
    load: async () => (await import('./cron.js')).cronCommand,
  },
  doctor: {
    description:
      'check versions, settings, clocks, database, Redis, disk and keys, and say what to do about each problem',
    load: async () => (await import('./doctor/doctor.js')).doctorCommand,
  },
  completion: {
    takes: '<shell>',
    description: 'print a script that completes magam in bash, zsh or fish',
    load: async () => (await import('./completion.js')).completionCommand(defineAll),
  },
  calendar: {
    description:
      'show the time zone and the clocks that determine dates, and where the schedule begins; change zone and schedule',
    load: async () => (await import('./calendar.js')).calendarCommands,
  },
  restored: {
    description:
      'run this after the database was restored, or lost commits in a failover: older cached data are then ignored',
    load: async () => (await import('./restored.js')).restoredCommand,
  },
  keys: {
    description:
      'show the keys under which bank accounts and receivers are encrypted; see keys rotate, which encrypts them again',
    load: async () => (await import('./keys.js')).keysCommands,
  },
  sample: {
    takes: '[options]',
    description: 'make sample sellers, products, orders, payments, buyers and an operator; refused in production',
    load: async () => (await import('./sample.js')).sampleCommand,
  },
  api: {
    description:
      'run the HTTP server: accounts, catalogue, stock, orders, payments, and operating the batch (any number may run)',
    load: async () => (await import('./api.js')).apiCommand,
  },
  sandbox: {
    takes: '[options]',
    description:
      'run stand-ins for payment providers, a mail server and Slack, for development and tests; refused in production',
    load: async () => (await import('./sandbox.js')).sandboxCommand,
  },
  admin: {
    takes: '[options]',
    description: 'make an account with the role admin; its password is read from standard input',
    load: async () => (await import('./admin.js')).adminCommand,
  },
};

/**
 * Runs the command that the arguments name and returns its exit code. Results go to standard output; a failure becomes a coded message, under
 * `--json` a document on standard output.
 */
export async function runCommandLine(words: readonly string[]): Promise<number> {
  // The arguments behind -- belong to another command.
  const own = words.includes('--') ? words.slice(0, words.indexOf('--')) : words;
  const json = own.includes('--json');
  process.exitCode = undefined; // a command that exits with a code other than 0 sets it
  try {
    await program(json).parseAsync(words, { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (!(error instanceof CommanderError)) return await report(error, json);
    if (error.exitCode === 0) return 0; // --help, --version
    if (!json) return 2; // commander has printed the message
    return await report(new MagamError('USAGE', error.message.replace(/^error: /, '')), true);
  }
}

function program(json: boolean): Command {
  const magam: Command = new Command('magam')
    .description('Settles marketplaces: order lines in; fees, settlements and a signed-off certificate out.')
    .version('0.1.0')
    .option('--json', 'print exactly one JSON document on standard output')
    .configureHelp({
      showGlobalOptions: true,
      subcommandTerm: (command) => {
        const takes = command.parent === magam ? commands[command.name()]?.takes : undefined;
        return takes === undefined ? new Help().subcommandTerm(command) : `${command.name()} ${takes}`;
      },
    })
    .showHelpAfterError('(magam --help, or magam COMMAND --help, says what is possible)')
    .addHelpText(
      'after',
      `
Exit codes: 0 done, 1 failed or refused, 2 wrong usage or configuration, 3 done but exceptions are parked,
4 verification found a difference, 5 somebody else holds the run (--no-wait), 130 stopped, resumable.

Without MAGAM_DATABASE_URL the private database of this checkout is started and used.`,
    );
  for (const [name, { description }] of Object.entries(commands)) magam.command(name).description(description);
  const define = async (command: Command): Promise<void> => {
    (await commands[command.name()]?.load())?.(command);
    prepare(command, json);
  };
  magam
    .helpCommand(false) // the usual one would show a command that is not loaded
    .command('help')
    .argument('[command]')
    .allowExcessArguments()
    .description('display help for command')
    .action(async (name?: string) => {
      const command = magam.commands.find((it) => it.name() === name);
      if (command !== undefined) await define(command);
      (command ?? magam).help({ error: name !== undefined && command === undefined });
    });
  magam.hook('preSubcommand', (_magam, command) => define(command));
  prepare(magam, json);
  return magam;
}

/** Gives every command of the program its options, arguments and subcommands. */
async function defineAll(magam: Command): Promise<void> {
  for (const command of magam.commands)
    if (command.commands.length + command.options.length + command.registeredArguments.length === 0)
      (await commands[command.name()]?.load())?.(command);
}

/** Every command throws instead of exiting, and keeps its usage errors off standard output when JSON was asked for. */
function prepare(command: Command, json: boolean): void {
  command.exitOverride();
  if (json) command.configureOutput({ writeErr: () => undefined });
  for (const child of command.commands) prepare(child, json);
}

/** The code that prints a failure knows the errors of the database, and is loaded only after a failure. */
const report = async (error: unknown, json: boolean): Promise<number> =>
  (await import('./output.js')).reportFailure(error, json);
