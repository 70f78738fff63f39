/**
 * What of the catalogue is cached, and what each part depends on. A list depends on one tag, the narrowest that holds all of it: its seller, else
 * its category, else the whole catalogue; so an edit spoils the lists that it may be in, and no others. What everybody sees depends on the sellers' status, too.
 * A server reads and evicts, a runner evicts.
 */
import { type Cached, type Loaded, LookAside } from '../../infra/cache/look-aside.js';
import type { RedisLink } from '../../infra/redis.js';

const TTL_MS = 60_000;

const TREE = 'tree';
const EVERYTHING = 'all';
/** What everybody sees depends on which sellers are suspended. */
const SELLERS = 'sellers';

/** Where a product is found. */
export interface ProductPlace {
  readonly productId: number;
  readonly sellerId: string;
  /** Its category and those above it. */
  readonly categoryPath: readonly number[];
}

export class CatalogueCache {
  private readonly cache: LookAside;

  constructor(redis: RedisLink) {
    this.cache = new LookAside(redis, { prefix: 'catalogue:', ttlMs: TTL_MS });
  }

  /** A page of a list. `key` says all that makes it differ from others. */
  list(
    key: string,
    scope: { readonly sellerId?: string | undefined; readonly categoryId?: number | undefined },
    load: () => Promise<Loaded>,
  ): Promise<Cached | undefined> {
    let tag = EVERYTHING;
    if (scope.sellerId !== undefined) tag = `s:${scope.sellerId}`;
    else if (scope.categoryId !== undefined) tag = `c:${scope.categoryId}`;
    return this.cache.read(`l:${key}`, [tag, SELLERS], load);
  }

  /** A product's page; it shows the names of its categories. */
  product(productId: number, load: () => Promise<Loaded | undefined>): Promise<Cached | undefined> {
    return this.cache.read(`p:${productId}`, [`p:${productId}`, TREE, SELLERS], load);
  }

  /** The category tree. */
  categories(load: () => Promise<Loaded>): Promise<Cached | undefined> {
    return this.cache.read('tree', [TREE], load);
  }

  /** After a product changed, was made or reviewed: once for each place where it was or is. */
  async productChanged(...places: readonly ProductPlace[]): Promise<void> {
    const tags = places.flatMap(({ productId, sellerId, categoryPath }) => [
      `p:${productId}`,
      `s:${sellerId}`,
      ...categoryPath.map((categoryId) => `c:${categoryId}`),
    ]);
    if (tags.length > 0) await this.cache.evict([...new Set([EVERYTHING, ...tags])]);
  }

  /** After a seller was suspended, or may sell again: rare, so all lists and pages are read anew. */
  sellersChanged(): Promise<void> {
    return this.cache.evict([SELLERS]);
  }

  /** After units of these products have run out, or are there again. Lists do not show it. */
  async stockChanged(productIds: readonly number[]): Promise<void> {
    if (productIds.length > 0) await this.cache.evict(productIds.map((productId) => `p:${productId}`));
  }

  /** After a category was made or renamed. */
  treeChanged(): Promise<void> {
    return this.cache.evict([TREE]);
  }
}
