/**
 * A runner within the test's own process, for tests in which somebody has to carry out what was asked for, and nobody is struck: it costs a tenth of the CPU
 * time of a process. It has the loops of runs and of tasks, or all of them. Where the process itself is the matter (signals, faults), start a real one.
 */
import { afterAll, afterEach } from '@jest/globals';
import { WorkerPools } from '../../batch/engine/worker-pool.js';
import { jobs } from '../../batch/jobs/registry.js';
import { runRunner } from '../../batch/runner/runner.js';
import { runTasks } from '../../batch/tasks/task-loop.js';
import { Bell } from '../../cli/bell.js';
import { readConfig } from '../../infra/config.js';
import { openDatabase, silenceWithin } from '../../infra/database.js';
import { SHORT_LEASE_MS, until } from '../../scripts/chaos/magam.mjs';
import { IDLE } from './tasks.js';

type Settings = Readonly<Record<string, string>>;

/** A runner as a test sees it. */
export interface RunnerHere {
  /** The messages of its log so far, with what belongs to each as JSON. */
  readonly said: readonly string[];
  /** Waits until its log has a message with this text. */
  readonly says: (text: string) => Promise<void>;
}

export interface RunnersHere {
  /** Starts one; it ends with the test. */
  readonly start: (databaseUrl: string, settings?: Settings) => RunnerHere;
  /** Ends all of them. Each finishes the chunk in hand and gives back its tasks, as at SIGTERM. */
  readonly end: () => Promise<void>;
}

const errorsInWords = (_name: string, value: unknown) => (value instanceof Error ? value.message : value);

/** Runners of a test. Their threads are kept for the next ones on the same database, because these cost most of the start. */
export function runnersHere(): RunnersHere {
  let kept: { readonly key: string; readonly pools: WorkerPools }[] = [];
  const running: (() => Promise<void>)[] = [];
  const end = async (): Promise<void> => {
    await Promise.all(running.splice(0).map((stop) => stop()));
  };
  afterEach(end);
  const closeKept = async (): Promise<void> => {
    await Promise.all(kept.splice(0).map(({ pools }) => pools.close()));
  };
  afterAll(closeKept);
  const start = (databaseUrl: string, settings: Settings = {}): RunnerHere => {
    const config = readConfig({ NODE_ENV: 'test', MAGAM_LEASE_MS: SHORT_LEASE_MS, ...IDLE, ...settings });
    const key = JSON.stringify([databaseUrl, settings]);
    const found = kept.find((it) => it.key === key);
    kept = kept.filter((it) => it !== found);
    const pools = found?.pools ?? new WorkerPools(config, databaseUrl);
    const db = openDatabase(databaseUrl, { poolMax: 8, silenceSeconds: silenceWithin(config.leaseMs) });
    const taskDb = openDatabase(databaseUrl, { poolMax: 8, silenceSeconds: 10 });
    const stop = new AbortController();
    const bell = new Bell(stop.signal);
    const said: string[] = [];
    const log = (level: string, fields: object, message: string) =>
      void said.push(`${level}: ${message} ${JSON.stringify(fields, errorsInWords)}`);
    const shared = { config, pools, signal: stop.signal, idle: bell.wait, log };
    const loops = Promise.all([runRunner({ ...shared, db, jobs }), runTasks({ ...shared, db: taskDb })]);
    running.push(async () => {
      stop.abort();
      await loops.finally(() => Promise.all([db.destroy(), taskDb.destroy()]));
      kept.push({ key, pools });
    });
    const hasSaid = (text: string) => said.some((message) => message.includes(text));
    return { said, says: async (text) => void (await until(() => hasSaid(text), `the runner says ${text}`)) };
  };
  return { start, end };
}
