/** Reviews of products. A change of a review updates the sums of its product in the same transaction (product.ts, addReviews). */

import {
  change,
  type Db,
  insertReturningId,
  isoTime,
  orRefusal,
  type Reading,
  select,
  type Tx,
} from '../../../infra/database.js';
import { type Refusal, refuse } from '../../../kernel/errors.js';
import type { ReviewStatus } from '../rules/product.js';

export interface ReviewRecord {
  readonly reviewId: number;
  readonly productId: number;
  readonly accountId: number;
  readonly stars: number;
  readonly body: string;
  readonly status: ReviewStatus;
  readonly version: number;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly updatedAt: string;
}

const SELECT_REVIEW = `SELECT review_id AS reviewId, product_id AS productId, account_id AS accountId, stars, body, status, version,
  created_at AS createdAt, updated_at AS updatedAt FROM review`;

const reading: Reading<ReviewRecord> = { createdAt: isoTime, updatedAt: isoTime };

/** The reviews of a product that are shown, newest first. */
export async function listReviews(
  db: Db,
  productId: number,
  before: number | undefined,
  limit: number,
): Promise<ReviewRecord[]> {
  return select(
    db,
    `${SELECT_REVIEW} FORCE INDEX (review_list) WHERE product_id = ? AND status = 'SHOWN'
     ${before === undefined ? '' : 'AND review_id < ?'} ORDER BY review_id DESC LIMIT ?`,
    before === undefined ? [productId, limit] : [productId, before, limit],
    reading,
  );
}

/** A review; undefined when there is none or it was removed. */
export async function readReview(db: Db, reviewId: number): Promise<ReviewRecord | undefined> {
  const sql = `${SELECT_REVIEW} WHERE review_id = ? AND status = 'SHOWN'`;
  return (await select(db, sql, [reviewId], reading))[0];
}

/** A review that is shown, locked for a change. Its product is locked first, always. */
export async function lockReview(tx: Tx, reviewId: number): Promise<ReviewRecord | undefined> {
  const sql = `${SELECT_REVIEW} WHERE review_id = ? AND status = 'SHOWN' FOR UPDATE`;
  return (await select(tx, sql, [reviewId], reading))[0];
}

/** Stores a review. @returns its id, or REVIEW_EXISTS */
export async function insertReview(
  tx: Tx,
  { productId, accountId, stars, body }: Pick<ReviewRecord, 'productId' | 'accountId' | 'stars' | 'body'>,
): Promise<number | Refusal> {
  const inserted = insertReturningId(
    tx,
    `INSERT INTO review (product_id, account_id, stars, body, status, version, created_at, updated_at)
     VALUES (?, ?, ?, ?, 'SHOWN', 1, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`,
    [productId, accountId, stars, body],
  );
  return orRefusal(inserted, refuse('REVIEW_EXISTS', { productId }));
}

/** Writes the content of a locked review. */
export async function updateReview(
  tx: Tx,
  reviewId: number,
  content: Pick<ReviewRecord, 'stars' | 'body'>,
): Promise<void> {
  await change(
    tx,
    'UPDATE review SET stars = ?, body = ?, version = version + 1, updated_at = UTC_TIMESTAMP(3) WHERE review_id = ?',
    [content.stars, content.body, reviewId],
  );
}

/** Its author has removed it. */
export async function deleteReview(tx: Tx, reviewId: number): Promise<void> {
  await change(tx, 'DELETE FROM review WHERE review_id = ?', [reviewId]);
}

/** Staff have removed it. */
export async function removeReview(tx: Tx, reviewId: number): Promise<void> {
  await change(
    tx,
    `UPDATE review SET status = 'REMOVED', version = version + 1, updated_at = UTC_TIMESTAMP(3)
     WHERE review_id = ? AND status = 'SHOWN'`,
    [reviewId],
  );
}
