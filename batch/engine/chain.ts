/**
 * What the jobs of the chain have in common: when they are due, how they are opened and reopened. A step's job adds its plan, its work and its finish. See
 * `core/jobs/rules/chain.ts` for the chain itself.
 */
import type { ChainStep } from '../../core/jobs/rules/chain.js';
import {
  noteFollowed,
  readDueKey,
  readFirstOpenKey,
  readGenerationToFollow,
  readStoppedSteps,
} from '../../core/jobs/stores/chain.js';
import { requestExecution } from '../../core/jobs/stores/execution.js';
import { ensureRun, findRunById, openNextGeneration, type Run } from '../../core/jobs/stores/run.js';
import { type Db, inTransaction, type Tx } from '../../infra/database.js';
import { MagamError } from '../../kernel/errors.js';
import type { Job, JobCall, RunnerSide } from './job.js';
import { openRun } from './open-run.js';

/** What a step brings beside its place in the chain. */
export interface StepWork
  extends Pick<Job, 'plan' | 'finish' | 'joins' | 'together' | 'allInFinish'>,
    Partial<Pick<Job, 'passesWait'>> {
  /** Messages of the log. */
  readonly words: Pick<RunnerSide['words'], 'started' | 'ended' | 'failed'>;
  readonly report: RunnerSide['report'];
  /**
   * Whether a completed run has anything to do for what it follows has completed since; otherwise that is only noted. It is also asked when a person starts a completed
   * run again. Absent: whenever what it follows has completed another generation.
   */
  readonly hasWork?: (db: Db, run: Run) => Promise<boolean>;
}

/** The job of a step. Its dates are taken in their order. */
export const chainJob = (step: ChainStep, { words, report, hasWork, ...work }: StepWork): Job => ({
  name: step.job,
  keyName: 'date',
  keysInOrder: true,
  passesWait: false,
  open: (call) => openStep(call, step),
  reopen: (call, run) => reopenStep(call, step, run, hasWork),
  ...work,
  runner: {
    words: {
      ...words,
      due: `${step.job} is due`,
      blocked: `${step.job} was stopped for a date, and what follows it waits: resume it with its command, or over HTTP`,
    },
    schedule: scheduleAfter(step),
    report,
  },
});

/**
 * The doors of a step that decides by itself what it may do: what it follows is noted, so that it is due again only when that has completed more. Noted last, because a step
 * that finds nothing to do may well be asked for twice.
 */
export const following = (step: ChainStep, { open, reopen }: Doors): Doors => ({
  open: (call) => notingFollowed(call, step, () => open(call)),
  reopen: (call, run) => notingFollowed(call, step, async () => (await reopen(call, run)) ?? run),
});

type Doors = Pick<Job, 'open' | 'reopen'>;

async function notingFollowed(
  { db, request }: JobCall,
  step: ChainStep,
  opened: () => Promise<Run | undefined>,
): Promise<Run | undefined> {
  const generation = await readGenerationToFollow(db, step, request.key);
  const run = await opened();
  if (run !== undefined) await inTransaction(db, (tx) => noteFollowed(tx, run, generation));
  return run;
}

/** Asks for the earliest key that the step is due for. */
export const scheduleAfter =
  (step: ChainStep): NonNullable<RunnerSide['schedule']> =>
  async ({ db }, fence, parameters) => {
    const [stopped] = await readStoppedSteps(db, [step.job]);
    const waitsFor = stopped === undefined ? {} : { waitsFor: stopped.key };
    if ((await readDueKey(db, step)) === undefined) return waitsFor;
    return inTransaction(db, async (tx) => {
      if (!(await fence(tx))) return {};
      const key = await readDueKey(tx, step); // another leader may have asked for it before the fence
      if (key === undefined) return waitsFor;
      const { runId } = await ensureRun(tx, step.job, key, 'REQUESTED');
      await requestExecution(tx, runId, parameters);
      return { ...waitsFor, asked: key };
    });
  };

/** Throws EARLIER_STEP_OPEN. */
const openStep = ({ db, request }: JobCall, step: ChainStep): Promise<Run> =>
  inTransaction(db, async (tx) => {
    const generation = await requireBefore(tx, step, request.key);
    const run = await openRun(tx, step.job, request.key);
    await noteFollowed(tx, run, generation);
    return run;
  });

const reopenStep = (
  { db }: JobCall,
  step: ChainStep,
  run: Run,
  hasWork: StepWork['hasWork'],
): Promise<Run | undefined> =>
  inTransaction(db, async (tx) => {
    const current = await findRunById(tx, run.runId, true);
    if (current?.generation !== run.generation) return current; // somebody else was faster
    const isBehind = await noteFollowed(tx, run, await readGenerationToFollow(tx, step, run.key));
    if (!(hasWork === undefined ? isBehind : await hasWork(tx, run))) return undefined;
    await openNextGeneration(tx, run);
    return findRunById(tx, run.runId);
  });

/** The generation that the run takes up. */
async function requireBefore(tx: Tx, step: ChainStep, date: string): Promise<number> {
  const { job, follows } = step;
  const generation = await readGenerationToFollow(tx, step, date);
  if (generation === 0)
    throw new MagamError('EARLIER_STEP_OPEN', `${job} of ${date} follows ${follows}, which is not completed.`, {
      ...{ job, date, follows },
    });
  const earlier = step.waitsForEarlier ? await readFirstOpenKey(tx, step) : undefined;
  if (earlier !== undefined && earlier < date)
    throw new MagamError(
      'EARLIER_STEP_OPEN',
      `${job} of ${date} waits for ${earlier}, for which it is not completed.`,
      {
        ...{ job, date, earlier },
      },
    );
  return generation;
}
