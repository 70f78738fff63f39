/** `magam payouts propose`: the run of a date, one seller, or a preview. */
import type { Command } from 'commander';
import { runJob } from '../batch/engine/run-job.js';
import { proposeJob } from '../batch/jobs/propose-payouts/propose-job.js';
import { makerOf } from '../core/payouts/change-payout.js';
import type { Candidate } from '../core/payouts/pay-cases.js';
import { requesterOf, surveyProposal } from '../core/payouts/proposal.js';
import { type Proposed, proposeOne } from '../core/payouts/propose-payouts.js';
import { type ProposalSum, sumProposed } from '../core/payouts/stores/proposal.js';
import { readPayablesOf } from '../core/statements/stores/payable-account.js';
import { inSnapshot, inTransaction } from '../infra/database.js';
import { errors, MagamError } from '../kernel/errors.js';
import { decided } from '../kernel/outcome.js';
import { auditIn } from './audit.js';
import { type CommandContext, readDate, withDatabase } from './context.js';
import { counted, money, note, print, printJson, printTable } from './output.js';
import { startProgress } from './progress.js';
import { openPools } from './threads.js';

interface ProposeOptions {
  readonly date?: string;
  readonly dryRun?: true;
  readonly seller?: string;
  readonly currency?: string;
  readonly hash?: string;
  readonly workers?: number;
}

export async function propose(options: ProposeOptions, command: Command): Promise<void> {
  const { seller, currency, hash, dryRun } = options;
  if (seller === undefined && (currency !== undefined || hash !== undefined))
    throw new MagamError('USAGE', '--currency and --hash go with --seller.');
  if (dryRun && hash !== undefined) throw new MagamError('USAGE', '--hash is for proposing, not for a dry run.');
  await withDatabase(
    command,
    async (context) => {
      const date = readDate(options.date ?? 'today', context.today);
      if (dryRun) await preview(context, date, options);
      else if (seller === undefined) await proposeAll(context, date, options.workers);
      else await proposeSeller(context, date, { ...options, seller });
    },
    { poolMax: () => 6, leased: true },
  );
}

async function proposeAll(context: CommandContext, date: string, workers: number | undefined): Promise<void> {
  const { db, config, databaseUrl, json, signal } = context;
  const maker = await makerOf(db, { userName: config.userName });
  const progress = startProgress('Proposing', 'accounts');
  const pools = openPools(config, databaseUrl);
  const result = await runJob(
    { db, config, pools, signal, onProgress: progress.update, onOutage: progress.outage },
    proposeJob(maker),
    {
      ...{ key: date, gridSize: 10, workers: workers ?? config.workers, chunkRows: config.chunkRows },
      ...{ requestedBy: requesterOf(config.userName), wait: true, onStop: 'stop-run' },
    },
  ).finally(async () => {
    progress.stop();
    await pools.close();
  });
  const { run, status, alreadyDone, seconds } = result;
  if (status === 'STOPPED') process.exitCode = errors.RUN_STOPPED.exit;
  const proposed = run === undefined ? [] : await sumProposed(db, run.runId);
  const notPaid = await reasonsOf(context, date);
  if (run !== undefined && !alreadyDone)
    await inTransaction(db, (tx) =>
      auditIn(tx, config, {
        action: 'payout.propose',
        subject: ['run', String(run.runId)],
        after: { date, status, proposed: proposed.map((one) => ({ ...one, amountMinor: String(one.amountMinor) })) },
      }),
    );
  if (json) return printJson({ date, runId: run?.runId ?? null, status, alreadyDone, proposed, notPaid, seconds });
  for (const notice of result.notices) note(notice);
  if (status === 'STOPPED') print('Stopped; the same command resumes it.');
  else if (alreadyDone) print(`${date}: nothing more to propose.`);
  if (proposed.length > 0) tellProposed(proposed);
  tellReasons(notPaid);
}

function tellProposed(proposed: readonly ProposalSum[]): void {
  print('Proposed for the date:');
  printTable(
    ['currency', 'payouts', 'amount'],
    proposed.map(({ currency, payouts, amountMinor }) => [currency, payouts, money(amountMinor, currency)]),
    ['payouts', 'amount'],
  );
}

interface Reasons {
  readonly reason: string;
  readonly currency: string;
  readonly sellers: number;
}

/** The number of sellers with unpaid statements who are not paid on the date, by reason. */
async function reasonsOf({ db }: CommandContext, date: string): Promise<Reasons[]> {
  const counts = new Map<string, number>();
  await inSnapshot(db, async (view) => {
    for await (const page of surveyProposal(view, date))
      for (const { notPaid, currency } of page) {
        const key = `${notPaid?.reason ?? 'PROPOSED_NEXT_TIME'} ${currency}`;
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
  });
  return [...counts].sort().map(([key, sellers]) => {
    const [reason = '', currency = ''] = key.split(' ');
    return { reason, currency, sellers };
  });
}

function tellReasons(reasons: readonly Reasons[]): void {
  if (reasons.length === 0) return;
  print('\nNot paid on this date:');
  printTable(
    ['reason', 'currency', 'sellers'],
    reasons.map(({ reason, currency, sellers }) => [reason, currency, sellers]),
    ['sellers'],
  );
}

async function proposeSeller(
  { db, config, json }: CommandContext,
  date: string,
  { seller, currency, hash }: ProposeOptions & { readonly seller: string },
): Promise<void> {
  const accounts = (await readPayablesOf(db, seller)).filter(
    (one) => currency === undefined || one.currency === currency,
  );
  if (accounts.length === 0) throw new MagamError('PAYOUT_NOT_DUE', undefined, { sellerId: seller, reason: null });
  if (accounts.length > 1)
    throw new MagamError(
      'USAGE',
      `${seller} is paid in several currencies: name one of ${accounts.map((one) => one.currency).join(', ')}.`,
    );
  const [account] = accounts;
  if (account === undefined) return;
  const { payoutId, candidate } = await inTransaction(db, async (tx): Promise<Proposed> => {
    const maker = await makerOf(tx, { userName: config.userName });
    const proposed = decided(await proposeOne(tx, account, { date, maker, runId: null }, hash));
    const after = { date, sellerId: seller, hash: proposed.candidate.hash };
    await auditIn(tx, config, { action: 'payout.propose', subject: ['payout', String(proposed.payoutId)], after });
    return proposed;
  });
  const { known } = candidate;
  if (json) return printJson({ payoutId, ...documentOf(candidate) });
  print(`Proposed payout ${payoutId} to ${seller} for ${date}: ${money(known.amountMinor, account.currency)}`);
}

const documentOf = ({ sellerId, currency, known, hash, statements, notPaid }: Candidate): object => ({
  ...{ sellerId, currency, amountMinor: known.amountMinor, bankAccountId: known.bankAccountId, hash },
  ...{ statements: statements.map(({ statementId }) => statementId), notPaid: notPaid ?? null },
});

async function preview(
  { db, json }: CommandContext,
  date: string,
  { seller, currency }: ProposeOptions,
): Promise<void> {
  const all: Candidate[] = [];
  await inSnapshot(db, async (view) => {
    for await (const page of surveyProposal(view, date)) all.push(...page);
  });
  const shown = all.filter(
    (one) => (seller === undefined || one.sellerId === seller) && (currency === undefined || one.currency === currency),
  );
  if (json) return printJson({ date, payouts: shown.map(documentOf) });
  if (shown.length === 0) return print('There are no unpaid statements.');
  printTable(
    ['seller', 'amount', 'statements', 'account', 'not paid because', 'hash'],
    shown.map(({ sellerId, known, statements, notPaid, hash }) => [
      ...[sellerId, money(known.amountMinor, known.currency), statements.length, known.bankAccountId],
      ...[notPaid?.reason, notPaid === undefined ? hash : null],
    ]),
    ['amount', 'statements', 'account'],
  );
  const payable = shown.filter(({ notPaid }) => notPaid === undefined).length;
  print(`\nDry run: ${counted(payable, 'payout')} would be proposed for ${date}. Nothing was written.`);
}
