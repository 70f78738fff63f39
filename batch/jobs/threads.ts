/** The worker-thread parts of the jobs, which each thread loads. */
import type { AnyViewReader, Scan, ThreadJob } from '../engine/job.js';
import { CloseThread } from './close-statements/close-thread.js';
import { ProposeThread } from './propose-payouts/propose-thread.js';
import { type DryRunInput, dryRunRange } from './settle/dry-run-range.js';
import { SettleThread } from './settle/settle-partition.js';
import { verifyReader } from './verify/verify-reader.js';
import { WhatIfThread } from './what-if/what-if-thread.js';

export const threadJobs: readonly ThreadJob[] = [
  new SettleThread(),
  new WhatIfThread(),
  new CloseThread(),
  new ProposeThread(),
];

/** Pieces of reading, by name. */
export const scans: Readonly<Record<string, Scan>> = {
  'settle-dry-run': (input, thread) => dryRunRange(input as DryRunInput, thread),
};

/** Jobs that read in one view. */
export const viewReaders: readonly AnyViewReader[] = [verifyReader as AnyViewReader];
