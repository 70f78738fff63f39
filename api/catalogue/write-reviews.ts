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
import { decided, found } from '../../kernel/outcome.js';
import type { ApiContext } from '../context.js';
import { created, noContent, ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import { notFound, placeOf, requireProduct } from './changes.js';
import { newReviewSchema, productParams, reviewEditSchema, reviewParams, reviewSchema } from './product-fields.js';
import { reviewBody } from './read-reviews.js';

const ownerOfReview =
  (db: Db) =>
  async ({ params: { reviewId } }: { readonly params: { readonly reviewId: number } }) => {
    const review = found(await readReview(db, reviewId), 'REVIEW_NOT_FOUND', { reviewId });
    return { accountId: review.accountId };
  };

/** A review with its product, both locked; the product is locked first, in the same order as for writing a review. */
async function lockWithProduct(tx: Tx, reviewId: number): Promise<{ review: ReviewRecord; of: ProductSummary }> {
  const place = found(await readReview(tx, reviewId), 'REVIEW_NOT_FOUND', { reviewId });
  const of = await requireProduct(tx, place.productId);
  const review = found(await lockReview(tx, reviewId), 'REVIEW_NOT_FOUND', { reviewId });
  return { review, of };
}

export const writeReview = ({ cache }: ApiContext): Route =>
  route({
    method: 'post',
    path: '/v1/products/{productId}/reviews',
    operationId: 'createReview',
    tag: 'Catalogue',
    summary: 'Review a product',
    description: 'Once per account and product.',
    permission: 'review.write',
    params: productParams,
    body: newReviewSchema,
    example: { stars: 5, text: '튼튼하고 색이 예뻐요.' },
    answer: { status: 201, description: 'The review.', etag: true, schema: reviewSchema },
    refusals: ['PRODUCT_NOT_FOUND', 'REVIEW_EXISTS'],
    idempotent: true,
    handle: ({ params: { productId }, body, signedIn, afterCommit, transact }) =>
      transact(async (tx) => {
        const of = await requireProduct(tx, productId);
        if (!isListed(of.status)) throw notFound(productId);
        const { accountId } = signedIn;
        const reviewId = decided(await insertReview(tx, { productId, accountId, stars: body.stars, body: body.text }));
        await addReviews(tx, productId, 1, body.stars);
        const made = found(await readReview(tx, reviewId), 'REVIEW_NOT_FOUND', { reviewId });
        const place = await placeOf(tx, of);
        afterCommit(() => cache.productChanged(place));
        return created(`/v1/reviews/${reviewId}`, reviewBody(made), made.version);
      }),
  });

export const editReview = ({ db, cache }: ApiContext): Route =>
  route({
    method: 'patch',
    path: '/v1/reviews/{reviewId}',
    operationId: 'updateReview',
    tag: 'Catalogue',
    summary: 'Edit a review',
    permission: 'review.edit',
    params: reviewParams,
    body: reviewEditSchema,
    example: { stars: 4 },
    answer: { status: 200, description: 'The review.', etag: true, schema: reviewSchema },
    refusals: ['PRODUCT_NOT_FOUND', 'REVIEW_NOT_FOUND'],
    versioned: true,
    owner: ownerOfReview(db),
    handle: ({ params: { reviewId }, body, requireVersion, afterCommit, transact }) =>
      transact(async (tx) => {
        const { review, of } = await lockWithProduct(tx, reviewId);
        requireVersion(review.version);
        const stars = body.stars ?? review.stars;
        await updateReview(tx, reviewId, { stars, body: body.text ?? review.body });
        await addReviews(tx, of.productId, 0, stars - review.stars);
        const edited = found(await readReview(tx, reviewId), 'REVIEW_NOT_FOUND', { reviewId });
        const place = await placeOf(tx, of);
        afterCommit(() => cache.productChanged(place));
        return ok(reviewBody(edited), edited.version);
      }),
  });

export const removeReviewRoute = ({ db, cache }: ApiContext): Route =>
  route({
    method: 'delete',
    path: '/v1/reviews/{reviewId}',
    operationId: 'deleteReview',
    tag: 'Catalogue',
    summary: 'Remove a review',
    description:
      'Its author may take it back and write another one. After staff have removed a review, its author cannot write another one.',
    permission: 'review.remove',
    params: reviewParams,
    answer: { status: 204, description: 'It is removed.' },
    refusals: ['PRODUCT_NOT_FOUND', 'REVIEW_NOT_FOUND'],
    owner: ownerOfReview(db),
    handle: (call) =>
      call.transact(async (tx) => {
        const { reviewId } = call.params;
        const { review, of } = await lockWithProduct(tx, reviewId);
        await (call.own === null ? removeReview : deleteReview)(tx, reviewId);
        await addReviews(tx, of.productId, -1, -review.stars);
        await call.audit(tx, 'review.remove', ['review', reviewId], { before: review, after: null });
        const place = await placeOf(tx, of);
        call.afterCommit(() => cache.productChanged(place));
        return noContent();
      }),
  });
