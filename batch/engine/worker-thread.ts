/**
 * A worker thread: one connection of its own, the jobs with what they keep, one task at a time. What goes wrong in a partition is returned
 * as a plain object.
 */
import { workerData } from 'node:worker_threads';
import { openDatabase } from '../../infra/database.js';
import { asMagamError, errorText, isOutage } from '../../infra/database-errors.js';
import { armFaults, faultPoint } from '../../infra/faults.js';
import { tellLoaded } from '../../infra/thread-loads.js';
import { MagamError } from '../../kernel/errors.js';
import type { AnyViewReader, Scan, Thread, ThreadJob } from './job.js';
import {
  noCounts,
  type PartitionOutcome,
  type PartitionTask,
  type ScanOutcome,
  type ScanTask,
  SharedBoard,
  type ThreadSettings,
  type ViewTask,
  type WorkCounts,
  type WorkerError,
} from './protocol.js';
import { serveView } from './view-thread.js';
import { workPartition } from './work-partition.js';

/** Makes the thread ready; returns its one entry. */
export function serveThread(
  jobs: readonly ThreadJob[],
  scans: Readonly<Record<string, Scan>>,
  viewReaders: readonly AnyViewReader[],
): (task: Task) => Promise<unknown> {
  const { config, databaseUrl, silenceSeconds, loaded } = workerData as ThreadSettings;
  armFaults(config.fault);
  const db = openDatabase(databaseUrl, {
    poolMax: 1,
    silenceSeconds,
    lockWaitSeconds: silenceSeconds,
    answerSeconds: Math.min(config.chunkDeadlineMs, config.answerMs) / 1_000,
  });
  const lend = ({ shared, slot }: Task): Thread => ({
    db,
    config,
    board: new SharedBoard(shared),
    slot,
  });
  tellLoaded(loaded);
  return async (task) => {
    const thread = lend(task);
    if (task.kind === 'scan') return scanned(found(scans[task.scan], task.scan)(task.input, thread));
    if (task.kind === 'view') {
      const reader = found(named(viewReaders, task.reader), task.reader);
      return serveView(reader, task.input, task.port, thread, toWorkerError);
    }
    return work(found(named(jobs, task.job), task.job), task, thread);
  };
}

type Task = PartitionTask | ScanTask | ViewTask;

const named = <T extends { readonly name: string }>(all: readonly T[], name: string): T | undefined =>
  all.find((one) => one.name === name);

function found<T>(job: T | undefined, name: string): T {
  if (job === undefined) throw new Error(`nothing is called ${name} here`);
  return job;
}

async function work(job: ThreadJob, task: PartitionTask, thread: Thread): Promise<PartitionOutcome> {
  const counts: WorkCounts & { entriesOfEach?: number[] } = noCounts();
  try {
    await faultPoint('partition.start');
    return { status: await workPartition(job, task, thread, counts), ...counts };
  } catch (error) {
    return { status: 'failed', ...counts, error: toWorkerError(error, job.finalErrors) };
  }
}

const scanned = (scan: Promise<unknown>): Promise<ScanOutcome> =>
  scan.then(
    (value) => ({ value }),
    (error: unknown) => ({ error: toWorkerError(error) }),
  );

function toWorkerError(error: unknown, finalErrors?: ReadonlySet<string>): WorkerError {
  const known = asMagamError(error);
  if (!(known instanceof MagamError))
    return { code: 'INTERNAL', message: errorText(error), final: false, passes: false };
  const { code, message } = known;
  return { code, message, final: finalErrors?.has(code) ?? false, passes: isOutage(known) };
}
