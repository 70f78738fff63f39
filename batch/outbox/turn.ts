/** A lease that one of several runners holds while it is at work, renewed as the work goes on. It only saves work: what two do at once is right, too. */
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

  /** Whether it is this process's turn; asks the database only now and then. */
  async isOurs(): Promise<boolean> {
    const now = performance.now();
    if (now - this.heldSince < this.leaseMs / 5) return true;
    const epoch = await holdLeadership(this.db, this.name, this.owner, this.leaseMs);
    this.heldSince = epoch === undefined ? Number.NEGATIVE_INFINITY : now;
    return epoch !== undefined;
  }

  /** Lets another process have it at once. */
  async end(): Promise<void> {
    await resignLeadership(this.db, this.name, this.owner).catch(() => undefined); // it runs out
  }
}
