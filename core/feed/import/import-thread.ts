/** The file of the threads that read the blocks of an import. */
import { workerData } from 'node:worker_threads';
import { armFaults, faultPoint } from '../../../infra/faults.js';
import { tellLoaded } from '../../../infra/thread-loads.js';
import { type BlockFailure, BlockReader, type BlockRows } from './block-reader.js';
import type { TaskBegun, ThreadSettings, ThreadTask } from './block-threads.js';
import { findRepeats, type Repeat } from './repeated-keys.js';

const { layout, fault, loaded } = workerData as ThreadSettings;
armFaults(fault);
const reader = new BlockReader(layout);
tellLoaded(loaded);

export default async function work(
  task: ThreadTask & TaskBegun,
): Promise<BlockRows | BlockFailure | readonly Repeat[]> {
  task.begun.postMessage('begun');
  if (task.task === 'repeats') return findRepeats(task.records);
  await faultPoint('import.block');
  return reader.read(task.block.bytes, task.block.begins);
}
