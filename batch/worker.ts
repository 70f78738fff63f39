/**
 * A worker thread: one connection of its own, the run's policies compiled once, one task at a time. What goes wrong is
 * returned as a plain object.
 */
import { workerData } from 'node:worker_threads';
import { type LineWriter, probeLineWriter } from '../core/settlement/stores/line.js';
import { asMagamError, type Db, errorText, openDatabase } from '../infra/database.js';
import { armFaults, faultPoint } from '../infra/faults.js';
import { MagamError } from '../kernel/errors.js';
import {
  noCounts,
  type PartitionOutcome,
  type PartitionTask,
  type ScanTask,
  SharedBoard,
  type Thread,
  type ThreadSettings,
  type WorkerError,
} from './engine/protocol.js';
import { RunPolicies } from './jobs/settle/policies-of-run.js';
import { settlePartition } from './jobs/settle/settle-partition.js';
import { type TrialInput, tryRange } from './jobs/settle/trial.js';

const settings = workerData as ThreadSettings;
armFaults(settings.fault);
const db: Db = openDatabase(settings.databaseUrl, {
  poolMax: 1,
  silenceSeconds: settings.silenceSeconds,
  lockWaitSeconds: settings.silenceSeconds,
});
const policies = new RunPolicies();
let writer: LineWriter | undefined = settings.writer === 'auto' ? undefined : settings.writer;

/** What reading jobs do in a thread, by job. */
const scans: Readonly<Record<string, (input: unknown, thread: Thread) => Promise<unknown>>> = {
  'settle-trial': (input, thread) => tryRange(input as TrialInput, thread),
};

/** The thread's one entry. */
export default async function work(task: PartitionTask | ScanTask): Promise<unknown> {
  if (task.kind === 'scan') return scan(task);
  return workPartition(task);
}

async function scan({ job, input, shared, slot }: ScanTask): Promise<unknown> {
  const run = scans[job];
  if (run === undefined) throw new Error(`no job is called ${job}`);
  return run(input, { db, board: new SharedBoard(shared), slot });
}

async function workPartition(task: PartitionTask): Promise<PartitionOutcome> {
  const board = new SharedBoard(task.shared);
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
