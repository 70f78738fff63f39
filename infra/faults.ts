/**
 * Named points at which a test may strike a real process. Inert unless MAGAM_FAULT is set (refused in production):
 * `point:action[:nth[:file]]`, several separated by commas, for example `chunk.before-commit:kill:3`. Each thread counts for itself.
 *
 * Actions: `kill` (SIGKILL to the process), `stop` (SIGSTOP to the process), `exit` (the thread ends), `hang` (loops for ever), `memory`
 * (allocates until the heap is exhausted), `error` (throws), `wait` (until the file exists). Every strike is announced on standard error: `FAULT point pid`.
 */
import { existsSync, writeSync } from 'node:fs';

interface Fault {
  readonly action: string;
  /** Strikes at the nth time the point is reached. */
  readonly nth: number;
  readonly file: string;
  reached: number;
}

const armed = new Map<string, Fault>();

/** Arms the points of a MAGAM_FAULT setting in this thread. */
export function armFaults(setting: string | null): void {
  armed.clear();
  for (const item of setting?.split(',') ?? []) {
    const [point = '', action = '', nth = '1', file = ''] = item.split(':');
    armed.set(point, { action, nth: Number(nth), file, reached: 0 });
  }
}

/** Marks a point of the code that tests may strike at. Costs nothing measurable when nothing is armed. */
export async function faultPoint(name: string): Promise<void> {
  if (armed.size === 0) return;
  const fault = armed.get(name);
  if (fault === undefined) return;
  fault.reached += 1;
  if (fault.reached === fault.nth) await strike(name, fault);
}

async function strike(point: string, { action, file }: Fault): Promise<void> {
  writeSync(2, `FAULT ${point} ${process.pid}\n`); // synchronous: the process may not live to flush a stream
  if (action === 'kill') process.kill(process.pid, 'SIGKILL');
  else if (action === 'stop') process.kill(process.pid, 'SIGSTOP');
  else if (action === 'exit') process.exit(1);
  else if (action === 'hang') for (;;);
  else if (action === 'memory') for (const kept: unknown[] = []; ; ) kept.push(new Array(1e6).fill(point));
  else if (action === 'error') throw new Error(`fault at ${point}`);
  else if (action === 'wait') await appearance(file);
  else throw new Error(`unknown action in MAGAM_FAULT: ${action}`);
}

async function appearance(file: string): Promise<void> {
  while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 20));
}
