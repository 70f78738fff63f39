/**
 * Sums over the lines of a date by generation, currency and seller, in little memory: a verification keeps those of the whole date, and a
 * date may have a million sellers (13 numbers of 8 bytes each, and the seller's id).
 */
import { type Leg, SALE } from '../../feed/rules/leg.js';
import { eachFigure, FIGURE_NAMES } from './figures.js';
import type { Totals } from './line-totals.js';

/** Numbers of a group: sales, refunds, and the figures in the order of FIGURES. */
const CELLS = 2 + FIGURE_NAMES.length;

/** The groups of one generation and currency; the n-th seller has the n-th CELLS numbers. Plain data. */
export interface SellerSumsData {
  readonly generation: number;
  readonly currency: string;
  readonly sellers: readonly string[];
  readonly sums: Float64Array;
  /** What exceeds the safe integers, by place in `sums`: to be added to the number there. */
  readonly carried: ReadonlyMap<number, bigint>;
}

export interface SellerGroup {
  readonly sellerId: string;
  readonly currency: string;
  readonly generation: number;
  readonly totals: Totals;
}

/** The sellers of one generation and currency. */
class Shelf {
  readonly places = new Map<string, number>();
  readonly carried = new Map<number, bigint>();
  sums = new Float64Array(64 * CELLS);

  placeOf(sellerId: string): number {
    const found = this.places.get(sellerId);
    if (found !== undefined) return found;
    const place = this.places.size * CELLS;
    this.places.set(sellerId, place);
    if (place >= this.sums.length) {
      const larger = new Float64Array(this.sums.length * 2);
      larger.set(this.sums);
      this.sums = larger;
    }
    return place;
  }

  add(at: number, amount: number): void {
    const sum = (this.sums[at] as number) + amount;
    if (sum <= Number.MAX_SAFE_INTEGER && sum >= -Number.MAX_SAFE_INTEGER) this.sums[at] = sum;
    else this.carry(at, BigInt(amount));
  }

  carry(at: number, amount: bigint): void {
    this.carried.set(at, (this.carried.get(at) ?? 0n) + amount);
  }

  at(at: number): bigint {
    return BigInt(this.sums[at] as number) + (this.carried.get(at) ?? 0n);
  }
}

export class SellerSums {
  private readonly shelves = new Map<number, Map<string, Shelf>>();

  /** Adds one line. @param figures in the order of FIGURES */
  add(generation: number, currency: string, sellerId: string, leg: Leg, figures: readonly number[]): void {
    const shelf = this.shelf(generation, currency);
    const place = shelf.placeOf(sellerId);
    shelf.add(place + (leg === SALE ? 0 : 1), 1);
    for (let i = 0; i < figures.length; i += 1) shelf.add(place + 2 + i, figures[i] as number);
  }

  addAll(data: readonly SellerSumsData[]): void {
    for (const { generation, currency, sellers, sums, carried } of data) {
      const shelf = this.shelf(generation, currency);
      for (const [n, sellerId] of sellers.entries()) {
        const place = shelf.placeOf(sellerId);
        for (let i = 0; i < CELLS; i += 1) {
          shelf.add(place + i, sums[n * CELLS + i] as number);
          const more = carried.get(n * CELLS + i);
          if (more !== undefined) shelf.carry(place + i, more);
        }
      }
    }
  }

  data(): SellerSumsData[] {
    return this.entries().map(([generation, currency, { places, sums, carried }]) => {
      return { generation, currency, sellers: [...places.keys()], sums, carried };
    });
  }

  /** Every group once. */
  *groups(): Generator<SellerGroup> {
    for (const [generation, currency, shelf] of this.entries())
      for (const [sellerId, place] of shelf.places)
        yield { sellerId, currency, generation, totals: totalsAt(shelf, place) };
  }

  /** The sums of one group, if it has lines. */
  find({ generation, currency, sellerId }: Omit<SellerGroup, 'totals'>): Totals | undefined {
    const shelf = this.shelves.get(generation)?.get(currency);
    const place = shelf?.places.get(sellerId);
    return shelf === undefined || place === undefined ? undefined : totalsAt(shelf, place);
  }

  private entries(): [generation: number, currency: string, shelf: Shelf][] {
    return [...this.shelves].flatMap(([generation, byCurrency]) =>
      [...byCurrency].map(([currency, shelf]): [number, string, Shelf] => [generation, currency, shelf]),
    );
  }

  private shelf(generation: number, currency: string): Shelf {
    let byCurrency = this.shelves.get(generation);
    if (byCurrency === undefined) {
      byCurrency = new Map();
      this.shelves.set(generation, byCurrency);
    }
    let shelf = byCurrency.get(currency);
    if (shelf === undefined) {
      shelf = new Shelf();
      byCurrency.set(currency, shelf);
    }
    return shelf;
  }
}

const totalsAt = (shelf: Shelf, place: number): Totals => ({
  sales: Number(shelf.at(place)),
  refunds: Number(shelf.at(place + 1)),
  ...eachFigure(FIGURE_NAMES, (_, i) => shelf.at(place + 2 + i)),
});
