/** A lease that one of several runners holds while it works, and renews during the work. It only saves work: the result is right even when two work at once. */
import type { Db } from '../../infra/database.js';
import { holdLeadership, resignLeadership } from '../../infra/stores/leader-lease.js';

export class Turn {
  private heldSince = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly db: Db,
    private readonly name: string,
    private readonly owner: string,
    private readonly leaseMs: number,
  ) {}

  /** Whether it is this process's turn; reads the database only from time to time. */
  async isOurs(): Promise<boolean> {
    const now = performance.now();
    if (now - this.heldSince < this.leaseMs / 5) return true;
    const epoch = await holdLeadership(this.db, this.name, this.owner, this.leaseMs);
    this.heldSince = epoch === undefined ? Number.NEGATIVE_INFINITY : now;
    return epoch !== undefined;
  }

  /** Gives the lease to another process at once. */
  async end(): Promise<void> {
    await resignLeadership(this.db, this.name, this.owner).catch(() => undefined); // it runs out
  }
}
