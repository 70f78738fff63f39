/** What a server has to database and Redis, for tests that stand in for several servers in one process. */
import { type Db, openDatabase } from '../../infra/database.js';
import type { RedisLink } from '../../infra/redis.js';
import type { TestDatabase } from './database.js';
import { linkTo, type TestRedis } from './redis.js';

export interface Connections {
  readonly db: Db;
  readonly link: RedisLink;
  /** What was sent to the database so far. */
  readonly statements: string[];
}

/**
 * How long these connections wait for an answer of Redis (ms). The product's half a second is over before an answer is read when many tests share a processor,
 * and Redis would be taken for away.
 */
const PATIENCE_MS = 5_000;

export async function openConnections(database: TestDatabase, redis: TestRedis): Promise<Connections> {
  const db = openDatabase(database.url, { poolMax: 6 });
  const statements: string[] = [];
  db.on('query', ({ sql }: { sql: string }) => statements.push(sql));
  const link = await linkTo(redis);
  link.client.options.commandTimeout = PATIENCE_MS;
  return { db, link, statements };
}

export async function closeConnections({ db, link }: Connections): Promise<void> {
  link.close();
  await db.destroy();
}
