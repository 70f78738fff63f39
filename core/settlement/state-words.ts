/** The words for the states of dates and of runs, for the output of commands, for refusals and for the filters of lists. */
import type { RunStatus } from '../jobs/stores/run.js';
import { SETTLE } from './stores/settlement-run.js';

export const DATE_STATES = ['SETTLED', 'CLOSED_EMPTY', 'BEING_SETTLED', 'NOT_SETTLED'] as const;
export type DateState = (typeof DATE_STATES)[number];

/** Each follows "the date is". */
export const dateWords: Readonly<Record<DateState, string>> = {
  SETTLED: 'settled',
  CLOSED_EMPTY: 'closed without entries',
  BEING_SETTLED: 'being settled',
  NOT_SETTLED: 'not settled',
};

/**
 * The state of a run in one word. `waiting`: for a runner. `dead`: it is under way, but no process that works on it shows a sign of life. `parked`: its date
 * is settled, and some of its entries are parked. `done`: a job that follows the settlement is completed for the date.
 */
export const RUN_STATES = ['waiting', 'running', 'dead', 'stopped', 'failed', 'settled', 'parked', 'done'] as const;
export type RunState = (typeof RUN_STATES)[number];

const stateOfStatus: Readonly<Record<RunStatus, RunState>> = {
  REQUESTED: 'waiting',
  RUNNING: 'running',
  STOPPED: 'stopped',
  FAILED: 'failed',
  COMPLETED: 'settled',
  COMPLETED_WITH_EXCEPTIONS: 'parked',
};

export function runStateOf(status: RunStatus, dead: boolean, job: string = SETTLE): RunState {
  if (dead) return 'dead';
  return status === 'COMPLETED' && job !== SETTLE ? 'done' : stateOfStatus[status];
}

/** The status of the runs in a state, and whether a living process works on them where that matters. */
export function statusOfRunState(state: RunState): { readonly status: RunStatus; readonly dead?: boolean } {
  if (state === 'dead') return { status: 'RUNNING', dead: true };
  if (state === 'done') return { status: 'COMPLETED' };
  const [status] = Object.entries(stateOfStatus).find(([, word]) => word === state) as [RunStatus, RunState];
  return status === 'RUNNING' ? { status, dead: false } : { status };
}
