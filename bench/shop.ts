/** The shop of the benches of stock and orders: units with stock, the orders, and the rows afterwards. */
import type { WantedUnit } from '../core/orders/price-units.js';
import { makeSampleCatalogue } from '../core/sample/sample-catalogue.js';
import { receiveStock } from '../core/stock/receive-stock.js';
import { type Db, inTransaction, select } from '../infra/database.js';
import { decided } from '../kernel/outcome.js';

/** The receiver of the goods. */
export const RECEIVER = {
  name: '김하늘',
  phone: '010-1234-5678',
  postalCode: '04524',
  address: '서울특별시 중구 세종대로 110, 101호',
  note: '',
};

/** The first units of a load, which are never sold out. */
const PLENTY = 100_000_000;
/** Units of the loads that are not a rush for one unit. */
const SHELF_UNITS = 1_000;
const PRODUCTS = 3_000;
const SELLERS = 100;

interface ShopUnit {
  readonly unitId: number;
  readonly productId: number;
  readonly sellerId: string;
}

/** A buyer's order, made anew each time. */
export const LOADS = ['one hot unit', '1,000 units', 'baskets of three sellers'] as const;
export type LoadName = (typeof LOADS)[number];

export class Shop {
  private nextHot = SHELF_UNITS;

  private constructor(
    private readonly db: Db,
    /** Units that can be ordered in one currency, by their ids. The first `SHELF_UNITS` have plenty of stock. */
    readonly units: readonly ShopUnit[],
  ) {}

  /** Fills an empty database with a catalogue and stock. */
  static async open(db: Db): Promise<Shop> {
    await makeSampleCatalogue(db, { products: PRODUCTS, sellers: SELLERS });
    const units = await select<ShopUnit>(
      db,
      `SELECT u.unit_id AS unitId, u.product_id AS productId, u.seller_id AS sellerId FROM sellable_unit u JOIN product p ON p.product_id = u.product_id
       WHERE u.status = 'OFFERED' AND p.status = 'ACTIVE' AND p.currency = 'KRW' ORDER BY u.unit_id`,
    );
    const shop = new Shop(db, units);
    for (const { unitId } of shop.shelf) await shop.receive(unitId, PLENTY);
    return shop;
  }

  get shelf(): readonly ShopUnit[] {
    return this.units.slice(0, SHELF_UNITS);
  }

  /** A unit that nobody has ordered yet, with this stock. */
  async hotUnit(quantity = PLENTY): Promise<number> {
    const unit = this.units[this.nextHot];
    if (unit === undefined) throw new Error('there are too few units for so many rounds');
    this.nextHot += 1;
    await this.receive(unit.unitId, quantity);
    return unit.unitId;
  }

  /** The units of one order after the other under a load. */
  async basketsOf(load: LoadName): Promise<() => readonly WantedUnit[]> {
    if (load === 'one hot unit') {
      const basket = [{ unitId: await this.hotUnit(), quantity: 1 }];
      return () => basket;
    }
    const sellers = load === '1,000 units' ? 1 : 3;
    return () => {
      const drawn = new Map<string, number>();
      while (drawn.size < sellers) {
        const { sellerId, unitId } = this.shelf[Math.floor(Math.random() * this.shelf.length)] as ShopUnit;
        drawn.set(sellerId, unitId);
      }
      return [...drawn.values()].map((unitId) => ({ unitId, quantity: 1 }));
    };
  }

  private async receive(unitId: number, quantity: number): Promise<void> {
    const goods = { unitId, quantity, reason: 'bench', requestedBy: 'bench' };
    await inTransaction(this.db, async (tx) => decided(await receiveStock(tx, goods)));
  }
}

/** Orders of one checkout under a load. */
export const ordersOfCheckout = (load: LoadName): number => (load === 'baskets of three sellers' ? 3 : 1);

/** The numbers of rows in the tables that checkouts write. */
export interface RowCounts {
  readonly checkouts: number;
  readonly orders: number;
  readonly lines: number;
  readonly holds: number;
}

export async function countRows(db: Db): Promise<RowCounts> {
  const [row] = await select<RowCounts>(
    db,
    `SELECT (SELECT COUNT(*) FROM checkout) AS checkouts, (SELECT COUNT(*) FROM market_order) AS orders,
       (SELECT COUNT(*) FROM order_line) AS \`lines\`, (SELECT COUNT(*) FROM stock_reservation) AS holds`,
  );
  return row as RowCounts;
}

/** Throws unless the new rows since `before` are those of this many checkouts, each with this many orders of one unit. */
export async function requireRows(db: Db, before: RowCounts, checkouts: number, ordersEach: number): Promise<void> {
  const after = await countRows(db);
  const rows = (name: keyof RowCounts): number => after[name] - before[name];
  const orders = checkouts * ordersEach;
  if (rows('checkouts') !== checkouts || (['orders', 'lines', 'holds'] as const).some((name) => rows(name) !== orders))
    throw new Error(
      `${checkouts} checkouts were placed, and the rows are others: ${JSON.stringify({ before, after })}`,
    );
}

/** The rows of a unit: how many are held or sold, and how many there were. */
export async function countSold(db: Db, unitId: number): Promise<{ readonly sold: number; readonly oversold: number }> {
  const [row] = await select<{ sold: number; received: number }>(
    db,
    `SELECT received, (SELECT CAST(COALESCE(SUM(l.quantity), 0) AS SIGNED) FROM stock_reservation r
       STRAIGHT_JOIN market_order o ON o.checkout_id = r.holder_id STRAIGHT_JOIN order_line l ON l.order_id = o.order_id AND l.unit_id = r.unit_id
       WHERE r.unit_id = s.unit_id AND r.status IN ('HELD', 'SOLD')) AS sold FROM stock s WHERE unit_id = ?`,
    [unitId],
  );
  if (row === undefined) throw new Error('the unit has stock');
  return { sold: row.sold, oversold: Math.max(0, row.sold - row.received) };
}
