/** The dependencies that the routes are built with. */
import type { Logger } from 'pino';
import type { CatalogueCache } from '../core/catalogue/catalogue-cache.js';
import type { PaymentProviders } from '../core/payments/payment-step.js';
import type { Config } from '../infra/config.js';
import type { Db } from '../infra/database.js';
import type { RedisLink } from '../infra/redis.js';

export interface ApiContext {
  readonly config: Config;
  readonly db: Db;
  readonly redis: RedisLink;
  readonly log: Logger;
  /** The one cache of pages in this process; a change evicts the pages that show the changed data. */
  readonly cache: CatalogueCache;
  /** Aborted when the server is told to stop. */
  readonly draining: AbortSignal;
  /** The payment providers that are configured. */
  readonly providers: PaymentProviders;
}
