/**
 * The rival of the cached product list: a server put together from the product's own edge, with the same middleware (request id, logger, metrics,
 * headers, compression, limiter, access), and one route, which returns the bytes of a file from memory. Started by bench/catalogue.ts.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { createApp } from '../api/edge/app.js';
import { authenticator } from '../api/edge/authenticate.js';
import { openMetrics } from '../api/edge/metrics.js';
import { limitRequests } from '../api/edge/request-limit.js';
import { openLog, standardError } from '../api/edge/request-log.js';
import { type Route, route } from '../api/edge/route.js';
import { listen } from '../api/edge/server.js';
import { readConfig } from '../infra/config.js';
import { openDatabase } from '../infra/database.js';
import { openRedis } from '../infra/redis.js';

const sameBytes = (octets: string): Route =>
  route({
    method: 'get',
    path: '/bench/bytes',
    tag: 'Bench',
    summary: 'The same bytes, from memory',
    permission: 'catalogue.read',
    answer: { status: 200, description: 'The bytes.', schema: z.unknown() },
    handle: async () => ({ status: 200, octets, headers: { ETag: '"bytes"', 'Cache-Control': 'no-cache' } }),
  });

const [file = ''] = process.argv.slice(2);
const config = readConfig();
if (config.databaseUrl === null || config.redisUrl === null) throw new Error('the bench names database and Redis');
const db = openDatabase(config.databaseUrl, { poolMax: config.httpPool });
const log = openLog(config.logLevel, standardError());
const redis = openRedis(config.redisUrl, 'bench', (message) => log.log.warn(message));
const app = createApp([sameBytes(readFileSync(file, 'latin1'))], {
  db,
  log,
  metrics: openMetrics(db, config),
  authenticate: authenticator({ config, db }),
  draining: new AbortController().signal,
  limit: limitRequests(redis, config.rateLimit),
  hashKey: config.tokenKey,
  trustProxy: config.trustProxy,
  version: 'bench',
  docsPage: false,
});
const { port } = await listen(app, config.host, config.port);
process.stderr.write(`Listening on http://${config.host}:${port}\n`);
