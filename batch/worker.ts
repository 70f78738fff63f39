/**
 * A worker thread: one connection of its own, the run's policies compiled once, one task at a time. What goes wrong is
 * returned as a plain object.
 */
import { workerData } from 'node:worker_threads';
import { MagamError } from '../domain/errors.js';
import { asMagamError, type Db, errorText, openDatabase } from '../infra/database.js';
import { armFaults, faultPoint } from '../infra/faults.js';
import { type LineWriter, probeLineWriter } from '../infra/stores/settlement-line.js';
import {
  noCounts,
  type PartitionOutcome,
  type PartitionTask,
  SharedBoard,
  type ThreadSettings,
  type TrialOutcome,
  type TrialTask,
  type WorkerError,
} from './engine/protocol.js';
import { RunPolicies } from './jobs/settle/policies-of-run.js';
import { settlePartition } from './jobs/settle/settle-partition.js';
import { tryRange } from './jobs/settle/trial.js';

const settings = workerData as ThreadSettings;
armFaults(settings.fault);
const db: Db = openDatabase(settings.databaseUrl, {
  poolMax: 1,
  silenceSeconds: settings.silenceSeconds,
  lockWaitSeconds: settings.silenceSeconds,
});
const policies = new RunPolicies();
let writer: LineWriter | undefined = settings.writer === 'auto' ? undefined : settings.writer;

/** The thread's one entry. */
export default async function work(task: PartitionTask | TrialTask): Promise<PartitionOutcome | TrialOutcome> {
  const board = new SharedBoard(task.shared);
  if (task.kind === 'trial') return tryRange(task, { db, board, policies: await policies.at(db, task.policyRevision) });
  const counts = noCounts();
  try {
    await faultPoint('partition.start');
    writer ??= await probeLineWriter(db);
    const book = await policies.at(db, task.policyRevision);
    return { status: await settlePartition(task, { db, board, writer, policies: book }, counts), ...counts };
  } catch (error) {
    return { status: 'failed', ...counts, error: toWorkerError(error) };
  }
}

const finalCodes = new Set(['DUPLICATE_LINE', 'LINES_CHANGED']);

function toWorkerError(error: unknown): WorkerError {
  const known = asMagamError(error);
  if (known instanceof MagamError)
    return { code: known.code, message: known.message, final: finalCodes.has(known.code) };
  return { code: 'INTERNAL', message: errorText(error), final: false };
}
