/** Which partitions are claimed at once. */
import type { Partition, PartitionPass } from '../../core/jobs/stores/partition.js';

export interface GroupLimits {
  /** Of the partitions' passes together. */
  readonly entriesMax: number;
  /** Where they have more entries than `fewEntries`: every worker is to have its share. */
  readonly partitionsMax: number;
  readonly fewEntries: number;
}

/**
 * Puts partitions, given by number, into groups: neighbours that stand at the beginning of the same pass, of which one's ids follow the other's. One
 * whose last claim made no progress is claimed alone, so that the next failure is known to be its own.
 */
export function groupNeighbours(
  partitions: readonly Partition[],
  passes: ReadonlyMap<number, readonly PartitionPass[]>,
  { entriesMax, partitionsMax, fewEntries }: GroupLimits,
): Partition[][] {
  const groups: Partition[][] = [];
  let last: { readonly pass: PartitionPass; readonly group: Partition[]; entries: number } | undefined;
  for (const partition of partitions) {
    const pass = freshPass(partition, passes.get(partition.partitionId) ?? []);
    const joins =
      last !== undefined &&
      pass !== undefined &&
      last.pass.pass === pass.pass &&
      last.pass.hi === pass.lo &&
      (last.group.length < partitionsMax || last.entries + pass.entries <= fewEntries) &&
      last.entries + pass.entries <= entriesMax;
    const group: Partition[] = joins && last !== undefined ? last.group : [];
    if (group.length === 0) groups.push(group);
    group.push(partition);
    last = pass && { pass, group, entries: (joins && last !== undefined ? last.entries : 0) + pass.entries };
  }
  return groups;
}

/** The pass at whose beginning the partition stands, unless its last claim has failed there. */
function freshPass(
  { status, pass, cursorId, seq, claims, claimedSeq }: Partition,
  passes: readonly PartitionPass[],
): PartitionPass | undefined {
  if (status !== 'PENDING' || (claims > 0 && seq === claimedSeq)) return undefined;
  const current = passes.find((it) => it.pass === pass);
  return current?.lo === cursorId ? current : undefined;
}
