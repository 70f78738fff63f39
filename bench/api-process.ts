/** A server under measurement: a separate process, whose log goes to a file as in production. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pause } from '../infra/database.js';
import { cpuSecondsOf } from './server.js';

export interface ApiUnderMeasurement {
  readonly url: string;
  /** CPU seconds that its process has used so far; null where they cannot be read. */
  readonly cpuSeconds: () => number | null;
  /** Its standard error so far. */
  readonly log: () => string;
  readonly stop: () => Promise<void>;
}

/** Starts `node ...args` and waits until it reports its address or, for a process that does not listen, that it has `started`. */
export async function startServer(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  started = /listen(?:ing|s) on (http:\S+)/i,
): Promise<ApiUnderMeasurement> {
  const folder = mkdtempSync(join(tmpdir(), 'magam-bench-'));
  const logFile = join(folder, 'log');
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'ignore', openSync(logFile, 'w')],
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      MAGAM_PORT: '0',
      MAGAM_DRAIN_MS: '0',
      MAGAM_RATE_LIMIT: '100000000',
      ...environment,
    },
  });
  const stop = async (): Promise<void> => {
    if (isRunning(child)) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    rmSync(folder, { recursive: true, force: true });
  };
  const log = (): string => readFileSync(logFile, 'utf8');
  for (let tries = 0; tries < 300; tries += 1) {
    const said = started.exec(log());
    if (said !== null) return { url: said[1] ?? '', cpuSeconds: () => cpuSecondsOf(child.pid ?? 0), log, stop };
    if (!isRunning(child)) break;
    await pause(100);
  }
  const said = log();
  await stop();
  throw new Error(`the server did not start: ${said.slice(-2_000)}`);
}

const isRunning = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null;
