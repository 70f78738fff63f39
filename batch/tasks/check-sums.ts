/** The sums of a policy check: per currency what was settled and what it would have been, and the sellers it matters most to. */
import { type Leg, SALE } from '../../core/feed/rules/leg.js';
import { DECIDED_FIGURES, type DecidedFigure, eachFigure } from '../../core/settlement/rules/figures.js';

export type DecidedFigures = Readonly<Record<DecidedFigure, number>>;
/** Decimal text: a sum may exceed 2^53. */
type SumTexts = Readonly<Record<DecidedFigure, string>>;

export interface CurrencySums {
  readonly currency: string;
  readonly sales: number;
  readonly refunds: number;
  readonly before: SumTexts;
  readonly after: SumTexts;
  readonly difference: SumTexts;
}

export interface SellerDifference {
  readonly sellerId: string;
  readonly currency: string;
  readonly lines: number;
  /** Of the net; decimal text. */
  readonly netDifference: string;
}

const SELLERS_SHOWN = 20;

class Sums {
  sales = 0;
  refunds = 0;
  readonly before = DECIDED_FIGURES.map(() => 0n);
  readonly after = DECIDED_FIGURES.map(() => 0n);
}

const texts = (sums: readonly bigint[]): SumTexts => eachFigure(DECIDED_FIGURES, (_, i) => String(sums[i]));

export class CheckSums {
  private readonly currencies = new Map<string, Sums>();
  private readonly sellers = new Map<string, { sellerId: string; currency: string; lines: number; net: bigint }>();

  add(leg: Leg, sellerId: string, currency: string, before: DecidedFigures, after: DecidedFigures): void {
    let sums = this.currencies.get(currency);
    if (sums === undefined) {
      sums = new Sums();
      this.currencies.set(currency, sums);
    }
    if (leg === SALE) sums.sales += 1;
    else sums.refunds += 1;
    for (const [i, name] of DECIDED_FIGURES.entries()) {
      sums.before[i] = (sums.before[i] as bigint) + BigInt(before[name]);
      sums.after[i] = (sums.after[i] as bigint) + BigInt(after[name]);
    }
    const key = `${currency} ${sellerId}`;
    const seller = this.sellers.get(key) ?? { sellerId, currency, lines: 0, net: 0n };
    seller.lines += 1;
    seller.net += BigInt(after.net) - BigInt(before.net);
    this.sellers.set(key, seller);
  }

  totals(): CurrencySums[] {
    return [...this.currencies]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([currency, { sales, refunds, before, after }]) => ({
        currency,
        sales,
        refunds,
        before: texts(before),
        after: texts(after),
        difference: texts(after.map((sum, i) => sum - (before[i] as bigint))),
      }));
  }

  /** Those whose net would differ most, of each currency. */
  topSellers(): SellerDifference[] {
    const size = (x: bigint): bigint => (x < 0n ? -x : x);
    const byCurrency = new Map<string, SellerDifference[]>();
    const ordered = [...this.sellers.values()].sort((a, b) => {
      if (size(a.net) !== size(b.net)) return size(a.net) < size(b.net) ? 1 : -1;
      return a.sellerId < b.sellerId ? -1 : 1;
    });
    for (const { net, ...seller } of ordered) {
      const shown = byCurrency.get(seller.currency) ?? [];
      if (shown.length < SELLERS_SHOWN) shown.push({ ...seller, netDifference: String(net) });
      byCurrency.set(seller.currency, shown);
    }
    return [...byCurrency].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, shown]) => shown);
  }
}
