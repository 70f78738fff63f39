/**
 * Preloaded (`node --import`) into a command that is measured: at its exit it writes CPU seconds and peak memory, of all its
 * threads, to file descriptor 3.
 */
import { writeSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

export interface Usage {
  readonly cpuSeconds: number;
  readonly peakMemoryBytes: number;
}

if (isMainThread) {
  process.on('exit', () => {
    const { user, system } = process.cpuUsage();
    const usage: Usage = { cpuSeconds: (user + system) / 1e6, peakMemoryBytes: process.resourceUsage().maxRSS * 1024 };
    writeSync(3, JSON.stringify(usage));
  });
}
