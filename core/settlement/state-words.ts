/** The words for the states of dates and of runs: what commands print, what refusals say and what a list is filtered by. */
import type { RunStatus } from '../jobs/stores/run.js';

export const DATE_STATES = ['SETTLED', 'CLOSED_EMPTY', 'BEING_SETTLED', 'NOT_SETTLED'] as const;
export type DateState = (typeof DATE_STATES)[number];

/** As they follow "the date is". */
export const dateWords: Readonly<Record<DateState, string>> = {
  SETTLED: 'settled',
  CLOSED_EMPTY: 'closed without entries',
  BEING_SETTLED: 'being settled',
  NOT_SETTLED: 'not settled',
};

/**
 * The state of a run in one word. `waiting`: for a runner. `dead`: it is under way, and nobody who works on it has been heard of. `parked`: its date
 * is settled, and some of its entries are parked.
 */
export const RUN_STATES = ['waiting', 'running', 'dead', 'stopped', 'failed', 'settled', 'parked'] as const;
export type RunState = (typeof RUN_STATES)[number];

const stateOfStatus: Readonly<Record<RunStatus, RunState>> = {
  REQUESTED: 'waiting',
  RUNNING: 'running',
  STOPPED: 'stopped',
  FAILED: 'failed',
  COMPLETED: 'settled',
  COMPLETED_WITH_EXCEPTIONS: 'parked',
};

export const runStateOf = (status: RunStatus, dead: boolean): RunState => (dead ? 'dead' : stateOfStatus[status]);

/** The status of the runs in a state, and whether somebody who is alive works on them where that matters. */
export function statusOfRunState(state: RunState): { readonly status: RunStatus; readonly dead?: boolean } {
  if (state === 'dead') return { status: 'RUNNING', dead: true };
  const [status] = Object.entries(stateOfStatus).find(([, word]) => word === state) as [RunStatus, RunState];
  return status === 'RUNNING' ? { status, dead: false } : { status };
}
