/** `magam api`: builds the HTTP server. */
import { readFileSync } from 'node:fs';
import express from 'express';
import { CatalogueCache } from '../core/catalogue/catalogue-cache.js';
import type { PaymentProviders } from '../core/payments/payment-step.js';
import { type OpenProviders, paymentProviders } from '../core/payments/providers/registry.js';
import { openSeal } from '../infra/cache/seal.js';
import type { Config } from '../infra/config.js';
import type { Db } from '../infra/database.js';
import { errorText } from '../infra/database-errors.js';
import { armFaults } from '../infra/faults.js';
import { requireKeys } from '../infra/key-settings.js';
import { listen } from '../infra/listening.js';
import { noticeOfRedis } from '../infra/outage-notice.js';
import { clockNotice, readPlatformTime } from '../infra/platform-time.js';
import { openRedis, type RedisLink } from '../infra/redis.js';
import { readDatabaseIdentity, readInstallationId } from '../infra/stores/installation.js';
import type { ApiContext } from './context.js';
import { Admission } from './edge/admission.js';
import { createApp } from './edge/app.js';
import { authenticator, callersThatStand } from './edge/authenticate.js';
import { openMetrics, sendMetrics } from './edge/metrics.js';
import { OpenStreams } from './edge/open-streams.js';
import { limitOf, limitRequests } from './edge/request-limit.js';
import { openLog, type ServerLog } from './edge/request-log.js';
import { apiRoutes } from './routes.js';
import { readMetrics } from './server/read-metrics.js';
import { readProblem } from './server/read-problem.js';
import { readHealth, readReadiness } from './server/readiness.js';

export { openLog };

export interface ApiOptions {
  readonly config: Config;
  readonly db: Db;
  readonly redisUrl: string;
  readonly migrationsFolder: URL;
  readonly packageFile: URL;
  readonly log: ServerLog;
  /** Aborted: drain and end. */
  readonly signal: AbortSignal;
  readonly onListening: (port: number) => void;
  /** Default: none. */
  readonly providers?: PaymentProviders;
}

/**
 * How a server uses the database: a call that finds no free connection is soon answered with 503, so that calls do not pile up in a rush. The database rolls back a transaction
 * that stays silent for longer than the claim of an idempotency key may last (seconds).
 */
export const apiSession = { connectionWaitSeconds: 3, silenceSeconds: 60 } as const;

/** When the server stops, requests have this long to be answered (ms). Together with the time to drain it is less than the half minute that orchestrators wait before they kill. */
const PATIENCE_MS = 25_000;
const CLOCK_MS = 10 * 60_000;

/** Serves until the signal; resolves when the last answer is sent. Throws CONFIG_INVALID, and then leaves nothing open. */
export async function runApi(options: ApiOptions): Promise<void> {
  const { config, db } = options;
  const { log } = options.log;
  requireKeys(config);
  armFaults(config.fault);
  const seal = openSeal(config.tokenKey, await readDatabaseIdentity(db));
  const notice = noticeOfRedis(log, 'Redis', () => redis.client.ping());
  const redis = openRedis(options.redisUrl, await readInstallationId(db), notice.disconnected, seal);
  const payments = paymentProviders(config);
  try {
    await serve(options, redis, payments);
  } finally {
    notice.close();
    redis.close();
    await payments.close();
  }
  log.info({}, 'stopped');
}

async function serve(options: ApiOptions, redis: RedisLink, payments: OpenProviders): Promise<void> {
  const { config, db, signal, providers = payments.providers } = options;
  const { log } = options.log;
  const metrics = openMetrics(db, config);
  metrics.watchProviders(payments);
  const admission = new Admission(config.requestsMax);
  metrics.watchAdmission(admission);
  const context: ApiContext = {
    config,
    db,
    redis,
    log,
    draining: signal,
    cache: new CatalogueCache(redis),
    providers,
  };
  const authenticate = authenticator(context);
  const routes = [
    readHealth(),
    readReadiness({
      db,
      redis,
      timeZone: config.timeZone,
      migrationsFolder: options.migrationsFolder,
      draining: signal,
      outbound: payments.clients,
      limit: limitOf(redis, 'ready', config.rateLimit, () => 'ready'),
    }),
    readMetrics(metrics, config.metricsToken, authenticate),
    readProblem(),
    ...apiRoutes(context),
  ];
  const app = createApp(routes, {
    db,
    log: options.log,
    metrics,
    authenticate,
    draining: signal,
    hashKey: config.tokenKey,
    formerHashKeys: config.formerTokenKeys,
    limit: limitRequests(redis, config.rateLimit),
    admission,
    streams: new OpenStreams(config, callersThatStand(db)),
    trustProxy: config.trustProxy,
    docsPage: config.docsPage,
    corsOrigins: config.integrations.corsOrigins,
    version: versionOf(options.packageFile),
  });
  const metricsServer = config.metricsPort === null ? undefined : await listenForMetrics(config, metrics);
  try {
    const server = await listen(app, config.host, config.port);
    const clock = setInterval(() => void watchClock(context), CLOCK_MS);
    log.info({ host: config.host, port: server.port, metricsPort: metricsServer?.port }, 'listening');
    options.onListening(server.port);
    await aborted(signal);
    log.info({ drainMs: config.drainMs }, 'draining');
    clearInterval(clock);
    await server.stop(config.drainMs, PATIENCE_MS);
  } finally {
    await metricsServer?.stop(0, 1_000);
  }
}

const listenForMetrics = (config: Config, metrics: ReturnType<typeof openMetrics>) =>
  listen(
    express().disable('x-powered-by').get('/metrics', sendMetrics(metrics)),
    config.host,
    config.metricsPort ?? 0,
    'MAGAM_METRICS_PORT',
  );

const versionOf = (file: URL): string => (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** Logs when the clocks of this process and of the database differ. */
async function watchClock({ config, db, log }: ApiContext): Promise<void> {
  try {
    const notice = clockNotice(await readPlatformTime(db, config.timeZone));
    if (notice !== undefined) log.warn(notice);
  } catch (error) {
    log.warn({ error: errorText(error) }, 'the clocks could not be compared');
  }
}
