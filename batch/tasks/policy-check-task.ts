/**
 * POLICY_CHECK: which settled lines a draft of fee policies would have touched, and by how much: a what-if whose touched lines are listed. Each
 * task has a run of its own, so another attempt continues where the last one stopped.
 */
import type { FeePolicy } from '../../core/policies/rules/fee-policy.js';
import { checkPolicyFile } from '../../core/policies/rules/policy-file.js';
import { POLICY_CHECK } from '../../core/settlement/rules/policy-check-task.js';
import { eachSum, netDifference, type ToldSums, toldEffect } from '../../core/settlement/rules/policy-effect.js';
import { countCheckLines } from '../../core/settlement/stores/policy-check-line.js';
import { prepareWhatIf, readWhatIf, type WhatIfAnswer } from '../../core/settlement/what-if.js';
import { inSnapshot } from '../../infra/database.js';
import { MagamError } from '../../kernel/errors.js';
import { runWhatIf } from '../jobs/what-if/what-if-job.js';
import { TaskInterrupted, type TaskRunner } from './task.js';

/** Sellers and lines that are shown of each currency. */
const SHOWN = 20;
/** The faults of a draft that cannot be applied. */
const FAULTS_SHOWN = 200;

export const policyCheckTask: TaskRunner = {
  kind: POLICY_CHECK,
  releasedAtOnce: false, // the chunk in hand takes some tenths of a second
  async run({ db, config, pools, task, signal, progress }) {
    const { date, to = date, dates, draftVersion, definition } = POLICY_CHECK.parametersOf(task);
    const question = { from: date, to, dates, draft: draftPolicies(definition), listFor: task.taskId };
    const prepared = await inSnapshot(db, (snapshot) => prepareWhatIf(snapshot, question));
    if (Array.isArray(prepared)) {
      const faults = prepared
        .slice(0, FAULTS_SHOWN)
        .map(({ index, code, message }) => ({ path: `policies[${index}]`, code, message }));
      throw new MagamError('POLICY_FILE_INVALID', undefined, { faults });
    }
    const onProgress = (done: number, total?: number): void => progress({ stage: null, done, total: total ?? null });
    const { run, status } = await runWhatIf({ db, config, pools, signal, onProgress }, prepared, {
      workers: config.workers,
      requestedBy: task.requestedBy,
      onStop: 'stop-run',
    });
    if (status === 'STOPPED' || run === undefined) throw new TaskInterrupted(String(signal.reason));
    const found = shown(await readWhatIf(db, run.runId, SHOWN));
    const linesKept = await countCheckLines(db, task.taskId);
    const { newPolicies: policies, openDates } = prepared;
    return { status: 'COMPLETED', result: { date, to, dates, draftVersion, policies, openDates, linesKept, ...found } };
  },
};

function draftPolicies(definition: unknown): FeePolicy[] {
  const read = checkPolicyFile(definition);
  if ('faults' in read) throw new MagamError('POLICY_FILE_INVALID', undefined, { faults: read.faults });
  return read.policies;
}

/** The answer that the task keeps: sums are decimal text, because they may exceed 2^53. */
function shown({ lines, touched, changed, refused, unreadable, totals, sellers, movedLines }: WhatIfAnswer): object {
  return {
    lines,
    touched,
    changed,
    refused,
    unreadable,
    totals: totals.map(({ currency, sales, refunds, ...effect }) => {
      const { before, after, difference } = toldEffect(effect);
      return { currency, sales, refunds, before: texts(before), after: texts(after), difference: texts(difference) };
    }),
    sellers: sellers.map(({ sellerId, currency, sales, refunds, ...sums }) => ({
      sellerId,
      currency,
      lines: sales + refunds,
      netDifference: String(netDifference(sums)),
    })),
    movedLines,
  };
}

const texts = (sums: ToldSums): object => eachSum((name) => String(sums[name]));
