/** Compares a unit's stock with its journal and its reservations. */

const STOCK_PARTS = ['received', 'available', 'held', 'sold'] as const;
type Part = (typeof STOCK_PARTS)[number];
export type StockParts = Readonly<Record<Part, number>>;

/** A part of a unit's stock of which the tables say different things. */
export interface StockDifference {
  readonly unitId: number;
  readonly part: Part;
  /** The figure in the row of stock; 0 if there is no row. */
  readonly stock: number;
  /** What the unit's movements come to. */
  readonly journal: number;
  /** The sum of its reservations; null if reservations do not affect this part. */
  readonly reservations: number | null;
}

const NOTHING: StockParts = { received: 0, available: 0, held: 0, sold: 0 };

/** Every part in which the three differ. Also `received` where it is not available + held + sold. */
export function stockDifferences(
  unitId: number,
  stock: StockParts = NOTHING,
  journal: StockParts = NOTHING,
  reservations: Pick<StockParts, 'held' | 'sold'> = NOTHING,
): StockDifference[] {
  return STOCK_PARTS.flatMap((part) => {
    const reserved = part === 'held' || part === 'sold' ? reservations[part] : null;
    const alike = stock[part] === journal[part] && (reserved === null || stock[part] === reserved);
    const balanced = part !== 'received' || stock.received === stock.available + stock.held + stock.sold;
    return alike && balanced
      ? []
      : [{ unitId, part, stock: stock[part], journal: journal[part], reservations: reserved }];
  });
}
