/** The partitions of a run in the form of a certificate: for certifying the run, and for verifying it. */

import type { Db } from '../../infra/database.js';
import { REFUND, SALE } from '../feed/rules/leg.js';
import { type PartitionPass, readPartitions, readPasses } from '../jobs/stores/partition.js';
import type { LineForm } from './rules/canonical-line.js';
import { type CertifiedPartition, certifiedTotals, EMPTY_SHA256 } from './rules/certificate.js';
import { readPartitionTotals } from './stores/partition-total.js';

/** A partition whose passes are done. */
interface Worked {
  readonly number: number;
  readonly passes: readonly PartitionPass[];
}

/** The partitions of a generation with the sums that were committed with their lines, in the form of a certificate over lines of this format. */
export async function certifiedPartitions(
  db: Db,
  runId: number,
  generation: number,
  partitions: readonly Worked[],
  form: LineForm,
): Promise<CertifiedPartition[]> {
  const sums = await readPartitionTotals(db, runId, generation);
  return partitions.map((partition) => ({
    number: partition.number,
    sales: rangeOf(partition.passes[SALE], form),
    refunds: rangeOf(partition.passes[REFUND], form),
    totals: sums
      .filter(({ number }) => number === partition.number)
      .map(({ currency, totals }) => certifiedTotals(currency, totals)),
  }));
}

const rangeOf = (pass: PartitionPass | undefined, form: LineForm): CertifiedPartition['sales'] => ({
  after: pass?.lo ?? 0,
  through: pass?.hi ?? 0,
  ...(form === 1 ? {} : { entries: pass?.entries ?? 0 }),
  lines: pass?.done ?? 0,
  sha256: pass?.checkpoint ?? EMPTY_SHA256,
});

/** The same for a run as it is stored now, with the status of each. */
export async function storedPartitions(
  db: Db,
  runId: number,
  generation: number,
  form: LineForm,
): Promise<{ readonly status: string; readonly partition: CertifiedPartition }[]> {
  const partitions = await readPartitions(db, runId, generation);
  const passes = await readPasses(db, runId, generation);
  const worked = partitions.map(({ number, partitionId }) => ({ number, passes: passes.get(partitionId) ?? [] }));
  const certified = await certifiedPartitions(db, runId, generation, worked, form);
  return certified.map((partition, i) => ({ status: partitions[i]?.status ?? '', partition }));
}
