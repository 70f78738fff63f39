/** Reviews of a product, newest first, and one by itself. */
import * as z from 'zod';
import { listReviews, type ReviewRecord, readReview } from '../../core/catalogue/stores/review.js';
import { found } from '../../kernel/outcome.js';
import type { ApiContext } from '../context.js';
import { paged, pageOf, pageQuery } from '../edge/cursor.js';
import { id } from '../edge/fields.js';
import { ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import { productParams, reviewParams, reviewSchema } from './product-fields.js';

/** A review as everybody sees it: without its author. */
export const reviewBody = ({ reviewId, productId, stars, body, version, createdAt, updatedAt }: ReviewRecord) => ({
  reviewId,
  productId,
  stars,
  text: body,
  version,
  createdAt,
  updatedAt,
});

export const listReviewsRoute = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/products/{productId}/reviews',
    operationId: 'listReviews',
    tag: 'Catalogue',
    summary: 'List the reviews of a product',
    permission: 'catalogue.read',
    params: productParams,
    query: z.strictObject(pageQuery),
    answer: { status: 200, description: 'A page of reviews, newest first.', schema: pageOf(reviewSchema) },
    refusals: ['CURSOR_INVALID'],
    handle: ({ params: { productId }, query }) =>
      paged(query, {
        name: 'reviews',
        key: z.tuple([id]),
        read: (before, limit) => listReviews(db, productId, before?.[0], limit),
        keyOf: ({ reviewId }) => [reviewId],
        itemOf: reviewBody,
      }),
  });

export const showReview = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/reviews/{reviewId}',
    operationId: 'readReview',
    tag: 'Catalogue',
    summary: 'Show a review',
    permission: 'catalogue.read',
    params: reviewParams,
    answer: { status: 200, description: 'The review.', schema: reviewSchema },
    refusals: ['REVIEW_NOT_FOUND'],
    handle: async ({ params: { reviewId } }) => {
      const read = found(await readReview(db, reviewId), 'REVIEW_NOT_FOUND', { reviewId });
      return ok(reviewBody(read), read.version);
    },
  });
