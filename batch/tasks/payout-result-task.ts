/**
 * PAYOUT_RESULT: a bank's result file, imported whole or not at all by the same code as `magam payouts import`. What it did is kept as the checkpoint, in the
 * transaction that did it: an attempt that follows a death tells it, and does not say that everything was known before.
 */
import { importResults } from '../../core/payouts/import-results.js';
import { PAYOUT_RESULT } from '../../core/payouts/rules/result-task.js';
import { fenceTask, noteCheckpoint } from '../../core/tasks/stores/background-task.js';
import { readParts } from '../../core/tasks/stores/stored-file.js';
import { inTransaction } from '../../infra/database.js';
import { faultPoint } from '../../infra/faults.js';
import { readPlatformTime } from '../../infra/platform-time.js';
import { sha256 } from '../../infra/sha256.js';
import { recordAudit } from '../../infra/stores/audit-log.js';
import { MagamError } from '../../kernel/errors.js';
import { decided } from '../../kernel/outcome.js';
import { orInterrupted, type TaskCall, TaskInterrupted, type TaskRunner } from './task.js';

/** Faults that a task keeps. A file with more was written in another layout, and the first ones show it. */
const FAULTS_KEPT = 1_000;

export const payoutResultTask: TaskRunner = {
  kind: PAYOUT_RESULT,
  releasedAtOnce: false, // one transaction, which is either committed or not
  async run(call) {
    const { db, config, task, fence, signal } = call;
    if (task.checkpoint !== null) return { status: 'COMPLETED', result: JSON.parse(task.checkpoint) };
    const content = await fetchFile(call);
    orInterrupted(signal);
    const { layout } = PAYOUT_RESULT.parametersOf(task);
    const { date: today } = await readPlatformTime(db, config.timeZone);
    const result = await inTransaction(db, async (tx) => {
      if (!(await fenceTask(tx, fence))) throw new TaskInterrupted('lost');
      const imported = decided(await importResults(tx, task.requestedBy, layout, content, today));
      await recordAudit(tx, {
        ...{ caller: null, userName: task.requestedBy, requestId: null, action: 'payout-file.import' },
        ...{ subjectType: 'payout-file', subjectId: imported.file, before: null },
        after: { ...imported, importId: task.taskId },
      });
      await noteCheckpoint(tx, fence, JSON.stringify(imported));
      return imported;
    }).catch((error: unknown) => {
      throw withKeptFaults(error);
    });
    await faultPoint('payout-result-task.imported');
    return { status: 'COMPLETED', result };
  },
};

async function fetchFile({ db, task }: TaskCall): Promise<Buffer> {
  const { fileId, sha256: hash } = PAYOUT_RESULT.parametersOf(task);
  const parts: Buffer[] = [];
  for await (const part of readParts(db, fileId)) parts.push(part);
  const content = Buffer.concat(parts);
  if (sha256(content) !== hash) throw new MagamError('INTERNAL', 'The upload is not in the database as it was sent.');
  return content;
}

function withKeptFaults(error: unknown): unknown {
  if (!(error instanceof MagamError) || !Array.isArray(error.details.faults)) return error;
  const { faults } = error.details;
  const kept = { ...error.details, faults: faults.slice(0, FAULTS_KEPT), faultsFound: faults.length };
  return new MagamError(error.code, error.message, kept);
}
