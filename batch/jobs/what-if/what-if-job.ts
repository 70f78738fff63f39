/** The what-if, as the engine carries it out: it reads settled lines and writes only its results. */
import { parametersOf, type Run, touchRun } from '../../../core/jobs/stores/run.js';
import { MovedMost } from '../../../core/settlement/rules/policy-effect.js';
import { trimCheckLines } from '../../../core/settlement/stores/policy-check-line.js';
import { readTrialLines } from '../../../core/settlement/stores/trial-page.js';
import {
  byLineKey,
  keepMovedLines,
  type MovedLine,
  mergeEffects,
  readMovedLines,
} from '../../../core/settlement/stores/what-if.js';
import { describeTouched, tryLine } from '../../../core/settlement/try-line.js';
import {
  MOVED_LINES_MAX,
  type PreparedWhatIf,
  WHAT_IF,
  type WhatIfParameters,
  whatIfBooks,
} from '../../../core/settlement/what-if.js';
import { type Db, forWholeDates, inTransaction } from '../../../infra/database.js';
import { OUTAGE_CODES } from '../../../infra/database-errors.js';
import { MagamError } from '../../../kernel/errors.js';
import type { Completion, JobCall, JobContext, JobRequest, StartedJob } from '../../engine/job.js';
import { openRun } from '../../engine/open-run.js';
import { type JobResult, runJob } from '../../engine/run-job.js';
import { planWhatIf } from './plan.js';
import { LISTED_LINES_MAX } from './what-if-thread.js';

/**
 * A chunk is as large as this many chunks of a settlement. Each writes the sums of its sellers: with 20 instead of 5 that takes half of the server's time and a
 * third of all. Listed lines are written one by one, and their transaction must end well within a lease.
 */
const CHUNKS = 20;
const CHUNKS_WITH_LIST = 5;

/**
 * Carries out a what-if, joins it, or finds that it was carried out before. Throws VERIFICATION_FAILED when lines or certificates are not as
 * they were certified.
 */
export const runWhatIf = (
  context: JobContext,
  { key, parameters }: PreparedWhatIf,
  request: Pick<JobRequest, 'workers' | 'requestedBy' | 'onStop'>,
): Promise<JobResult> =>
  runJob(context, whatIfJob(parameters), {
    ...request,
    key,
    gridSize: 1, // the certificates say how the lines are divided
    chunkRows: context.config.chunkRows * (parameters.listFor === null ? CHUNKS : CHUNKS_WITH_LIST),
    wait: true,
  }).catch((error: unknown) => {
    throw causeOf(error) ?? error;
  });

/** Why partitions failed: because lines are not those of the certificate, or all of them because of a database that may come back. */
function causeOf(error: unknown): MagamError | undefined {
  if (!(error instanceof MagamError) || error.code !== 'PARTITION_FAILED') return undefined;
  const { partitions } = error.details as { partitions: readonly { code: string; message: string }[] };
  const damaged = partitions.find(({ code }) => code === 'VERIFICATION_FAILED');
  if (damaged !== undefined) return new MagamError('VERIFICATION_FAILED', damaged.message, error.details);
  const [outage, ...others] = partitions.map(({ code }) => OUTAGE_CODES.find((known) => known === code));
  return outage === undefined || others.includes(undefined)
    ? undefined
    : new MagamError(outage, error.message, error.details);
}

const whatIfJob = (parameters: WhatIfParameters): StartedJob => {
  // A result is kept for a time after it was last requested. One that is removed at this very moment is computed again.
  const open = ({ db, request }: JobCall): Promise<Run> =>
    inTransaction(db, async (tx) => {
      const run = await openRun(tx, WHAT_IF, request.key, parameters);
      await touchRun(tx, run.runId);
      return run;
    });
  return {
    name: WHAT_IF,
    keyName: 'question',
    keysInOrder: false,
    passesWait: false, // a refund is tried by its sale's entry, and not by the sale's result
    open,
    reopen: open,
    plan: planWhatIf,
    finish: finishWhatIf,
  };
};

/** Adds up the partitions' results, and keeps the lines that moved most of all. */
async function finishWhatIf({ db }: JobCall, run: Run): Promise<Completion> {
  const { runId } = run;
  const parameters = parametersOf<WhatIfParameters>(run);
  const { listFor } = parameters;
  const moved = await describeMoved(db, runId, parameters);
  return async (tx) => {
    await mergeEffects(forWholeDates(tx), runId);
    await keepMovedLines(tx, runId, moved);
    if (listFor !== null) await trimCheckLines(forWholeDates(tx), listFor, LISTED_LINES_MAX);
    return 'COMPLETED';
  };
}

/** The lines that moved most of all, described in full: they are tried once more. */
async function describeMoved(
  db: Db,
  runId: number,
  parameters: WhatIfParameters,
): Promise<{ line: MovedLine; content: object }[]> {
  const most = new MovedMost<MovedLine>(MOVED_LINES_MAX, byLineKey);
  for (const line of await readMovedLines(db, runId)) most.add(line.currency, line.difference, line);
  const books = await whatIfBooks(db, parameters);
  const described: { line: MovedLine; content: object }[] = [];
  for (const line of most.entries()) {
    const range = { ...line, after: line.entryId - 1, through: line.entryId, limit: 1 };
    const [found] = await readTrialLines(db, range, books.reach, { usesCategory: true, usesProduct: true });
    const outcome = found && tryLine(books, line.leg, found);
    if (found === undefined || outcome === undefined) continue; // its entry was changed meanwhile, which a verification reports
    const [content] = await describeTouched(db, books, line, [{ line: found, outcome }]);
    if (content !== undefined) described.push({ line, content });
  }
  return described;
}
