/**
 * Named points at which a test may disturb a real process, and guards that it may switch off. Inert unless MAGAM_FAULT is set (refused in
 * production): `point:action[:nth[:file]]` or `off:guard`, several separated by commas, for example `chunk.before-commit:kill:3,off:fence.seq`.
 * Each thread counts for itself.
 *
 * Actions: `kill` (SIGKILL to the process), `stop` (SIGSTOP to the process), `exit` (the thread ends), `hang` (never goes on, nor does its event loop), `memory`
 * (allocates until the heap is exhausted), `error` (throws), `wait` (until the file exists), `say` (continues). Every strike is announced on standard
 * error: `FAULT point pid`.
 *
 * Guards are lines of defence that back each other up. A test switches the others off to check that one of them holds alone.
 *
 * `clock:SECONDS` makes the clock of the process fast by so much, or slow where it is negative, for `processClock`.
 */
import { existsSync, writeSync } from 'node:fs';

interface Fault {
  readonly action: string;
  /** Strikes at the nth time the point is reached. */
  readonly nth: number;
  readonly file: string;
  reached: number;
}

const GUARDS = [
  'fence.owner',
  'fence.epoch',
  'fence.seq',
  'lease.limit',
  'lease.silence',
  'door.share-lock',
  'import.hold',
  'control-totals',
  'view.state',
  'turn',
] as const;
export type Guard = (typeof GUARDS)[number];

const armed = new Map<string, Fault>();
const off = new Set<Guard>();
let clockAheadMs = 0;
let armedSetting: string | null = null;

/** Arms the points, and switches off the guards, of a MAGAM_FAULT setting in this thread. */
export function armFaults(setting: string | null): void {
  armedSetting = setting;
  armed.clear();
  off.clear();
  clockAheadMs = 0;
  for (const item of setting?.split(',') ?? []) {
    const [point = '', action = '', nth = '1', file = ''] = item.split(':');
    if (point === 'off') off.add(guardNamed(action));
    else if (point === 'clock') clockAheadMs = Number(action) * 1_000;
    else armed.set(point, { action, nth: Number(nth), file, reached: 0 });
  }
}

/** The armed points, for a thread that arms the same. */
export const faultSetting = (): string | null => armedSetting;

function guardNamed(name: string): Guard {
  const guard = GUARDS.find((known) => known === name);
  if (guard === undefined) throw new Error(`unknown guard in MAGAM_FAULT: ${name}`);
  return guard;
}

/** Whether a line of defence stands: always, unless a test has switched it off. */
export const stands = (guard: Guard): boolean => !off.has(guard);

/** The clock of this process (ms since 1970), as the machine has it or as a test has set it. */
export const processClock = (): number => Date.now() + clockAheadMs;

/** Marks a point of the code that tests may strike. It costs nothing measurable when nothing is armed. */
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
  else if (action === 'stop') stopHere();
  else if (action === 'exit') process.exit(1);
  else if (action === 'hang') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  else if (action === 'memory') for (const kept: unknown[] = []; ; ) kept.push(new Array(1e6).fill(point));
  else if (action === 'error') throw new Error(`fault at ${point}`);
  else if (action === 'wait') await appearance(file);
  else if (action !== 'say') throw new Error(`unknown action in MAGAM_FAULT: ${action}`);
}

/** SIGSTOP arrives a moment after it was sent. The thread sleeps until then, so that it does not continue past the point. */
function stopHere(): void {
  process.kill(process.pid, 'SIGSTOP');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
}

async function appearance(file: string): Promise<void> {
  while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 20));
}
