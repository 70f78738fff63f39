/** Reviews of a product, newest first, and one by itself. */
import { z } from 'zod';
import { listReviews, type ReviewRecord, readReview } from '../../core/catalogue/stores/review.js';
import type { Db } from '../../infra/database.js';
import { MagamError } from '../../kernel/errors.js';
import { encodeCursor, pageFrom, pageOf, pageQuery, readCursor } from '../edge/cursor.js';
import { ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import { productParams, review, reviewParams } from './schemas.js';

const LIST = 'reviews';

/** A review as everybody sees it: without its author. */
export const shownReview = ({ reviewId, productId, stars, body, version, createdAt, updatedAt }: ReviewRecord) => ({
  reviewId,
  productId,
  stars,
  text: body,
  version,
  createdAt,
  updatedAt,
});

export const listReviewsRoute = (db: Db): Route =>
  route({
    method: 'get',
    path: '/v1/products/{productId}/reviews',
    tag: 'Catalogue',
    summary: 'List the reviews of a product',
    permission: 'catalogue.read',
    params: productParams,
    query: z.strictObject(pageQuery),
    answer: { status: 200, description: 'A page of reviews, newest first.', schema: pageOf(review) },
    refusals: ['CURSOR_INVALID'],
    handle: async ({ params: { productId }, query: { limit, cursor } }) => {
      const [before] = readCursor(cursor, LIST, z.tuple([z.int().min(1)])) ?? [];
      const rows = await listReviews(db, productId, before, limit + 1);
      return ok(pageFrom(rows, limit, shownReview, ({ reviewId }) => encodeCursor(LIST, [reviewId])));
    },
  });

export const showReview = (db: Db): Route =>
  route({
    method: 'get',
    path: '/v1/reviews/{reviewId}',
    tag: 'Catalogue',
    summary: 'Show a review',
    permission: 'catalogue.read',
    params: reviewParams,
    answer: { status: 200, description: 'The review.', schema: review },
    refusals: ['REVIEW_NOT_FOUND'],
    handle: async ({ params: { reviewId } }) => {
      const found = await readReview(db, reviewId);
      if (found === undefined) throw new MagamError('REVIEW_NOT_FOUND', undefined, { reviewId });
      return ok(shownReview(found), found.version);
    },
  });
