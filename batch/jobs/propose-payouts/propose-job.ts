/** Proposing the payouts of a date, as the engine carries it out. Started again it proposes what has become payable since. */
import { PROPOSE_STEP } from '../../../core/jobs/rules/chain.js';
import { evenRanges } from '../../../core/jobs/rules/even-ranges.js';
import { openNextGeneration, type Run } from '../../../core/jobs/stores/run.js';
import { hasProposal, makerOfRun, type ProposalPlan } from '../../../core/payouts/proposal.js';
import type { Maker } from '../../../core/payouts/stores/payout.js';
import { sumProposed } from '../../../core/payouts/stores/proposal.js';
import { readPayableIds } from '../../../core/statements/stores/payable-account.js';
import { inTransaction, type Tx } from '../../../infra/database.js';
import { following, scheduleAfter } from '../../engine/chain.js';
import type { Job, JobCall, PlanDraft, StartedJob } from '../../engine/job.js';
import { openRun } from '../../engine/open-run.js';

/**
 * The job as a process starts it; the process that plans names the maker of the proposals. @param maker null: the person who requested the run, or the schedule
 */
export const proposeJob = (maker: Maker | null): StartedJob => ({
  name: PROPOSE_STEP.job,
  keyName: 'date',
  keysInOrder: false, // a payout claims everything that is due, so no date waits for another
  passesWait: false,
  ...following(PROPOSE_STEP, {
    open: ({ db, request }) => inTransaction(db, (tx) => openRun(tx, PROPOSE_STEP.job, request.key)),
    reopen,
  }),
  plan: (tx, run, gridSize) => plan(tx, run, gridSize, maker),
  finish: async () => async () => 'COMPLETED',
});

export const proposePayoutsJob: Job = {
  ...proposeJob(null),
  runner: {
    words: {
      started: 'proposing payouts',
      ended: 'payouts proposed',
      failed: 'proposing payouts failed',
      due: 'payouts are due to be proposed',
      blocked: 'the payouts wait for a run that was stopped: resume it with magam payouts propose',
    },
    schedule: scheduleAfter(PROPOSE_STEP),
    report: async (db, { runId }) => ({
      proposed: (await sumProposed(db, runId)).map(({ amountMinor, ...sum }) => ({
        ...sum,
        amountMinor: String(amountMinor),
      })),
    }),
  },
};

async function reopen({ db }: JobCall, run: Run): Promise<Run | undefined> {
  if (!(await hasProposal(db, run.key))) return undefined;
  return inTransaction(db, async (tx) => {
    await openNextGeneration(tx, run);
    return openRun(tx, PROPOSE_STEP.job, run.key);
  });
}

/** Ranges of accounts with equal numbers of them. */
async function plan(tx: Tx, run: Run, gridSize: number, maker: Maker | null): Promise<PlanDraft> {
  const ranges = evenRanges(await readPayableIds(tx), gridSize);
  const parameters: ProposalPlan = { maker: maker ?? (await makerOfRun(tx, run.runId)) };
  return { parameters, partitions: ranges.map((range) => [range]) };
}
