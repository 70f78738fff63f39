/**
 * A feed that is settled again and again, by real processes where they are struck. What an undisturbed run makes of it is computed once; after
 * every disturbance the outcome must be the same to the last line and to the certificate's hash.
 */
import { expect } from '@jest/globals';
import { outcomeOf, violations } from '../../scripts/chaos/invariants.mjs';
import {
  type Ended,
  environment,
  killAll,
  type Magam,
  REDIS_AWAY,
  SHORT_LEASE_MS,
  startMagam,
} from '../../scripts/chaos/magam.mjs';
import { forgetRuns, openScratchDatabase, type ScratchDatabase, seed } from '../../scripts/chaos/scratch-database.mjs';
import { createTestDatabase } from './database.js';
import { magam } from './magam.js';

/** Large values are compared as texts, which takes a hundredth of the time; where they differ, jest says where. */
export function expectSame(found: unknown, expected: unknown): void {
  if (JSON.stringify(found) !== JSON.stringify(expected)) expect(found).toEqual(expected);
}

type Settings = Readonly<Record<string, string | undefined>>;

export const DATE = '2026-03-02';
/** Sales of the date. */
export const LINES = 600;
/** Twelve chunks of sales and, as small neighbours are done together, two of refunds for two threads: one of them comes to at least seven. */
export const GRID = ['--grid-size', '4', '--workers', '2', '--chunk-size', '50'] as const;

const serverUrl = (): string => {
  const url = process.env.MAGAM_DATABASE_URL;
  if (url === undefined) throw new Error('MAGAM_DATABASE_URL is not set: run the tests with npm test');
  return url;
};

/** What a process has of `environment` for a command in this one. */
const here = (url: string, args: readonly string[], settings: Settings = {}): Promise<Ended> =>
  magam(url, args, { MAGAM_REDIS_URL: REDIS_AWAY, MAGAM_LEASE_MS: SHORT_LEASE_MS, ...settings });

export async function createDatabase(url = serverUrl()): Promise<ScratchDatabase> {
  const { url: databaseUrl, db } = await createTestDatabase(url);
  await db.destroy();
  return openScratchDatabase(databaseUrl, (args) => here(databaseUrl, args));
}

/** Runs a command on a database, in this process. */
export const magamOf = (db: ScratchDatabase, args: readonly string[], settings: Settings = {}): Promise<Ended> =>
  here(db.url, args, settings);

/** The one JSON document that a command has printed. */
export const documentOf = <T = SettleDocument>({ stdout }: Pick<Ended, 'stdout'>): T => JSON.parse(stdout) as T;

export interface SettleDocument {
  readonly runId: number | null;
  readonly executionId: number | null;
  readonly date: string;
  readonly status: string;
  readonly alreadyDone: boolean;
  readonly lines: number;
  readonly refunds: number;
  readonly exceptions: number;
  readonly partitions: number;
  readonly totals: readonly Record<string, string | number>[];
  readonly certificate: { readonly hash: string; readonly generation: number } | null;
  readonly notices: readonly string[];
}

export interface FailureDocument {
  readonly error: { readonly code: string; readonly message: string; readonly details: Record<string, unknown> };
}

export class Settling {
  private constructor(
    readonly db: ScratchDatabase,
    /** What an undisturbed run leaves. */
    private readonly clean: Awaited<ReturnType<typeof outcomeOf>>,
    readonly cleanDocument: SettleDocument,
    private readonly threads: number,
  ) {}

  /**
   * Seeds a database of its own and settles it once without disturbance.
   * @param threads of each process that settles
   */
  static async create(url = serverUrl(), threads = 2): Promise<Settling> {
    const db = await createDatabase(url);
    await seed(db, { lines: LINES, sellers: 60, date: DATE });
    const ended = await here(db.url, ['settle', '--date', DATE, ...GRID, '--workers', '1', '--json']);
    expect(ended).toMatchObject({ code: 0 });
    expect(await violations(db, DATE)).toEqual([]);
    return new Settling(db, await outcomeOf(db, DATE), documentOf(ended), threads);
  }

  /** The same with one thread in each process, where threads are not the matter: it starts sooner. */
  static withOneThread = (): Promise<Settling> => Settling.create(serverUrl(), 1);

  async drop(): Promise<void> {
    await killAll();
    await this.db.drop();
  }

  reset = (): Promise<void> => forgetRuns(this.db);

  start(args: readonly string[], settings: Settings = {}): Magam {
    return startMagam(args, environment(this.db.url, settings));
  }

  /** Runs a command to its end: in this process, or in one of its own when a fault is to strike it. */
  run = (args: readonly string[], settings: Settings = {}): Promise<Ended> =>
    settings.MAGAM_FAULT === undefined ? here(this.db.url, args, settings) : this.start(args, settings).ended;

  startSettle = (settings: Settings = {}, args: readonly string[] = []): Magam =>
    this.start(['settle', '--date', DATE, ...GRID, '--workers', String(this.threads), '--json', ...args], settings);

  /** One that nothing strikes has one thread, which starts sooner than two. */
  settle = (settings: Settings = {}, args: readonly string[] = []): Promise<Ended> => {
    const workers = settings.MAGAM_FAULT === undefined ? 1 : this.threads;
    return this.run(['settle', '--date', DATE, ...GRID, '--workers', String(workers), '--json', ...args], settings);
  };

  /** As many processes as there are settings, all of which settle the date at once. The last that no fault strikes is the process of the tests. */
  settleTogether = (...settings: Settings[]): Promise<Ended[]> => {
    const last = settings.findLast(({ MAGAM_FAULT }) => MAGAM_FAULT === undefined);
    return Promise.all(settings.map((one) => (one === last ? this.settle(one) : this.startSettle(one).ended)));
  };

  /** Settles to the end and expects what an undisturbed run leaves. */
  async finish(settings: Settings = {}): Promise<SettleDocument> {
    const ended = await this.settle(settings);
    expect(ended).toMatchObject({ code: 0 });
    await this.expectClean();
    const document = documentOf(ended);
    const { lines, refunds, exceptions, totals, certificate } = this.cleanDocument;
    expect(document).toMatchObject({ lines, refunds, exceptions, totals, certificate, status: 'COMPLETED' });
    return document;
  }

  /** Everything that must hold, and the very lines, settlements and certificate of the undisturbed run. */
  async expectClean(): Promise<void> {
    expect(await violations(this.db, DATE)).toEqual([]);
    expectSame(await outcomeOf(this.db, DATE), this.clean);
  }

  /** The product's own verification agrees. */
  async expectVerified(date = DATE): Promise<void> {
    const verified = await this.run(['verify', '--date', date, '--json']);
    expect(verified).toMatchObject({ code: 0 });
    expect(documentOf<{ ok: boolean }>(verified).ok).toBe(true);
  }

  /** How the claims of partitions ended. */
  claims = async (): Promise<Record<string, number>> => {
    const rows = await this.db.rows('SELECT status, COUNT(*) AS n FROM partition_execution GROUP BY status');
    return Object.fromEntries(rows.map(({ status, n }) => [String(status), Number(n)]));
  };
}
