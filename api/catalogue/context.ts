/** What the routes of the catalogue take: the one cache of this process. */
import type { ApiContext } from '../context.js';
import type { CatalogueCache } from './catalogue-cache.js';

export interface CatalogueContext extends ApiContext {
  readonly cache: CatalogueCache;
}
