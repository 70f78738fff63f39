/** `magam whatif`: the figures that the settled lines of a range of dates would have under a draft of fee policies. The books do not change. */
import { basename } from 'node:path';
import { type Command, Option } from 'commander';
import { runWhatIf } from '../batch/jobs/what-if/what-if-job.js';
import { refusalOfFaults } from '../core/policies/apply-policies.js';
import type { FeePolicy } from '../core/policies/rules/fee-policy.js';
import { forgetAnswer } from '../core/settlement/purge-what-ifs.js';
import { headingOf } from '../core/settlement/rules/figures.js';
import {
  type Effect,
  netDifference,
  type SellerEffect,
  TOLD_SUMS,
  type ToldSums,
  toldEffect,
} from '../core/settlement/rules/policy-effect.js';
import { dateWords } from '../core/settlement/state-words.js';
import type { TouchedLine } from '../core/settlement/try-line.js';
import {
  MOVED_LINES_MAX,
  type PreparedWhatIf,
  prepareWhatIf,
  readWhatIf,
  type WhatIfAnswer,
} from '../core/settlement/what-if.js';
import { inSnapshot } from '../infra/database.js';
import { errors, MagamError } from '../kernel/errors.js';
import { auditCommand } from './audit.js';
import { type CommandContext, readDate, wholeNumber, withDatabase } from './context.js';
import { count, counted, money, note, print, printJson, printTable } from './output.js';
import { parseFile, requireSound } from './policies.js';
import { startProgress } from './progress.js';
import { openPools } from './threads.js';

interface WhatIfOptions {
  readonly policies: string;
  readonly from: string;
  readonly to: string;
  readonly dates: 'always' | 'as-stated';
  readonly workers?: number;
  readonly top: number;
  readonly again?: boolean;
}

export function whatIfCommand(command: Command): void {
  command
    .requiredOption('--policies <file>', 'the draft: a policy file (JSON)')
    .requiredOption('--from <date>', 'first date of the range: YYYY-MM-DD, today or yesterday')
    .requiredOption('--to <date>', 'last date of the range')
    .addOption(
      new Option('--dates <which>', 'always: the draft is in force on every order date; as-stated: on its own dates')
        .choices(['always', 'as-stated'])
        .default('always'),
    )
    .option(
      '--workers <n>',
      'worker threads (default: MAGAM_WORKERS, or the number of cores, from 2 to 8)',
      wholeNumber('--workers', 1, 64),
    )
    .option(
      '--top <n>',
      'number of sellers and lines shown for each currency',
      wholeNumber('--top', 0, MOVED_LINES_MAX),
      10,
    )
    .option('--again', 'ignore the stored answer and calculate it again')
    .action(async (options: WhatIfOptions, command: Command) => {
      const parsed = await parseFile(options.policies);
      await withDatabase(command, (context) => whatIf(context, parsed, options), { poolMax: () => 6, leased: true });
    });
}

async function whatIf(
  context: CommandContext,
  parsed: Awaited<ReturnType<typeof parseFile>>,
  options: WhatIfOptions,
): Promise<void> {
  const { db, config, databaseUrl, json, signal } = context;
  const draft = await requireSound(db, options.policies, parsed);
  const prepared = await prepare(context, options, draft);
  if (options.again) await forgetAnswer(db, prepared.key);
  const progress = startProgress('Trying', 'lines');
  const pools = openPools(config, databaseUrl);
  const result = await runWhatIf(
    { db, config, pools, signal, onProgress: progress.update, onOutage: progress.outage },
    prepared,
    {
      workers: options.workers ?? config.workers,
      requestedBy: config.userName,
      onStop: 'stop-run',
    },
  ).finally(async () => {
    progress.stop();
    await pools.close();
  });
  const { run, status, seconds, alreadyDone } = result;
  if (run !== undefined)
    await auditCommand(db, config, {
      action: 'what-if.run',
      subject: ['run', String(run.runId)],
      after: {
        from: prepared.parameters.from,
        to: prepared.parameters.to,
        policies: basename(options.policies),
        status,
      },
    });
  if (status === 'STOPPED') process.exitCode = errors.RUN_STOPPED.exit;
  const answer = status === 'STOPPED' || run === undefined ? null : await readWhatIf(db, run.runId, options.top);
  const { parameters, openDates } = prepared;
  const asked = { from: parameters.from, to: parameters.to, dates: parameters.dates };
  if (json)
    return printJson({
      ...asked,
      runId: run?.runId ?? null,
      status,
      openDates,
      seconds,
      alreadyDone,
      ...(answer && documentOf(answer)),
    });
  for (const notice of result.notices) note(notice);
  if (openDates.length > 0) note(`Left out, because they are ${dateWords.NOT_SETTLED}: ${openDates.join(', ')}.`);
  if (answer === null) print('Stopped; the same command resumes it.');
  else printAnswer(asked, answer, { seconds, alreadyDone });
}

async function prepare(
  { db, today }: CommandContext,
  options: WhatIfOptions,
  draft: readonly FeePolicy[],
): Promise<PreparedWhatIf> {
  const [from, to] = [readDate(options.from, today), readDate(options.to, today)];
  if (from > to) throw new MagamError('USAGE', `--from ${from} is after --to ${to}.`, { from, to });
  const dates = options.dates === 'always' ? 'ALWAYS' : 'AS_STATED';
  const prepared = await inSnapshot(db, (snapshot) =>
    prepareWhatIf(snapshot, { from, to, dates, draft, listFor: null }),
  );
  if (Array.isArray(prepared)) throw refusalOfFaults(prepared);
  return prepared;
}

const documentOf = (answer: WhatIfAnswer): object => ({
  ...answer,
  totals: answer.totals.map(told),
  sellers: answer.sellers.map(told),
});

const told = ({ beforeFees, before, after, ...effect }: Effect): object => ({
  ...effect,
  ...toldEffect({ beforeFees, before, after }),
});

const headingOfSum = (name: keyof ToldSums): string =>
  name === 'feeVatOnTop'
    ? 'fee VAT on top'
    : name === 'feeVatContained'
      ? 'fee VAT contained in the fee'
      : headingOf(name);

function printAnswer(
  { from, to }: { from: string; to: string },
  answer: WhatIfAnswer,
  { seconds, alreadyDone }: { seconds: number; alreadyDone: boolean },
): void {
  const { lines, touched, changed, refused, unreadable } = answer;
  const range = from === to ? from : `${from} to ${to}`;
  print(
    `${range}: ${counted(lines, 'line')}, ${count(touched)} touched, ${count(changed)} with another figure, ${count(refused)} would be parked.`,
  );
  if (unreadable > 0)
    print(`${counted(unreadable, 'line')} could not be tried, because the sale is gone from the feed.`);
  if (alreadyDone) print('This is a stored answer; --again calculates it again.');
  else print(`${seconds} s, ${count(Math.round(lines / Math.max(seconds, 0.001)))} lines a second.`);
  if (answer.totals.length > 0) printTotals(answer.totals);
  const moved = answer.sellers.filter((seller) => netDifference(seller) !== 0n);
  if (moved.length > 0) printSellers(moved);
  if (answer.movedLines.length > 0) printLines(answer.movedLines);
}

function printTotals(totals: readonly Effect[]): void {
  print('\nTouched lines that would have been settled');
  printTable(
    ['currency', 'figure', 'before', 'after', 'difference'],
    totals.flatMap(({ currency, ...effect }) => {
      const { before, after, difference } = toldEffect(effect);
      return TOLD_SUMS.filter((name) => name !== 'feeVat').map((name) => [
        currency,
        headingOfSum(name),
        ...[before, after, difference].map((sums) => money(sums[name], currency)),
      ]);
    }),
    ['before', 'after', 'difference'],
  );
}

function printSellers(sellers: readonly SellerEffect[]): void {
  print('\nSellers with the largest changes, by their touched lines');
  printTable(
    ['seller', 'lines', 'net before', 'net after', 'difference'],
    sellers.map((seller) => [
      seller.sellerId,
      count(seller.sales + seller.refunds),
      ...[seller.before.net, seller.after.net, netDifference(seller)].map((minor) => money(minor, seller.currency)),
    ]),
    ['lines', 'net before', 'net after', 'difference'],
  );
}

function printLines(lines: readonly TouchedLine[]): void {
  print('\nLines moved most');
  printTable(
    [
      'settled on',
      'order',
      'line',
      'refund',
      'seller',
      'policy before',
      'policy after',
      'net before',
      'net after',
      'difference',
    ],
    lines.map(({ currency, before, after, ...line }) => {
      const [was, is] = [BigInt(before.figures.net), BigInt(after.figures?.net ?? 0)];
      return [
        line.settledOn,
        line.orderId,
        line.lineId,
        line.refundId,
        line.sellerId,
        policyText(before.policy),
        policyText(after.policy),
        ...[was, is, is - was].map((minor) => money(minor, currency)),
      ];
    }),
    ['net before', 'net after', 'difference'],
  );
}

const policyText = (policy: TouchedLine['before']['policy']): string =>
  policy === null ? '' : `${policy.code} ${policy.version}`;
