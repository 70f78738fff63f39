/** The shipping fees of sellers, per currency. */
import { change, type Db, isoTime, select, type Tx } from '../../../infra/database.js';
import type { ShippingTerms } from '../rules/price-basket.js';

export interface ShippingTermRecord extends ShippingTerms {
  readonly sellerId: string;
  readonly currency: string;
  /** ISO 8601, UTC. */
  readonly updatedAt: string;
}

const SELECT_TERM = `SELECT seller_id AS sellerId, currency, fee_minor AS feeMinor, free_from_minor AS freeFromMinor, updated_at AS updatedAt
  FROM shipping_term`;
const reading = { updatedAt: isoTime };

/** The terms of these sellers in every currency. */
export async function readShippingTerms(db: Db, sellerIds: readonly string[]): Promise<ShippingTermRecord[]> {
  if (sellerIds.length === 0) return [];
  return select<ShippingTermRecord>(
    db,
    `${SELECT_TERM} WHERE seller_id IN (?) ORDER BY seller_id, currency`,
    [sellerIds],
    reading,
  );
}

/** The terms of one seller in one currency. */
export async function readShippingTerm(
  db: Db,
  sellerId: string,
  currency: string,
): Promise<ShippingTermRecord | undefined> {
  const sql = `${SELECT_TERM} WHERE seller_id = ? AND currency = ?`;
  return (await select<ShippingTermRecord>(db, sql, [sellerId, currency], reading))[0];
}

/** Sets the terms of a seller in a currency. */
export async function writeShippingTerm(
  tx: Tx,
  { sellerId, currency, feeMinor, freeFromMinor }: Omit<ShippingTermRecord, 'updatedAt'>,
): Promise<void> {
  await change(
    tx,
    `INSERT INTO shipping_term (seller_id, currency, fee_minor, free_from_minor, updated_at) VALUES (?, ?, ?, ?, UTC_TIMESTAMP(3))
     ON DUPLICATE KEY UPDATE fee_minor = VALUES(fee_minor), free_from_minor = VALUES(free_from_minor), updated_at = VALUES(updated_at)`,
    [sellerId, currency, feeMinor, freeFromMinor],
  );
}

/** @returns whether there were any */
export async function deleteShippingTerm(tx: Tx, sellerId: string, currency: string): Promise<boolean> {
  return (
    (await change(tx, 'DELETE FROM shipping_term WHERE seller_id = ? AND currency = ?', [sellerId, currency])) === 1
  );
}
