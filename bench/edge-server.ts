/** A server assembled from the product's own edge (request id, log, metrics, headers, compression, limits, access), with routes of a bench. */
import type { ApiContext } from '../api/context.js';
import { createApp } from '../api/edge/app.js';
import { authenticator } from '../api/edge/authenticate.js';
import { openMetrics } from '../api/edge/metrics.js';
import { limitRequests } from '../api/edge/request-limit.js';
import { openLog } from '../api/edge/request-log.js';
import type { Route } from '../api/edge/route.js';
import { apiSession } from '../api/main.js';
import { CatalogueCache } from '../core/catalogue/catalogue-cache.js';
import { paymentProviders } from '../core/payments/providers/registry.js';
import type { Config } from '../infra/config.js';
import { type Db, openDatabase } from '../infra/database.js';
import { type Listening, listen } from '../infra/listening.js';
import { inBackground } from '../infra/log-output.js';
import { openRedis } from '../infra/redis.js';

export interface EdgeServer {
  readonly url: string;
  readonly db: Db;
  readonly stop: () => Promise<void>;
}

/** Serves the routes; `poolMax` database connections at most. */
export async function serveRoutes(
  config: Config,
  routesOf: (context: ApiContext) => Route[],
  poolMax = config.httpPool,
): Promise<EdgeServer> {
  if (config.databaseUrl === null || config.redisUrl === null) throw new Error('the bench names database and Redis');
  const db = openDatabase(config.databaseUrl, { poolMax, ...apiSession });
  const log = openLog(config.logLevel, inBackground(process.stderr.fd));
  const redis = openRedis(config.redisUrl, 'bench', (error) => log.log.warn(`Redis away: ${error.message}`));
  const payments = paymentProviders(config);
  const context: ApiContext = {
    config,
    db,
    redis,
    log: log.log,
    cache: new CatalogueCache(redis),
    providers: payments.providers,
    draining: new AbortController().signal,
  };
  const app = createApp(routesOf(context), {
    db,
    log,
    metrics: openMetrics(db, config),
    authenticate: authenticator(context),
    draining: new AbortController().signal,
    limit: limitRequests(redis, config.rateLimit),
    hashKey: config.tokenKey,
    trustProxy: config.trustProxy,
    version: 'bench',
    docsPage: false,
  });
  const server: Listening = await listen(app, config.host, config.port);
  const stop = async (): Promise<void> => {
    await server.stop(0, 1_000);
    redis.close();
    await payments.close();
    await db.destroy();
  };
  return { url: `http://${config.host}:${server.port}`, db, stop };
}
