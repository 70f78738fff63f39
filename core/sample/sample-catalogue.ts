/**
 * A sample catalogue, the same on every machine: product number n is computed from n alone. Sellers, product ids, currencies and the roots of
 * the category tree are named as the synthetic feed names them, so that settled lines find their products.
 */

import { type Db, inTransaction } from '../../infra/database.js';
import { decided } from '../../kernel/outcome.js';
import { insertCategory, readCategories } from '../catalogue/stores/category.js';
import { type BatchProduct, insertMissingProducts } from '../catalogue/stores/product-batch.js';
import { drawsOf, pick } from './rules/draws.js';
import {
  SYNTHETIC_CATEGORIES,
  syntheticCurrency,
  syntheticProductId,
  syntheticSellerId,
} from './rules/synthetic-feed.js';
import {
  SAMPLE_CATEGORIES,
  SAMPLE_QUALITIES,
  SAMPLE_REVIEWS,
  SAMPLE_VARIANTS,
  type SampleBranch,
} from './sample-words.js';

export interface SampleCatalogueOptions {
  readonly products: number;
  /** Products are spread over the sellers of these ranks: 1 to `sellers`. */
  readonly sellers: number;
  /** Accounts that some reviews are written by; without any there are no reviews. */
  readonly reviewers?: readonly number[];
}

export interface SampleCatalogue {
  readonly categories: number;
  /** Made now; existing ones are left as they are. */
  readonly products: number;
}

/** Products of one transaction. */
const BATCH = 250;

interface Leaf {
  readonly path: readonly number[];
  readonly things: readonly string[];
}

/** Makes the catalogue, or the missing part of it. */
export async function makeSampleCatalogue(db: Db, options: SampleCatalogueOptions): Promise<SampleCatalogue> {
  const { leaves, categories } = await makeTree(db);
  let products = 0;
  for (let from = 1; from <= options.products; from += BATCH) {
    const numbers = Array.from({ length: Math.min(BATCH, options.products - from + 1) }, (_, i) => from + i);
    const batch = numbers.map((number) => sampleProduct(number, leaves, options));
    products += await inTransaction(db, (tx) => insertMissingProducts(tx, batch));
  }
  return { categories, products };
}

/** The tree; leaves by the name of their root. */
async function makeTree(
  db: Db,
): Promise<{ readonly leaves: ReadonlyMap<string, readonly Leaf[]>; readonly categories: number }> {
  return inTransaction(db, async (tx) => {
    const known = await readCategories(tx);
    let categories = 0;
    const make = async (parentId: number | null, level: number, name: string): Promise<number> => {
      categories += 1;
      const found = known.find((category) => category.parentId === parentId && category.name === name);
      return found?.categoryId ?? decided(await insertCategory(tx, { parentId, level, name }));
    };
    const grow = async (branch: SampleBranch, above: readonly number[]): Promise<Leaf[]> => {
      const leaves: Leaf[] = [];
      for (const [name, below] of Object.entries(branch)) {
        const path = [...above, await make(above.at(-1) ?? null, above.length + 1, name)];
        if (isLeaf(below)) leaves.push({ path, things: below });
        else leaves.push(...(await grow(below, path)));
      }
      return leaves;
    };
    const leaves = new Map<string, readonly Leaf[]>();
    for (const [root, branch] of Object.entries(SAMPLE_CATEGORIES)) {
      const id = await make(null, 1, root);
      leaves.set(root, isLeaf(branch) ? [{ path: [id], things: branch }] : await grow(branch, [id]));
    }
    return { leaves, categories };
  });
}

const isLeaf = (branch: readonly string[] | SampleBranch): branch is readonly string[] => Array.isArray(branch);

/** Products per thousand that are not simply on sale. */
const statusOf = (luck: number): BatchProduct['status'] => {
  if (luck < 20) return 'DRAFT';
  if (luck < 45) return 'HIDDEN';
  return luck < 80 ? 'SOLD_OUT' : 'ACTIVE';
};

function sampleProduct(
  number: number,
  leavesOf: ReadonlyMap<string, readonly Leaf[]>,
  { sellers, reviewers = [] }: SampleCatalogueOptions,
): BatchProduct {
  const draw = drawsOf(number);
  const roots = [...leavesOf.keys()];
  const root = SYNTHETIC_CATEGORIES[number % SYNTHETIC_CATEGORIES.length] || pick(roots, draw);
  const { path, things } = pick(leavesOf.get(root) ?? [], draw);
  const rank = 1 + ((number - 1) % sellers);
  const currency = syntheticCurrency(rank);
  const unit = currency === 'USD' ? 1 : 10;
  const priceMinor = (100 + draw(2_900)) * unit * (currency === 'KRW' ? 10 : 1);
  const percentOff = draw(5) === 0 ? 5 + draw(36) : 0;
  const salePriceMinor = percentOff === 0 ? null : Math.floor((priceMinor * (100 - percentOff)) / (100 * unit)) * unit;
  const externalId = syntheticProductId(number);
  const name = `${pick(SAMPLE_QUALITIES, draw)} ${pick(things, draw)} ${1 + draw(99)}호`;
  const variants = draw(3) === 0 ? pick(SAMPLE_VARIANTS, draw) : [];
  const reviewed = reviewers.length === 0 || draw(8) !== 0 ? 0 : 1 + draw(Math.min(5, reviewers.length));
  const firstReviewer = draw(Math.max(1, reviewers.length));
  return {
    sellerId: syntheticSellerId(rank),
    externalId,
    categoryId: path.at(-1) ?? 0,
    categoryPath: path,
    name,
    description: `${name}. 상품 번호 ${externalId}.\n교환과 반품은 받은 날부터 7일 안에 됩니다.`,
    status: statusOf(draw(1_000)),
    currency,
    priceMinor,
    salePriceMinor: salePriceMinor === priceMinor ? null : salePriceMinor,
    salesCount: Math.floor(6_000 / (1 + draw(600))) + draw(10),
    options: variants.map((variant, i) => ({
      sku: `${externalId}-${i + 1}`,
      name: variant,
      priceDifferenceMinor: i * Math.floor(priceMinor / 10 / unit) * unit,
    })),
    reviews: Array.from({ length: reviewed }, (_, i) => {
      const [stars, body] = pick(SAMPLE_REVIEWS, draw);
      return { accountId: reviewers[(firstReviewer + i) % reviewers.length] ?? 0, stars, body };
    }),
  };
}
