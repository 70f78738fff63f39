/** `magam runner`: the daemon. */
import type { Command } from 'commander';
import { pino } from 'pino';
import { WorkerPools } from '../batch/engine/worker-pool.js';
import { jobs } from '../batch/jobs/registry.js';
import { runRunner } from '../batch/runner/runner.js';
import { runTasks } from '../batch/tasks/task-loop.js';
import { openDatabase } from '../infra/database.js';
import { listenForWakes } from '../infra/wake.js';
import { withDatabase } from './context.js';

/** Of the tasks' own pool: an import takes up to four, a verification one, a heartbeat one. */
const TASK_CONNECTIONS = 8;
/** A frozen runner's transactions end before those who wait for its row locks give up (30 s). */
const TASK_SILENCE_SECONDS = 10;

export function runnerCommand(runner: Command): void {
  runner.action(async (_options, command: Command) => {
    await withDatabase(
      command,
      async ({ config, db, databaseUrl, redisUrl, signal }) => {
        const log = pino({ level: config.logLevel, name: 'runner' }, pino.destination({ dest: 2, sync: true }));
        const bell = new Bell(signal);
        const pools = new WorkerPools(config, databaseUrl);
        const hangUp = listenForWakes(redisUrl, bell.ring, (message) => log.warn(message));
        const taskDb = openDatabase(databaseUrl, {
          poolMax: TASK_CONNECTIONS,
          silenceSeconds: TASK_SILENCE_SECONDS,
          answerSeconds: config.answerMs / 1_000,
        });
        const shared = {
          config,
          pools,
          signal,
          idle: bell.wait,
          log: (level: 'info' | 'warn' | 'error', fields: object, message: string) => log[level](fields, message),
        };
        try {
          await Promise.all([runRunner({ ...shared, db, jobs }), runTasks({ ...shared, db: taskDb })]);
        } finally {
          hangUp();
          await Promise.all([pools.close(), taskDb.destroy()]);
        }
      },
      { poolMax: () => 8, leased: true },
    );
  });
}

/** Waits that end early when it rings or the process is told to stop. */
class Bell {
  private readonly waiting = new Set<() => void>();

  constructor(signal: AbortSignal) {
    signal.addEventListener('abort', this.ring);
  }

  ring = (): void => {
    for (const wake of this.waiting) wake();
  };

  wait = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.waiting.add(wake);
    });
}
