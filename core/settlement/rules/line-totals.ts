/** Sums of every figure over lines, exact whatever their size, with the counts of both legs. */
import { type Leg, SALE } from '../../feed/rules/leg.js';
import { figureCells } from './figure-cells.js';
import { eachFigure, FIGURE_NAMES, type FigureName, type Figures } from './figures.js';

/** The sums as they are stored and certified, minor units; a sum may exceed 2^53. */
export type FigureSums = Readonly<Record<FigureName, bigint>>;

export interface Totals extends FigureSums {
  readonly sales: number;
  readonly refunds: number;
}

/** Over a typed array: this runs for every line of a run, twice. */
export class LineTotals {
  /** The sums while they are safe integers, in the order of FIGURE_NAMES; beyond that they are carried over. */
  private readonly small = new Float64Array(FIGURE_NAMES.length);
  private readonly carried: bigint[] = FIGURE_NAMES.map(() => 0n);
  private sales = 0;
  private refunds = 0;

  add(leg: Leg, figures: Figures): void {
    if (leg === SALE) this.sales += 1;
    else this.refunds += 1;
    const cells = figureCells(figures);
    for (let i = 0; i < cells.length; i += 1) this.addTo(i, cells[i] as number);
  }

  addTotals(totals: Totals): void {
    this.sales += totals.sales;
    this.refunds += totals.refunds;
    for (const [i, name] of FIGURE_NAMES.entries()) this.carry(i, totals[name]);
  }

  value(): Totals {
    const sums = eachFigure(FIGURE_NAMES, (_, i) => (this.carried[i] as bigint) + BigInt(this.small[i] as number));
    return { sales: this.sales, refunds: this.refunds, ...sums };
  }

  private addTo(i: number, amount: number): void {
    const sum = (this.small[i] as number) + amount;
    if (sum <= Number.MAX_SAFE_INTEGER && sum >= -Number.MAX_SAFE_INTEGER) this.small[i] = sum;
    else this.carry(i, BigInt(amount));
  }

  private carry(i: number, amount: bigint): void {
    this.carried[i] = (this.carried[i] as bigint) + amount;
  }
}

/** Totals kept apart by a key, such as the currency. */
export class TotalsBy {
  private readonly totals = new Map<string, LineTotals>();

  of(key: string): LineTotals {
    let found = this.totals.get(key);
    if (found === undefined) {
      found = new LineTotals();
      this.totals.set(key, found);
    }
    return found;
  }

  /** Key and totals, ordered by key in byte order. */
  entries(): [string, Totals][] {
    return [...this.totals].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, totals]) => [key, totals.value()]);
  }
}

/** Totals kept apart by seller and currency. Two maps instead of one with a joined key, which would cost more than the sums. */
export class SellerTotals {
  private readonly currencies = new Map<string, TotalsBy>();

  of(sellerId: string, currency: string): LineTotals {
    let sellers = this.currencies.get(currency);
    if (sellers === undefined) {
      sellers = new TotalsBy();
      this.currencies.set(currency, sellers);
    }
    return sellers.of(sellerId);
  }

  entries(): { sellerId: string; currency: string; totals: Totals }[] {
    return [...this.currencies].flatMap(([currency, sellers]) =>
      sellers.entries().map(([sellerId, totals]) => ({ sellerId, currency, totals })),
    );
  }
}
