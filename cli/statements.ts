/** `magam statements`: closes the periods of sellers, and shows what their statements are made of. */
import type { Command } from 'commander';
import { type JobResult, runJob } from '../batch/engine/run-job.js';
import { closeStatementsJob } from '../batch/jobs/close-statements/close-job.js';
import { type CloseReport, reportClose } from '../batch/jobs/close-statements/report.js';
import { businessCalendar } from '../core/business-days/keep-calendar.js';
import { readyGenerations } from '../core/postings/ready-generations.js';
import { requireStatable } from '../core/statements/closable.js';
import { closeSeller } from '../core/statements/close-seller.js';
import type { WithoutTerms } from '../core/statements/stores/payable-account.js';
import { readPlatformTime } from '../infra/platform-time.js';
import { errors, MagamError } from '../kernel/errors.js';
import type { CommandContext } from './context.js';
import { readCurrency, readDate, wholeNumber, withDatabase } from './context.js';
import { counted, money, note, print, printJson, printTable } from './output.js';
import { startProgress } from './progress.js';
import { statementExportCommand } from './statement-export.js';
import { showCommands } from './statements-show.js';
import { openPools } from './threads.js';
import { verifyBooksCommand } from './verify-books.js';

interface CloseOptions {
  readonly date: string;
  readonly seller?: string;
  readonly currency?: string;
  readonly expect?: string;
  readonly gridSize: number;
  readonly workers?: number;
  readonly wait: boolean;
}

export function statementsCommands(statements: Command): void {
  statements
    .command('close')
    .description('close every period that ends on a date or before it: a statement for each seller and currency, once')
    .requiredOption('--date <date>', 'YYYY-MM-DD, today or yesterday')
    .option('--seller <id>', 'close only the periods of one seller')
    .option('--currency <code>', 'with --seller: only in this currency', readCurrency)
    .option('--expect <hash>', 'with --seller: only if a statement has the hash that its preview showed')
    .option('--grid-size <n>', 'partitions of a new plan', wholeNumber('--grid-size', 1, 10_000), 10)
    .option('--workers <n>', 'worker threads (default: as for settle)', wholeNumber('--workers', 1, 64))
    .option('--no-wait', 'exit with 5 when somebody else works on the run, instead of joining it')
    .action((options: CloseOptions, command: Command) => close(options, command));
  showCommands(statements);
  statementExportCommand(statements);
  verifyBooksCommand(statements, 'statements');
}

async function close(options: CloseOptions, command: Command): Promise<void> {
  const { seller, currency, expect } = options;
  if (seller === undefined && (currency !== undefined || expect !== undefined))
    throw new MagamError('USAGE', '--currency and --expect are for the statements of one seller: give --seller too.');
  if (expect !== undefined && !/^[0-9a-f]{64}$/.test(expect))
    throw new MagamError('USAGE', '--expect takes the hash of a preview: 64 hexadecimal digits in lower case.');
  await withDatabase(
    command,
    async (context) => {
      const date = readDate(options.date, context.today);
      if (seller === undefined) await closeAll(context, date, options);
      else await closeOne(context, date, { seller, currency, expect });
    },
    { poolMax: () => 12, leased: true },
  );
}

async function closeAll(context: CommandContext, date: string, options: CloseOptions): Promise<void> {
  const { db, config, json, signal, databaseUrl } = context;
  const workers = options.workers ?? config.workers;
  const pools = openPools(config, databaseUrl);
  const progress = startProgress(`Closing statements of ${date}`, 'accounts');
  const result = await pools
    .share(workers, (lender) =>
      runJob(
        { db, config, pools: lender, signal, onProgress: progress.update, onOutage: progress.outage },
        closeStatementsJob,
        {
          key: date,
          gridSize: options.gridSize,
          workers,
          chunkRows: config.chunkRows,
          requestedBy: config.userName,
          wait: options.wait,
          onStop: 'stop-run',
        },
      ),
    )
    .finally(() => {
      progress.stop();
      return pools.close();
    });
  if (result.run === undefined) throw new Error(`there is no run for ${date}`);
  const report = await reportClose(db, result.run);
  const { status, alreadyDone, seconds, stages } = result;
  if (json) printJson({ ...report, status, alreadyDone, accounts: result.entries, seconds, stages });
  else tellClosed(report, result);
  tellWithoutTerms(report.withoutTerms);
  process.exitCode = status === 'STOPPED' ? 130 : report.withoutTerms.sellers > 0 ? 3 : 0;
}

function tellClosed(
  { date, statements, sums }: CloseReport,
  { status, alreadyDone, seconds, entries }: JobResult,
): void {
  const issued = counted(statements, 'statement');
  if (status === 'STOPPED') {
    print(`${date}: stopped after ${issued}; the same command resumes it.`);
    return;
  }
  print(alreadyDone ? `${date}: closed already. ${issued}.` : `${date}: closed. ${issued}.`);
  if (!alreadyDone) print(`${seconds} s, ${counted(entries, 'account')}.`);
  if (sums.length === 0) return;
  const right = ['statements', 'sellers', 'opening', 'earned', 'payouts', 'closing'] as const;
  printTable(
    ['currency', ...right],
    sums.map((sum) => [
      ...[sum.currency, sum.statements, sum.sellers],
      ...[sum.openingMinor, sum.earnedMinor, sum.payoutsMinor, sum.closingMinor].map((it) => money(it, sum.currency)),
    ]),
    right,
  );
}

function tellWithoutTerms({ sellers, names }: WithoutTerms): void {
  if (sellers === 0) return;
  const named = `${names.join(', ')}${sellers > names.length ? ', …' : ''}`;
  note(
    `TERMS_MISSING: ${counted(sellers, 'seller')} without terms in force (${named}); their open settlements and transactions are on no statement.`,
  );
  note(`What to do: ${errors.TERMS_MISSING.whatToDo}`);
}

async function closeOne(
  { db, config, json }: CommandContext,
  through: string,
  of: { readonly seller: string; readonly currency: string | undefined; readonly expect: string | undefined },
): Promise<void> {
  await requireStatable(db, through, await readPlatformTime(db, config.timeZone));
  await readyGenerations(db, through);
  const { seller: sellerId, currency, expect } = of;
  const calendar = await businessCalendar(db);
  const { statements, issued } = await closeSeller(db, {
    ...{ sellerId, currency, through, calendar, issuedBy: config.userName },
    expect,
  });
  if (json) return printJson({ sellerId, date: through, issued, statements });
  print(issued === 0 ? `${sellerId}: nothing left to close.` : `${sellerId}: ${counted(issued, 'statement')} issued.`);
  for (const it of statements)
    print(
      `statement ${it.statementId}, number ${it.number}: ${money(it.closingMinor, it.currency)}, payout date ${it.payoutOn}, hash ${it.hash}`,
    );
}
