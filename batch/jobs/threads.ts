/** The jobs' sides in a worker thread: loaded by each. */
import type { AnyViewReader, Scan, ThreadJob } from '../engine/job.js';
import { SettleThread } from './settle/settle-partition.js';
import { type TrialInput, tryRange } from './settle/trial.js';
import { verifyReader } from './verify/verify-reader.js';
import { WhatIfThread } from './what-if/what-if-thread.js';

export const threadJobs: readonly ThreadJob[] = [new SettleThread(), new WhatIfThread()];

/** Pieces of reading, by name. */
export const scans: Readonly<Record<string, Scan>> = {
  'settle-trial': (input, thread) => tryRange(input as TrialInput, thread),
};

/** Jobs that read in one view. */
export const viewReaders: readonly AnyViewReader[] = [verifyReader as AnyViewReader];
