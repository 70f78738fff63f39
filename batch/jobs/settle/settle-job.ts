/** The settlement of a business date, as the engine carries it out. */
import type { Plan } from '../../../core/jobs/stores/plan.js';
import type { Run } from '../../../core/jobs/stores/run.js';
import { requireSigner } from '../../../core/settlement/certificate-signer.js';
import { rulesVersionOfPlan, type SettlePlanParameters } from '../../../core/settlement/rules/plan-parameters.js';
import { RULES_VERSION } from '../../../core/settlement/rules/rules-version.js';
import { countOpenExceptions } from '../../../core/settlement/stores/exception.js';
import { SETTLE } from '../../../core/settlement/stores/settlement-run.js';
import { MagamError } from '../../../kernel/errors.js';
import type { Job, JobCall } from '../../engine/job.js';
import { dryRunRanges, settledEntries } from './dry-run.js';
import { finishDate } from './finish-run.js';
import { openDate, openSupplement, planDate } from './open-run.js';
import { reportRun } from './report.js';
import { requestDueDate } from './schedule.js';
import { requireAhead, takeTurn } from './take-turn.js';

export const settleJob: Job = {
  name: SETTLE,
  keyName: 'date',
  keysInOrder: true, // dates are closed in their order
  passesWait: true, // a refund needs the line of its sale, which may be in any partition
  together: true,
  open: async (call) => {
    await requireSigner(call.db, call.config); // checked now and not after the work
    return openDate(call);
  },
  reopen,
  plan: planDate,
  joins: requireOwnRules,
  turn: takeTurn,
  finish: finishDate,
  runner: {
    words: {
      started: 'settling',
      ended: 'settled',
      failed: 'settlement failed',
      due: 'settlement is due',
      blocked:
        'the schedule waits for a run that was stopped: resume it with magam settle, or give it up with magam runs discard',
    },
    requireReady: ({ db, config }) => requireSigner(db, config),
    schedule: requestDueDate,
    report: async (db, run) => runnerReport(await reportRun(db, run)),
  },
};

/** Throws RULES_DIFFER when the run was planned by a version with other rules: one certificate would cover figures by two sets of rules. */
function requireOwnRules({ runId, key: date }: Run, { parameters }: Plan): void {
  const planned = rulesVersionOfPlan(parameters as SettlePlanParameters);
  if (planned !== RULES_VERSION)
    throw new MagamError('RULES_DIFFER', undefined, { runId, date, planned, own: RULES_VERSION });
}

/** A closed date: its parked entries are tried again, under the policies known now; nothing is written unless some of them can be settled. */
async function reopen(call: JobCall, run: Run): Promise<Run | undefined> {
  const { db, config, request, notice } = call;
  await requireAhead(db, call);
  if ((await countOpenExceptions(db, run.key)) === 0) return undefined;
  const result = await dryRunRanges(call, { ...request, date: run.key }, 'exceptions', null);
  if (settledEntries(result) === 0) {
    notice('The parked entries still cannot be settled; nothing was written.');
    return undefined;
  }
  await requireSigner(db, config);
  return openSupplement(db, run);
}

const runnerReport = ({ lines, refunds, exceptions, certificate }: Awaited<ReturnType<typeof reportRun>>): object => ({
  lines,
  refunds,
  exceptions,
  certificate: certificate?.hash,
});
