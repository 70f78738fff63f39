/** Sums of every figure over lines, exact whatever their size, with the counts of both legs. */
import { ExactSum } from './exact-sum.js';
import { FIGURE_NAMES, type Figures } from './figures.js';
import { type Leg, SALE } from './settled-line.js';

/** The sums as they are stored and certified, minor units; a sum may exceed 2^53. */
export type FigureSums = { readonly [K in keyof Figures]: bigint };

export interface Totals extends FigureSums {
  readonly sales: number;
  readonly refunds: number;
}

export class LineTotals {
  private readonly sums = FIGURE_NAMES.map(() => new ExactSum());
  private sales = 0;
  private refunds = 0;

  add(leg: Leg, figures: Figures): void {
    if (leg === SALE) this.sales += 1;
    else this.refunds += 1;
    for (let i = 0; i < FIGURE_NAMES.length; i += 1) {
      (this.sums[i] as ExactSum).add(figures[FIGURE_NAMES[i] as keyof Figures]);
    }
  }

  addTotals(totals: Totals): void {
    this.sales += totals.sales;
    this.refunds += totals.refunds;
    FIGURE_NAMES.forEach((name, i) => {
      (this.sums[i] as ExactSum).addBig(totals[name]);
    });
  }

  value(): Totals {
    const sums = Object.fromEntries(FIGURE_NAMES.map((name, i) => [name, (this.sums[i] as ExactSum).value()]));
    return { sales: this.sales, refunds: this.refunds, ...(sums as FigureSums) };
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
