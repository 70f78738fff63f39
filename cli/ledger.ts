/** `magam ledger`: posts settled dates to the ledger, compares the ledger with the sums of its postings, and shows what is in it. */
import type { Command } from 'commander';
import { postDates } from '../batch/jobs/post/post-dates.js';
import type { PostedGeneration } from '../core/postings/stores/settlement-posting.js';
import { requireExportable } from '../core/settlement/settlement-export.js';
import { MagamError } from '../kernel/errors.js';
import { type CommandContext, readDate, withDatabase } from './context.js';
import { correctLedgerCommands } from './ledger-correct.js';
import { showLedgerCommands } from './ledger-show.js';
import { counted, print, printJson, printTable } from './output.js';
import { openPools } from './threads.js';
import { verifyBooksCommand } from './verify-books.js';

interface Options {
  readonly date?: string;
  readonly from?: string;
  readonly to?: string;
}

export function ledgerCommands(command: Command): void {
  command
    .command('post')
    .description('post settled dates to the ledger: each generation once, even if other processes post it, too')
    .option('--date <date>', 'YYYY-MM-DD, today or yesterday')
    .option('--from <date>', 'first date of a range, instead of --date')
    .option('--to <date>', 'last date of the range (default: --from)')
    .action((options: Options, command: Command) => post(options, command));
  verifyBooksCommand(command, 'ledger');
  showLedgerCommands(command);
  correctLedgerCommands(command);
}

async function post(options: Options, command: Command): Promise<void> {
  const { date, from, to } = options;
  if ((date === undefined) === (from === undefined) || (to !== undefined && from === undefined))
    throw new MagamError('USAGE', 'Give either --date, or --from and --to.');
  const work = async ({ db, config, databaseUrl, json, signal, today }: CommandContext): Promise<void> => {
    const first = readDate((date ?? from) as string, today);
    const range = { from: first, to: to === undefined ? first : readDate(to, today) };
    if (range.from > range.to) throw new MagamError('USAGE', `--from ${range.from} is later than --to ${range.to}.`);
    await requireExportable(db, range.from, range.to);
    const started = performance.now();
    const pools = openPools(config, databaseUrl);
    const request = { gridSize: 1, workers: 1, chunkRows: config.chunkRows, requestedBy: config.userName };
    const posted = await postDates({ db, config, pools, signal }, range, request).finally(() => pools.close());
    const seconds = Math.round(performance.now() - started) / 1000;
    const told = posted.map((one) => ({ ...one, alreadyDone: false }));
    if (json) printJson({ ...range, alreadyDone: posted.length === 0, posted: told, seconds });
    else tellPosted(posted, seconds);
    if (signal.aborted) throw new MagamError('RUN_STOPPED', 'Stopped by a signal; the same command continues.');
  };
  await withDatabase(command, work, { poolMax: () => 8, leased: true });
}

function tellPosted(posted: readonly PostedGeneration[], seconds: number): void {
  if (posted.length === 0) {
    print('Nothing to post: every settled date is in the ledger.');
    return;
  }
  const columns = ['date', 'generation', 'transactions', 'postings'] as const;
  printTable(
    columns,
    posted.map((one) => columns.map((column) => one[column])),
    columns.slice(1),
  );
  print(`\nPosted ${counted(posted.length, 'generation')}, ${seconds} s.`);
}
