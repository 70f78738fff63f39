/** Writes, edits and removes reviews: one per account and product. The product keeps their number and the sum of their stars. */

import { isListed } from '../../core/catalogue/rules/product.js';
import { addReviews, type ProductSummary } from '../../core/catalogue/stores/product.js';
import {
  deleteReview,
  insertReview,
  lockReview,
  type ReviewRecord,
  readReview,
  removeReview,
  updateReview,
} from '../../core/catalogue/stores/review.js';
import type { Db, Tx } from '../../infra/database.js';
import { MagamError } from '../../kernel/errors.js';
import { created, noContent, ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import type { CatalogueCache } from './catalogue-cache.js';
import { auditStaff, changeShown, notFound, placeOf, requireProduct } from './changes.js';
import { shownReview } from './read-reviews.js';
import { newReview, productParams, review, reviewEdit, reviewParams } from './schemas.js';

const missing = (reviewId: number): MagamError => new MagamError('REVIEW_NOT_FOUND', undefined, { reviewId });

const ownerOfReview =
  (db: Db) =>
  async ({ params: { reviewId } }: { readonly params: { readonly reviewId: number } }) => {
    const found = await readReview(db, reviewId);
    if (found === undefined) throw missing(reviewId);
    return { accountId: found.accountId };
  };

/** A review with its product, both locked: the product first, as whoever writes a review does. */
async function lockWithProduct(tx: Tx, reviewId: number): Promise<{ found: ReviewRecord; of: ProductSummary }> {
  const place = await readReview(tx, reviewId);
  if (place === undefined) throw missing(reviewId);
  const of = await requireProduct(tx, place.productId);
  const found = await lockReview(tx, reviewId);
  if (found === undefined) throw missing(reviewId);
  return { found, of };
}

export const writeReview = (cache: CatalogueCache): Route =>
  route({
    method: 'post',
    path: '/v1/products/{productId}/reviews',
    tag: 'Catalogue',
    summary: 'Review a product',
    description: 'Once per account and product.',
    permission: 'review.write',
    params: productParams,
    body: newReview,
    answer: { status: 201, description: 'The review.', schema: review },
    refusals: ['PRODUCT_NOT_FOUND', 'REVIEW_EXISTS'],
    idempotent: true,
    handle: ({ params: { productId }, body, signedIn, transact }) =>
      changeShown(transact, cache, async (tx, shown) => {
        const of = await requireProduct(tx, productId);
        if (!isListed(of.status)) throw notFound(productId);
        const { accountId } = signedIn;
        const reviewId = await insertReview(tx, { productId, accountId, stars: body.stars, body: body.text });
        await addReviews(tx, productId, 1, body.stars);
        const made = await readReview(tx, reviewId);
        if (made === undefined) throw missing(reviewId);
        shown(await placeOf(tx, of));
        return created(`/v1/reviews/${reviewId}`, shownReview(made), made.version);
      }),
  });

export const editReview = (db: Db, cache: CatalogueCache): Route =>
  route({
    method: 'patch',
    path: '/v1/reviews/{reviewId}',
    tag: 'Catalogue',
    summary: 'Edit a review',
    permission: 'review.edit',
    params: reviewParams,
    body: reviewEdit,
    answer: { status: 200, description: 'The review.', schema: review },
    refusals: ['PRODUCT_NOT_FOUND', 'REVIEW_NOT_FOUND'],
    versioned: true,
    owner: ownerOfReview(db),
    handle: ({ params: { reviewId }, body, requireVersion, transact }) =>
      changeShown(transact, cache, async (tx, shown) => {
        const { found, of } = await lockWithProduct(tx, reviewId);
        requireVersion(found.version);
        const stars = body.stars ?? found.stars;
        await updateReview(tx, reviewId, { stars, body: body.text ?? found.body });
        await addReviews(tx, of.productId, 0, stars - found.stars);
        const edited = await readReview(tx, reviewId);
        if (edited === undefined) throw missing(reviewId);
        shown(await placeOf(tx, of));
        return ok(shownReview(edited), edited.version);
      }),
  });

export const removeReviewRoute = (db: Db, cache: CatalogueCache): Route =>
  route({
    method: 'delete',
    path: '/v1/reviews/{reviewId}',
    tag: 'Catalogue',
    summary: 'Remove a review',
    description: 'Its author takes it back and may write another; what staff remove cannot be written again.',
    permission: 'review.remove',
    params: reviewParams,
    answer: { status: 204, description: 'It is removed.' },
    refusals: ['PRODUCT_NOT_FOUND', 'REVIEW_NOT_FOUND'],
    owner: ownerOfReview(db),
    handle: (call) =>
      changeShown(call.transact, cache, async (tx, shown) => {
        const { reviewId } = call.params;
        const { found, of } = await lockWithProduct(tx, reviewId);
        await (call.own === null ? removeReview : deleteReview)(tx, reviewId);
        await addReviews(tx, of.productId, -1, -found.stars);
        await auditStaff(tx, call, {
          action: 'review.remove',
          subjectType: 'review',
          subjectId: reviewId,
          before: found,
          after: null,
        });
        shown(await placeOf(tx, of));
        return noContent();
      }),
  });
