/** What the routes are put together from. */
import type { Logger } from 'pino';
import type { Config } from '../infra/config.js';
import type { Db } from '../infra/database.js';
import type { RedisLink } from '../infra/redis.js';

export interface ApiContext {
  readonly config: Config;
  readonly db: Db;
  readonly redis: RedisLink;
  readonly log: Logger;
}
