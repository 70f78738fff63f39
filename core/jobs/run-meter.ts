/**
 * The live rate of runs, in entries per second: over the last seconds, from this process's earlier readings of the run, and in all, from
 * the times that its executions recorded.
 */
import type { Db } from '../../infra/database.js';
import { sha256 } from '../../infra/sha256.js';
import { isCompleted } from './stores/run.js';
import { type RunState, readRunState } from './stores/run-progress.js';

export interface RunProgress extends Omit<RunState, 'workedSeconds'> {
  /** Changes exactly when the run changes; the same in every process. */
  readonly version: string;
  /** Entries of the plan that are left; null while there is no plan. */
  readonly remaining: number | null;
  /** Null while it is unknown. */
  readonly entriesPerSecond: { readonly recent: number | null; readonly overall: number | null };
  readonly secondsLeft: number | null;
  /** ISO 8601. */
  readonly estimatedEndAt: string | null;
  /** Nobody works on the run and it is not requested, so nothing will change by itself. */
  readonly final: boolean;
}

interface Sample {
  readonly at: number;
  readonly committed: number;
}

/** Samples of one generation of a run. */
interface Trace {
  readonly generation: number;
  readonly samples: Sample[];
}

const WINDOW_MS = 10_000;
/** A rate over a shorter time says little. */
const WINDOW_MIN_MS = 500;
const TRACES_MAX = 200;

export class RunMeter {
  private readonly traces = new Map<number, Trace>();

  constructor(private readonly db: Db) {}

  /** The progress of the run now; undefined when there is no such run. */
  async measure(runId: number): Promise<RunProgress | undefined> {
    const state = await readRunState(this.db, runId);
    if (state === undefined) return undefined;
    const { workedSeconds, ...told } = state;
    const final = isFinal(state);
    const recent = final ? null : this.recentRate(state);
    const overall = workedSeconds > 0 && state.committed > 0 ? Math.round(state.committed / workedSeconds) : null;
    const remaining = state.planned === null ? null : state.planned - state.committed;
    const rate = recent ?? overall ?? 0;
    const secondsLeft = final || remaining === null || rate === 0 ? null : Math.ceil(remaining / rate);
    return {
      ...told,
      version: sha256(JSON.stringify(told)).slice(0, 16),
      remaining,
      entriesPerSecond: { recent, overall },
      secondsLeft,
      estimatedEndAt: secondsLeft === null ? null : new Date(Date.now() + secondsLeft * 1000).toISOString(),
      final,
    };
  }

  private recentRate({ runId, generation, committed }: RunState): number | null {
    const now = { at: performance.now(), committed };
    const known = this.traces.get(runId);
    const trace = known?.generation === generation ? known : { generation, samples: [] };
    this.traces.delete(runId);
    this.traces.set(runId, trace); // the run that was asked for last moves to the end
    if (this.traces.size > TRACES_MAX) this.traces.delete(this.traces.keys().next().value as number);
    while ((trace.samples[0]?.at ?? now.at) < now.at - WINDOW_MS) trace.samples.shift();
    const [first] = trace.samples;
    trace.samples.push(now);
    if (first === undefined || now.at - first.at < WINDOW_MIN_MS) return null;
    return Math.max(0, Math.round(((committed - first.committed) * 1000) / (now.at - first.at)));
  }
}

const isFinal = ({ status, executions }: RunState): boolean =>
  executions.length === 0 && (isCompleted(status) || status === 'STOPPED' || status === 'FAILED');
