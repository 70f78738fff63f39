/** Drops: products that are sold in a rush, from a moment on and with a limit for each buyer. */

import {
  change,
  type Db,
  databaseTime,
  insertReturningId,
  isoTime,
  isTrue,
  orRefusal,
  type Reading,
  select,
  type Tx,
} from '../../../infra/database.js';
import { type Refusal, refuse } from '../../../kernel/errors.js';
import { NOT_SUSPENDED } from '../../catalogue/stores/product.js';

export interface DropRecord {
  readonly dropId: number;
  readonly productId: number;
  readonly sellerId: string;
  /** ISO 8601, UTC, like the other times. */
  readonly opensAt: string;
  /** Whether that time has come, by the database's clock. */
  readonly opened: boolean;
  /** The most that a buyer may have of all units of the product together; null: no limit. */
  readonly limitPerBuyer: number | null;
  /** From then on the product is sold like all others; null: the drop's rules hold. */
  readonly endedAt: string | null;
  readonly createdAt: string;
}

export interface NewDrop extends Pick<DropRecord, 'productId' | 'sellerId' | 'opensAt' | 'limitPerBuyer'> {
  readonly requestedBy: string;
}

const COLUMNS = `d.drop_id AS dropId, d.product_id AS productId, d.seller_id AS sellerId, d.opens_at AS opensAt,
  d.opens_at <= UTC_TIMESTAMP(3) AS opened, d.limit_per_buyer AS limitPerBuyer, d.ended_at AS endedAt, d.created_at AS createdAt`;
const reading: Reading<DropRecord> = { opensAt: isoTime, opened: isTrue, endedAt: isoTime, createdAt: isoTime };

/** Stores a drop. @returns its id, or DROP_EXISTS where the product has one that is not ended */
export const insertDrop = (tx: Tx, { productId, sellerId, opensAt, ...drop }: NewDrop): Promise<number | Refusal> =>
  orRefusal(
    insertReturningId(
      tx,
      `INSERT INTO stock_drop (product_id, seller_id, opens_at, limit_per_buyer, live, requested_by, created_at)
       VALUES (?, ?, ?, ?, 1, ?, UTC_TIMESTAMP(3))`,
      [productId, sellerId, databaseTime(opensAt), drop.limitPerBuyer, drop.requestedBy],
    ),
    refuse('DROP_EXISTS', { productId }),
  );

/** Ends a drop. @returns whether it was not ended before */
export async function endDropRow(tx: Tx, dropId: number): Promise<boolean> {
  const sql = 'UPDATE stock_drop SET live = NULL, ended_at = UTC_TIMESTAMP(3) WHERE drop_id = ? AND live = 1';
  return (await change(tx, sql, [dropId])) === 1;
}

/** A drop; undefined when there is none. */
export async function readDrop(db: Db, dropId: number): Promise<DropRecord | undefined> {
  const sql = `SELECT ${COLUMNS} FROM stock_drop d WHERE d.drop_id = ?`;
  return (await select<DropRecord>(db, sql, [dropId], reading))[0];
}

/** Restricts drops to products that everybody sees: a drop does not announce a product that is not in the catalogue, or of a suspended seller. */
const LISTED = `STRAIGHT_JOIN product p ON p.product_id = d.product_id AND p.status IN ('ACTIVE', 'SOLD_OUT') ${NOT_SUSPENDED.join}
  WHERE ${NOT_SUSPENDED.where} AND`;

/** A drop of a product that everybody sees; undefined when there is none. */
export async function readListedDrop(db: Db, dropId: number): Promise<DropRecord | undefined> {
  const sql = `SELECT ${COLUMNS} FROM stock_drop d ${LISTED} d.drop_id = ?`;
  return (await select<DropRecord>(db, sql, [dropId], reading))[0];
}

/** Drops that are not ended, of products that everybody sees, newest first; of one product, where it is named. */
export async function listLiveDrops(
  db: Db,
  { productId, before }: { readonly productId?: number | undefined; readonly before?: number | undefined },
  limit: number,
): Promise<DropRecord[]> {
  const [key, of, ofIds] =
    productId === undefined ? ['stock_drop_live', '', []] : ['stock_drop_of', 'AND d.product_id = ?', [productId]];
  const [below, belowIds] = before === undefined ? ['', []] : ['AND d.drop_id < ?', [before]];
  return select<DropRecord>(
    db,
    `SELECT ${COLUMNS} FROM stock_drop d FORCE INDEX (${key}) ${LISTED} d.live = 1 ${of} ${below} ORDER BY d.drop_id DESC LIMIT ?`,
    [...ofIds, ...belowIds, limit],
    reading,
  );
}

/** A seller's drops, ended ones too, newest first. */
export async function listDropsOfSeller(
  db: Db,
  sellerId: string,
  before: number | undefined,
  limit: number,
): Promise<DropRecord[]> {
  return select<DropRecord>(
    db,
    `SELECT ${COLUMNS} FROM stock_drop d FORCE INDEX (stock_drop_seller)
     WHERE d.seller_id = ? ${before === undefined ? '' : 'AND d.drop_id < ?'} ORDER BY d.drop_id DESC LIMIT ?`,
    before === undefined ? [sellerId, limit] : [sellerId, before, limit],
    reading,
  );
}

/** A unit that is sold in a drop. */
export interface DropUnit {
  readonly unitId: number;
  readonly dropId: number;
  readonly productId: number;
  readonly opensAt: string;
  /** The time until it opens, by the database's clock (ms); at most 0: it is open. */
  readonly opensInMs: number;
  readonly limitPerBuyer: number | null;
}

const SELECT_UNITS = `SELECT u.unit_id AS unitId, d.drop_id AS dropId, d.product_id AS productId, d.opens_at AS opensAt,
  TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(3), d.opens_at) DIV 1000 AS opensInMs, d.limit_per_buyer AS limitPerBuyer`;

/** The units, among these, that are sold in a drop now, ascending. */
export async function readDropsOfUnits(db: Db, unitIds: readonly number[]): Promise<DropUnit[]> {
  if (unitIds.length === 0) return [];
  return select<DropUnit>(
    db,
    `${SELECT_UNITS} FROM sellable_unit u FORCE INDEX (PRIMARY)
     STRAIGHT_JOIN stock_drop d FORCE INDEX (stock_drop_of) ON d.product_id = u.product_id AND d.live = 1
     WHERE u.unit_id IN (${unitIds.map(() => '?').join(', ')}) ORDER BY u.unit_id`,
    unitIds,
    { opensAt: isoTime },
  );
}

/** The units that are sold in drops now and that a buyer could order, at most this many; those of the newest drops come first. */
export const readUnitsInDrops = (db: Db, rowsMax: number): Promise<DropUnit[]> =>
  select<DropUnit>(
    db,
    `${SELECT_UNITS} FROM stock_drop d FORCE INDEX (stock_drop_live)
     STRAIGHT_JOIN product p ON p.product_id = d.product_id AND p.status = 'ACTIVE'
     STRAIGHT_JOIN sellable_unit u FORCE INDEX (sellable_unit_of) ON u.product_id = d.product_id AND u.status = 'OFFERED'
     ${NOT_SUSPENDED.join} WHERE ${NOT_SUSPENDED.where} AND d.live = 1 ORDER BY d.drop_id DESC LIMIT ?`,
    [rowsMax],
    { opensAt: isoTime },
  );
