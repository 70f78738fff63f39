/**
 * A runner with all of its loops within the test's own process: what `magam runner` does after its start, without the process. `runner-here.ts` has one without duties, events and
 * webhooks, which is loaded faster.
 */
import { afterEach } from '@jest/globals';
import { RUN_CONNECTIONS, serveRunner } from '../../cli/runner.js';
import { readConfig } from '../../infra/config.js';
import { openDatabase, silenceWithin } from '../../infra/database.js';
import { openProcessLog } from '../../infra/log.js';
import { REDIS_AWAY, SHORT_LEASE_MS, until } from '../../scripts/chaos/magam.mjs';
import type { RunnersHere } from './runner-here.js';
import { IDLE } from './tasks.js';

/** The runners of a test, which end with it. `said` has the lines of their logs. */
export function wholeRunnersHere(): RunnersHere {
  const running: (() => Promise<void>)[] = [];
  const end = async (): Promise<void> => {
    await Promise.all(running.splice(0).map((stop) => stop()));
  };
  afterEach(end);
  const start: RunnersHere['start'] = (databaseUrl, settings = {}) => {
    const config = readConfig({ NODE_ENV: 'test', MAGAM_LEASE_MS: SHORT_LEASE_MS, ...IDLE, ...settings });
    const db = openDatabase(databaseUrl, { poolMax: RUN_CONNECTIONS, silenceSeconds: silenceWithin(config.leaseMs) });
    const redisUrl = config.redisUrl ?? REDIS_AWAY;
    const stop = new AbortController();
    const said: string[] = [];
    const served = serveRunner(
      { config, db, databaseUrl, redisUrl, queueRedisUrl: config.queueRedisUrl ?? redisUrl, signal: stop.signal },
      openProcessLog(config.logLevel, 'runner', { write: (line) => void said.push(line) }),
    );
    running.push(async () => {
      stop.abort();
      await served.finally(() => db.destroy());
    });
    const hasSaid = (text: string) => said.some((line) => line.includes(text));
    return { said, says: async (text) => void (await until(() => hasSaid(text), `the runner says ${text}`)) };
  };
  return { start, end };
}
