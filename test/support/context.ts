/** What routes are put together from, where a test makes them itself. */
import { pino } from 'pino';
import type { ApiContext } from '../../api/context.js';
import { CatalogueCache } from '../../core/catalogue/catalogue-cache.js';

/** A context with a logger that says nothing. */
export const contextOf = (given: Pick<ApiContext, 'config' | 'db' | 'redis'>): ApiContext => ({
  ...given,
  log: pino({ level: 'silent' }),
  cache: new CatalogueCache(given.redis),
  draining: new AbortController().signal,
  providers: new Map(),
});
