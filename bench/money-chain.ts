/** The money chain as a runner carries it out: in one process with warm threads, so that no step pays for the start of a program. */
import type { Job, JobContext } from '../batch/engine/job.js';
import { runJob } from '../batch/engine/run-job.js';
import { WorkerPools } from '../batch/engine/worker-pool.js';
import { closeStatementsJob } from '../batch/jobs/close-statements/close-job.js';
import { postDates } from '../batch/jobs/post/post-dates.js';
import { proposePayoutsJob } from '../batch/jobs/propose-payouts/propose-job.js';
import { verifyLedger } from '../core/ledger/verify-ledger.js';
import { GENERATIONS_CHECK } from '../core/postings/stores/settlement-posting.js';
import { readConfig } from '../infra/config.js';
import { type Db, openDatabase } from '../infra/database.js';
import type { FloorStep } from './money-floor.js';
import { FIRST_DATE, LAST_DATE, PAYOUT_DATE } from './money-month.js';

export class MoneyChain {
  private readonly config = readConfig(process.env);
  private readonly db: Db;
  private readonly pools: WorkerPools;

  constructor(
    url: string,
    private readonly workers: number,
  ) {
    this.db = openDatabase(url, { poolMax: 12 });
    this.pools = new WorkerPools(this.config, url);
  }

  /** Does one step; those before it are done. @returns the CPU seconds of this process and its threads */
  async run(step: FloorStep): Promise<number> {
    const before = process.cpuUsage();
    await this.carryOut(step);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1e6;
  }

  async close(): Promise<void> {
    await this.pools.close();
    await this.db.destroy();
  }

  private async carryOut(step: FloorStep): Promise<void> {
    const { config, db, pools } = this;
    const { signal } = new AbortController();
    const { chunkRows } = config;
    switch (step) {
      case 'post':
        await postDates(
          { config, db, pools, signal },
          { from: FIRST_DATE, to: LAST_DATE },
          { gridSize: 1, workers: 1, chunkRows, requestedBy: 'bench' },
        );
        return;
      case 'balance':
        if (!(await verifyLedger(db, signal, [GENERATIONS_CHECK])).ok) throw new Error('the ledger differs');
        return;
      case 'statements':
        return this.carryOutJob(
          { config, db, pools, signal, onProgress: () => undefined },
          closeStatementsJob,
          LAST_DATE,
        );
      case 'payouts':
        return this.carryOutJob(
          { config, db, pools, signal, onProgress: () => undefined },
          proposePayoutsJob,
          PAYOUT_DATE,
        );
    }
  }

  private async carryOutJob(context: JobContext, job: Job, key: string): Promise<void> {
    const { status } = await runJob(context, job, {
      ...{ key, gridSize: 10, workers: this.workers, chunkRows: this.config.chunkRows },
      ...{ requestedBy: 'bench', wait: true, onStop: 'stop-run' },
    });
    if (status !== 'COMPLETED') throw new Error(`${job.name} ended as ${status}`);
  }
}
