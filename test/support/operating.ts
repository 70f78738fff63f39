/** A server, a database with a synthetic feed, an operator, and runners as processes of their own. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addDays } from '../../kernel/business-date.js';
import { environment, type Magam, startMagam, until } from '../../scripts/chaos/magam.mjs';
import { makeAccount } from './accounts.js';
import { type CallAnswer, type RunningApi, startApi } from './api.js';
import { createTestDatabase, type TestDatabase } from './database.js';
import { magam } from './magam.js';

/** Yesterday is not due before the last minute of the day, so that a runner does only what it is asked to. */
const SETTINGS = {
  MAGAM_SETTLE_AT: '23:59',
  MAGAM_WORKERS: '2',
  MAGAM_CHUNK_SIZE: '100',
  MAGAM_LEASE_MS: '2000',
};

/** Twelve chunks of sales and some of refunds. */
export const GRID = { gridSize: 4, workers: 2, chunkSize: 100 };

export class Operating {
  private readonly runners: Magam[] = [];

  private constructor(
    readonly database: TestDatabase,
    readonly api: RunningApi,
    readonly token: string,
  ) {}

  static async create(database?: TestDatabase, settings: Readonly<Record<string, string>> = {}): Promise<Operating> {
    const own = database ?? (await createTestDatabase());
    const api = await startApi(own.url, { ...SETTINGS, ...settings });
    const { token } = await makeAccount(own.db, 'operator');
    return new Operating(own, api, token);
  }

  async endRunners(): Promise<void> {
    for (const { send } of this.runners) send('SIGKILL');
    await Promise.all(this.runners.map(({ ended }) => ended));
  }

  async end(): Promise<void> {
    await this.endRunners();
    await this.api.stop();
    await this.database.drop();
  }

  /** Shuts every date before this one, so that the runner's schedule has nothing to do. */
  async closeBefore(date: string): Promise<void> {
    await this.database.db.raw('UPDATE settlement_calendar SET shut_through = ?', [addDays(date, -1)]);
  }

  async seed(date: string, lines = 1_200): Promise<void> {
    await this.magam('seed', '--lines', String(lines), '--sellers', '40', '--date', date);
  }

  async magam(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await magam(this.database.url, args);
    if (code !== 0 && code !== 3) throw new Error(`magam ${args.join(' ')} exited ${code}: ${stderr}`);
    return stdout;
  }

  async applyPolicies(policies: readonly object[]): Promise<void> {
    const folder = mkdtempSync(join(tmpdir(), 'magam-policies-'));
    writeFileSync(join(folder, 'policies.json'), JSON.stringify({ policies }));
    await this.magam('policies', 'apply', join(folder, 'policies.json'));
    rmSync(folder, { recursive: true });
  }

  startRunner(settings: Readonly<Record<string, string>> = {}): Magam {
    const redis = { MAGAM_REDIS_URL: process.env.MAGAM_REDIS_URL };
    const runner = startMagam(['runner'], environment(this.database.url, { ...redis, ...SETTINGS, ...settings }));
    this.runners.push(runner);
    return runner;
  }

  call(method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) {
    return this.api.call(method, path, { token: this.token, body, headers });
  }

  /** Asks for a date, with entries or without. */
  request = (date: string, headers: Readonly<Record<string, string>> = {}): Promise<CallAnswer> =>
    this.call('POST', '/v1/runs', { date, ...GRID, allowEmpty: true }, headers);

  /** Waits until nobody works on the run and nobody was asked to; its progress. */
  async settled(runId: number): Promise<Record<string, unknown>> {
    let progress: Record<string, unknown> = {};
    await until(async () => {
      progress = (await this.call('GET', `/v1/runs/${runId}`)).body.progress;
      return progress.final === true;
    }, `run ${runId} has ended`);
    return progress;
  }

  /** The actions of the audit log about a run, oldest first. */
  async audited(runId: number): Promise<string[]> {
    const [rows] = await this.database.db.raw(
      `SELECT action FROM audit_log WHERE subject_type = 'run' AND subject_id = ? ORDER BY audit_id`,
      [String(runId)],
    );
    return (rows as { action: string }[]).map(({ action }) => action);
  }

  async count(sql: string, ...params: (string | number)[]): Promise<number> {
    const [rows] = await this.database.db.raw(sql, params);
    return Number(Object.values((rows as Record<string, unknown>[])[0] ?? {})[0]);
  }
}
