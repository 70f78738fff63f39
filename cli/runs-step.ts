/** `magam runs show` of a run of a job that follows the settlement: its plans and partitions in words that fit any job. */
import type { SettlementPartition, SettlementPlan } from '../core/settlement/run-history.js';
import { count, print, printTable } from './output.js';

export function printStepPlans(plans: readonly SettlementPlan[]): void {
  print('\nPlans');
  printTable(
    ['generation', 'grid', 'entries', 'by execution', 'planned'],
    plans.map((plan) => [plan.generation, plan.gridSize, count(plan.sales), plan.plannedBy, plan.plannedAt]),
    ['generation', 'grid', 'entries', 'by execution'],
  );
}

/** Nothing for a job whose plan has no partitions. */
export function printStepPartitions(partitions: readonly SettlementPartition[]): void {
  if (partitions.length === 0) return;
  print('\nPartitions');
  printTable(
    ['generation', 'number', 'status', 'done', 'ids', 'set aside', 'chunks', 'claims'],
    partitions.map((it) => [
      it.generation,
      it.number,
      it.status,
      `${count(it.sales.lines)} of ${count(it.sales.entries)}`,
      `(${it.sales.after}, ${it.sales.through}]`,
      count(it.exceptions),
      it.chunks,
      it.executions.map((claim) => `${claim.executionId} ${claim.status}`).join(', '),
    ]),
    ['generation', 'number', 'done', 'set aside', 'chunks'],
  );
}
