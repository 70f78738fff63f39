/** What the routes of the catalogue take: the one cache of this process. */

import type { CatalogueCache } from '../../core/catalogue/catalogue-cache.js';
import type { ApiContext } from '../context.js';

export interface CatalogueContext extends ApiContext {
  readonly cache: CatalogueCache;
}
