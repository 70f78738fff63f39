/** `magam runner`: the daemon. */
import type { Command } from 'commander';
import { pino } from 'pino';
import { WorkerPools } from '../batch/engine/worker-pool.js';
import { runRunner } from '../batch/runner/runner.js';
import { armFaults } from '../infra/faults.js';
import { listenForWakes } from '../infra/wake.js';
import { withDatabase } from './context.js';

export function runnerCommand(program: Command): void {
  program
    .command('runner')
    .description(
      'run the batch runner: settles yesterday at MAGAM_SETTLE_AT, catches up, takes requests (any number may run)',
    )
    .action(async (_options, command: Command) => {
      await withDatabase(
        command,
        async ({ config, db, databaseUrl, redisUrl, signal }) => {
          armFaults(config.fault);
          const log = pino({ level: config.logLevel, name: 'runner' }, pino.destination({ dest: 2, sync: true }));
          const bell = new Bell(signal);
          const pools = new WorkerPools(config, databaseUrl);
          const hangUp = listenForWakes(redisUrl, bell.ring, (message) => log.warn(message));
          try {
            await runRunner({
              db,
              config,
              pools,
              signal,
              idle: bell.wait,
              log: (level, fields, message) => log[level](fields, message),
            });
          } finally {
            hangUp();
            await pools.close();
          }
        },
        { poolMax: 8, leased: true },
      );
    });
}

/** Waits that end early when it rings or the process is told to stop. */
class Bell {
  private wake: () => void = () => undefined;

  constructor(signal: AbortSignal) {
    signal.addEventListener('abort', this.ring);
  }

  ring = (): void => this.wake();

  wait = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
}
