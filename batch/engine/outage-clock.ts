/** For how long partitions have been failing for the database's sake. One that moved on in between has a new outage, not a longer one. */
export class OutageClock {
  /** By partition: since when (monotonic ms) its claims have failed, and where it stood. */
  private readonly known = new Map<number, { readonly since: number; readonly seq: number }>();

  /**
   * A claim has failed that began at `seq` and committed so many chunks. Returns for how long (ms) claims have failed there: 0 for the first of an
   * outage.
   */
  failed(partitionId: number, seq: number, chunks: number, now = performance.now()): number {
    const known = this.known.get(partitionId);
    const since = known?.seq === seq && chunks === 0 ? known.since : now;
    this.known.set(partitionId, { since, seq: seq + chunks });
    return now - since;
  }
}
