/** Closing the statements of a date, as the engine carries it out: all periods that end on the date or before it. */
import { businessCalendar } from '../../../core/business-days/keep-calendar.js';
import { CLOSE_STEP } from '../../../core/jobs/rules/chain.js';
import { evenRanges } from '../../../core/jobs/rules/even-ranges.js';
import { openNextGeneration, type Run } from '../../../core/jobs/stores/run.js';
import { readyGenerations } from '../../../core/postings/ready-generations.js';
import { requireStatable } from '../../../core/statements/closable.js';
import { isLeftToClose } from '../../../core/statements/left-to-close.js';
import { readPayableIds, readWithoutTerms } from '../../../core/statements/stores/payable-account.js';
import { inTransaction, type Tx } from '../../../infra/database.js';
import { readPlatformTime } from '../../../infra/platform-time.js';
import { following, scheduleAfter } from '../../engine/chain.js';
import type { Completion, Job, JobCall, PlanDraft } from '../../engine/job.js';
import { openRun } from '../../engine/open-run.js';
import type { ClosePlan } from './plan.js';
import { reportClose } from './report.js';

export const closeStatementsJob: Job = {
  name: CLOSE_STEP.job,
  keyName: 'date',
  keysInOrder: true, // the statements of a seller follow each other
  passesWait: false,
  ...following(CLOSE_STEP, { open, reopen }),
  plan,
  finish: async () => finish,
  runner: {
    words: {
      started: 'closing statements',
      ended: 'statements closed',
      failed: 'closing statements failed',
      due: 'statements are due to be closed',
      blocked: 'the statements wait for a run that was stopped: resume it with magam statements close',
    },
    schedule: scheduleAfter(CLOSE_STEP),
    report: reportClose,
  },
};

async function open({ db, config, request }: JobCall): Promise<Run> {
  const date = request.key;
  await requireStatable(db, date, await readPlatformTime(db, config.timeZone));
  await readyGenerations(db, date);
  await businessCalendar(db); // the first version of the calendar is made before the threads need it
  return inTransaction(db, (tx) => openRun(tx, CLOSE_STEP.job, date));
}

/** A closed date: there is something to do for sellers who had no terms and have some now, and for accounts that a supplement has opened since. */
async function reopen({ db }: JobCall, run: Run): Promise<Run | undefined> {
  if (!(await isLeftToClose(db, run.key))) return undefined;
  await inTransaction(db, (tx) => openNextGeneration(tx, run));
  return inTransaction(db, (tx) => openRun(tx, CLOSE_STEP.job, run.key));
}

/** Ranges of accounts with equal numbers of them. */
async function plan(tx: Tx, _run: Run, gridSize: number): Promise<PlanDraft> {
  const ranges = evenRanges(await readPayableIds(tx), gridSize);
  const parameters: ClosePlan = { calendarVersion: (await businessCalendar(tx)).version };
  return { parameters, partitions: ranges.map((range) => [range]) };
}

const finish: Completion = async (tx) =>
  (await readWithoutTerms(tx)).sellers > 0 ? 'COMPLETED_WITH_EXCEPTIONS' : 'COMPLETED';
