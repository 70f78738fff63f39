/** Promotions. Order lines store the discount, so a promotion is not read again once an order is placed. */
import {
  change,
  type Db,
  databaseTime,
  insertReturningId,
  isoTime,
  orRefusal,
  type Reading,
  select,
  type Tx,
} from '../../../infra/database.js';
import { type Refusal, refuse } from '../../../kernel/errors.js';
import type { Promotion, PromotionTerms } from '../rules/promotion.js';

export interface PromotionRecord extends Promotion {
  readonly name: string;
  readonly version: number;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly updatedAt: string;
}

export type NewPromotion = PromotionTerms & { readonly name: string };

const SELECT_PROMOTION = `SELECT promotion_id AS promotionId, code, name, kind, rate_e4 AS rateE4, amount_minor AS amountMinor,
  minimum_minor AS minimumMinor, currency, starts_at AS startsAt, ends_at AS endsAt, version, created_at AS createdAt, updated_at AS updatedAt
  FROM promotion`;

const reading: Reading<PromotionRecord> = {
  startsAt: isoTime,
  endsAt: isoTime,
  createdAt: isoTime,
  updatedAt: isoTime,
};

/** Stores a promotion. @returns its id, or PROMOTION_EXISTS */
export async function insertPromotion(tx: Tx, made: NewPromotion): Promise<number | Refusal> {
  const { code, name, kind, rateE4, amountMinor, minimumMinor, currency, startsAt, endsAt } = made;
  const inserted = insertReturningId(
    tx,
    `INSERT INTO promotion (code, name, kind, rate_e4, amount_minor, minimum_minor, currency, starts_at, ends_at, version, created_at, updated_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`,
    [
      code,
      name,
      kind,
      rateE4,
      amountMinor,
      minimumMinor,
      currency,
      databaseTime(startsAt),
      endsAt && databaseTime(endsAt),
    ],
  );
  return orRefusal(inserted, refuse('PROMOTION_EXISTS', { code }));
}

export async function readPromotion(db: Db, promotionId: number): Promise<PromotionRecord | undefined> {
  return (await select(db, `${SELECT_PROMOTION} WHERE promotion_id = ?`, [promotionId], reading))[0];
}

/** A promotion, locked for a change. */
export async function lockPromotion(tx: Tx, promotionId: number): Promise<PromotionRecord | undefined> {
  return (await select(tx, `${SELECT_PROMOTION} WHERE promotion_id = ? FOR UPDATE`, [promotionId], reading))[0];
}

/** Writes the changeable fields of a locked promotion, and gives it the next version. */
export async function updatePromotion(
  tx: Tx,
  { promotionId, name, minimumMinor, startsAt, endsAt }: PromotionRecord,
): Promise<void> {
  await change(
    tx,
    `UPDATE promotion SET name = ?, minimum_minor = ?, starts_at = ?, ends_at = ?, version = version + 1, updated_at = UTC_TIMESTAMP(3)
     WHERE promotion_id = ?`,
    [name, minimumMinor, databaseTime(startsAt), endsAt && databaseTime(endsAt), promotionId],
  );
}

/** Promotions newest first, read by key. */
export async function listPromotions(db: Db, before: number | undefined, limit: number): Promise<PromotionRecord[]> {
  const where = before === undefined ? '' : 'WHERE promotion_id < ?';
  return select(
    db,
    `${SELECT_PROMOTION} ${where} ORDER BY promotion_id DESC LIMIT ?`,
    before === undefined ? [limit] : [before, limit],
    reading,
  );
}

/** The form of a code. The database refuses to compare other characters with its column, so it is not asked about other texts. */
const CODE = /^[\x20-\x7e]+$/;

const IN_FORCE = 'starts_at <= UTC_TIMESTAMP(3) AND (ends_at IS NULL OR ends_at > UTC_TIMESTAMP(3))';

/** By the database's clock: the promotions of these currencies that hold for everybody, and those of these codes. */
export async function readPromotionsInForce(
  db: Db,
  currencies: readonly string[],
  codes: readonly string[],
): Promise<PromotionRecord[]> {
  if (currencies.length === 0) return [];
  const forEverybody = `${SELECT_PROMOTION} FORCE INDEX (promotion_for_everybody) WHERE currency IN (?) AND code IS NULL AND ${IN_FORCE}`;
  const known = codes.filter((code) => CODE.test(code));
  if (known.length === 0) return select(db, forEverybody, [currencies], reading);
  return select(
    db,
    `${forEverybody} UNION ALL ${SELECT_PROMOTION} FORCE INDEX (promotion_code) WHERE code IN (?) AND currency IN (?) AND ${IN_FORCE}`,
    [currencies, known, currencies],
    reading,
  );
}
