/** The job history in the terms of the settlement: the engine's passes are sales and refunds here. For other jobs the sales are the first pass. */
import type { Db } from '../../infra/database.js';
import type { RunProgress } from '../jobs/run-meter.js';
import {
  type ExecutionRecord,
  type PartitionRecord,
  type PlanRecord,
  readExecutions,
  readPartitionRecords,
  readPlans,
} from '../jobs/stores/job-history.js';
import type { PartitionPass } from '../jobs/stores/partition.js';
import type { SettlePlanParameters } from './rules/plan-parameters.js';

export interface SettlementPlan extends Omit<PlanRecord, 'parameters' | 'entries'> {
  /** Null for other jobs than the settlement. */
  readonly policyRevision: number | null;
  readonly sales: number;
  readonly refunds: number;
}

export interface SettlementExecution extends Omit<ExecutionRecord, 'done'> {
  readonly linesWritten: number;
}

/** A range of feed ids (after, through]. */
export interface SettlementRange {
  readonly after: number;
  readonly through: number;
  readonly entries: number;
  readonly lines: number;
}

export interface SettlementPartition extends Omit<PartitionRecord, 'passes'> {
  readonly sales: SettlementRange;
  readonly refunds: SettlementRange;
}

export async function readSettlementPlans(db: Db, runId: number): Promise<SettlementPlan[]> {
  return (await readPlans(db, runId)).map(({ generation, gridSize, parameters, entries, plannedBy, plannedAt }) => ({
    generation,
    gridSize,
    policyRevision: (parameters as Partial<SettlePlanParameters>).policyRevision ?? null,
    sales: entries[0] ?? 0,
    refunds: entries[1] ?? 0,
    plannedBy,
    plannedAt,
  }));
}

export const readSettlementExecutions = async (db: Db, runId: number): Promise<SettlementExecution[]> =>
  (await readExecutions(db, runId)).map(({ done, ...it }) => ({ ...it, linesWritten: done }));

export const readSettlementPartitions = async (db: Db, runId: number): Promise<SettlementPartition[]> =>
  (await readPartitionRecords(db, runId)).map(({ passes, ...it }) => ({
    ...it,
    sales: rangeOf(passes[0]),
    refunds: rangeOf(passes[1]),
  }));

const rangeOf = (pass: PartitionPass | undefined): SettlementRange => ({
  after: pass?.lo ?? 0,
  through: pass?.hi ?? 0,
  entries: pass?.entries ?? 0,
  lines: pass?.done ?? 0,
});

export interface SettlementProgress extends Omit<RunProgress, 'job' | 'key' | 'committed' | 'done'> {
  readonly date: string;
  /** Entries that are committed, settled or parked. */
  readonly done: number;
  readonly sales: number;
  readonly refunds: number;
}

export function settlementProgress(progress: RunProgress): SettlementProgress {
  const { runId, job: _job, key, status, generation, planned, committed, done, ...rest } = progress;
  const [sales = 0, refunds = 0] = done;
  return { runId, date: key, status, generation, planned, done: committed, sales, refunds, ...rest };
}
