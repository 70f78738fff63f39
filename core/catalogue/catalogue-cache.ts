/**
 * Which parts of the catalogue are cached, and what each depends on. A list depends on one tag, the narrowest that covers all of it: its seller, else
 * its category, else the whole catalogue. So an edit evicts only the lists that may show the product. Public pages also depend on the sellers' status.
 * A server reads and evicts, a runner evicts.
 */
import { type Cached, type Loaded, LookAside } from '../../infra/cache/look-aside.js';
import type { RedisLink } from '../../infra/redis.js';

const TTL_MS = 60_000;

const TREE = 'tree';
const EVERYTHING = 'all';
/** Public pages depend on which sellers are suspended. */
const SELLERS = 'sellers';

/** The lists that may show a product. */
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

  /** A page of a list. `key` holds everything that tells it from other pages. */
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

  /** Call it after a product was made, changed or reviewed: once for each place where it was or is. */
  async productChanged(...places: readonly ProductPlace[]): Promise<void> {
    const tags = places.flatMap(({ productId, sellerId, categoryPath }) => [
      `p:${productId}`,
      `s:${sellerId}`,
      ...categoryPath.map((categoryId) => `c:${categoryId}`),
    ]);
    if (tags.length > 0) await this.cache.evict([...new Set([EVERYTHING, ...tags])]);
  }

  /** Call it after a seller was suspended or may sell again. That is rare, so all lists and pages are read anew. */
  sellersChanged(): Promise<void> {
    return this.cache.evict([SELLERS]);
  }

  /** Call it after units of these products have run out or are in stock again. Lists do not show that. */
  async stockChanged(productIds: readonly number[]): Promise<void> {
    if (productIds.length > 0) await this.cache.evict(productIds.map((productId) => `p:${productId}`));
  }

  /** Call it after a category was made or renamed. */
  treeChanged(): Promise<void> {
    return this.cache.evict([TREE]);
  }
}
