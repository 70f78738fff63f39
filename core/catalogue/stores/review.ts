/** Reviews of products. Whoever changes one keeps the sums of its product in the same transaction (product.ts, addReviews). */

import {
  change,
  type Db,
  insertReturningId,
  isDuplicateKey,
  isoTime,
  select,
  type Tx,
} from '../../../infra/database.js';
import { MagamError } from '../../../kernel/errors.js';
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

interface ReviewRow {
  readonly review_id: number;
  readonly product_id: number;
  readonly account_id: number;
  readonly stars: number;
  readonly body: string;
  readonly status: ReviewStatus;
  readonly version: number;
  readonly created_at: string;
  readonly updated_at: string;
}

const COLUMNS = 'review_id, product_id, account_id, stars, body, status, version, created_at, updated_at';

const toRecord = (row: ReviewRow): ReviewRecord => ({
  reviewId: row.review_id,
  productId: row.product_id,
  accountId: row.account_id,
  stars: row.stars,
  body: row.body,
  status: row.status,
  version: row.version,
  createdAt: isoTime(row.created_at),
  updatedAt: isoTime(row.updated_at),
});

/** The reviews of a product that are shown, newest first. */
export async function listReviews(
  db: Db,
  productId: number,
  before: number | undefined,
  limit: number,
): Promise<ReviewRecord[]> {
  const rows = await select<ReviewRow>(
    db,
    `SELECT ${COLUMNS} FROM review FORCE INDEX (review_list) WHERE product_id = ? AND status = 'SHOWN'
     ${before === undefined ? '' : 'AND review_id < ?'} ORDER BY review_id DESC LIMIT ?`,
    before === undefined ? [productId, limit] : [productId, before, limit],
  );
  return rows.map(toRecord);
}

/** A review; undefined when there is none or it was removed. */
export async function readReview(db: Db, reviewId: number): Promise<ReviewRecord | undefined> {
  const [row] = await select<ReviewRow>(db, `SELECT ${COLUMNS} FROM review WHERE review_id = ? AND status = 'SHOWN'`, [
    reviewId,
  ]);
  return row === undefined ? undefined : toRecord(row);
}

/** A review that is shown, locked for a change. Its product is locked first, always. */
export async function lockReview(tx: Tx, reviewId: number): Promise<ReviewRecord | undefined> {
  const [row] = await select<ReviewRow>(
    tx,
    `SELECT ${COLUMNS} FROM review WHERE review_id = ? AND status = 'SHOWN' FOR UPDATE`,
    [reviewId],
  );
  return row === undefined ? undefined : toRecord(row);
}

/** Stores a review. Throws REVIEW_EXISTS. */
export async function insertReview(
  tx: Tx,
  review: Pick<ReviewRecord, 'productId' | 'accountId' | 'stars' | 'body'>,
): Promise<number> {
  try {
    return await insertReturningId(
      tx,
      `INSERT INTO review (product_id, account_id, stars, body, status, version, created_at, updated_at)
       VALUES (?, ?, ?, ?, 'SHOWN', 1, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`,
      [review.productId, review.accountId, review.stars, review.body],
    );
  } catch (error) {
    throw isDuplicateKey(error) ? new MagamError('REVIEW_EXISTS', undefined, { productId: review.productId }) : error;
  }
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

/** Its author took it back. */
export async function deleteReview(tx: Tx, reviewId: number): Promise<void> {
  await change(tx, 'DELETE FROM review WHERE review_id = ?', [reviewId]);
}

/** Staff took it away. */
export async function removeReview(tx: Tx, reviewId: number): Promise<void> {
  await change(
    tx,
    `UPDATE review SET status = 'REMOVED', version = version + 1, updated_at = UTC_TIMESTAMP(3)
     WHERE review_id = ? AND status = 'SHOWN'`,
    [reviewId],
  );
}
