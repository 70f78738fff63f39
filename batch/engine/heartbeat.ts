/** Says that an execution lives, in every stage of it, and learns from the same row whether somebody asks it to stop. */
import { beat } from '../../core/jobs/stores/execution.js';
import { answeringWithin, type Db } from '../../infra/database.js';

export class Heartbeat {
  private readonly db: Db;
  private readonly timer: NodeJS.Timeout;
  private beating = false;

  constructor(
    db: Db,
    private readonly executionId: number,
    /** Milliseconds after which others take the execution for dead. It beats five times as often. */
    leaseMs: number,
    private readonly onStop: () => void,
  ) {
    this.db = answeringWithin(db, leaseMs / 1_000);
    this.timer = setInterval(() => void this.beat(), leaseMs / 5);
  }

  close(): void {
    clearInterval(this.timer);
  }

  private async beat(): Promise<void> {
    if (this.beating) return;
    this.beating = true;
    try {
      if ((await beat(this.db, this.executionId)).stopRequested) this.onStop();
    } catch {
      // The database is away: the next beat asks again.
    } finally {
      this.beating = false;
    }
  }
}
