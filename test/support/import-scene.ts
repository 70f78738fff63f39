/** A database, files, and commands that import them: in this process, or in one of their own where they are killed, paused or raced. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { change, select } from '../../infra/database.js';
import { type Ended, environment, type Magam, runMagam, startMagam } from '../../scripts/chaos/magam.mjs';
import { createTestDatabase, type TestDatabase } from './database.js';
import { FeedFolder, refundsCsv, salesCsv } from './feed-files.js';
import { magam } from './magam.js';

/** Three batches of order lines, two lines to an order. */
export const LINES = 9_000;
/** Seven batches: two are under way when an import is told to stop. */
export const LONG_LINES = 27_000;
export const manyLines = (lines = LINES): string =>
  salesCsv(
    ...Array.from({ length: lines }, (_, index) => ({ order_id: `O${index >> 1}`, line_id: String(index & 1) })),
  );

/** Three batches of refunds, of two units of each sale. */
export const REFUNDS = 2_000;
export const manyRefunds = (): string =>
  refundsCsv(
    ...Array.from({ length: REFUNDS }, (_, index) => ({
      refund_id: `R${index}`,
      order_id: `O${index >> 1}`,
      line_id: '0',
    })),
  );

export const errorOf = (outcome: Ended) =>
  outcome.json<{ error: { code: string; details: Record<string, unknown> } }>().error;

export class ImportScene {
  readonly folder = new FeedFolder();
  private readonly running: Magam[] = [];
  private gates = 0;

  private constructor(readonly database: TestDatabase) {}

  static async open(): Promise<ImportScene> {
    return new ImportScene(await createTestDatabase());
  }

  /** Ends what still runs and empties the feed. */
  async reset(): Promise<void> {
    for (const { send, ended } of this.running.splice(0)) {
      send('SIGKILL');
      await ended;
    }
    for (const table of ['refund_entry', 'sale_entry', 'feed_import_date', 'feed_import', 'business_date']) {
      await change(this.database.db, `DELETE FROM ${table}`);
    }
    await change(this.database.db, 'UPDATE settlement_calendar SET shut_through = NULL');
  }

  async close(): Promise<void> {
    this.folder.remove();
    await this.database.drop();
  }

  magam(...args: string[]): Promise<Ended> {
    return magam(this.database.url, [...args, '--json']);
  }

  /** Runs it into a fault, such as `import.after-commit:kill:2`. */
  struck(fault: string, ...args: string[]): Promise<Ended> {
    return runMagam([...args, '--json'], this.environment(fault));
  }

  /** Starts it and waits until it is at a point; `go` lets it pass. */
  async startedUpTo(point: string, ...args: string[]): Promise<{ started: Magam; go: () => Promise<Ended> }> {
    this.gates += 1;
    const gate = join(this.folder.path, `gate-${this.gates}`);
    const started = startMagam([...args, '--json'], this.environment(`${point}:wait:1:${gate}`));
    this.running.push(started);
    await started.says(`FAULT ${point}`);
    const go = (): Promise<Ended> => {
      writeFileSync(gate, '');
      return started.ended;
    };
    return { started, go };
  }

  /** As if ten seconds had passed since the last sign of life of every import. */
  async expireLeases(): Promise<void> {
    await change(this.database.db, 'UPDATE feed_import SET lease_until = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND');
  }

  async count(table: string): Promise<number> {
    const [row] = await select<{ n: number }>(this.database.db, `SELECT COUNT(*) AS n FROM ${table}`);
    return Number(row?.n);
  }

  /** The statuses of the imports, oldest first. */
  async statuses(): Promise<string[]> {
    const sql = 'SELECT status FROM feed_import ORDER BY import_id';
    return (await select<{ status: string }>(this.database.db, sql)).map((row) => row.status);
  }

  /** The number of the oldest or the latest import. */
  async importId(which: 'MIN' | 'MAX'): Promise<string> {
    const [row] = await select<{ id: number }>(this.database.db, `SELECT ${which}(import_id) AS id FROM feed_import`);
    return String(row?.id);
  }

  private environment(fault: string): NodeJS.ProcessEnv {
    return environment(this.database.url, { MAGAM_FAULT: fault });
  }
}
