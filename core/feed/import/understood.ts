/** What an import has read from its file, for a person to compare with the system that the file comes from. */
import { ExactSum } from '../../../kernel/exact-sum.js';
import type { RefundEntry, SaleEntry } from '../rules/entry.js';
import type { StoredSale } from '../stores/entry.js';

/** An integer of minor units; a text of digits where it is beyond 2^53 - 1. */
export type MinorSum = number | string;

export interface CurrencySum {
  readonly currency: string;
  readonly rows: number;
  readonly itemAmount: MinorSum;
  readonly shippingFee: MinorSum;
  readonly sellerDiscount: MinorSum;
  readonly platformDiscount: MinorSum;
}

/** All rows whose fields can be read, including rows that are unchanged or refused for another reason. */
export interface Understood {
  /** The zone in which time stamps without an offset were read, and the one whose days they became. */
  readonly timeZone: string;
  readonly platformTimeZone: string;
  readonly rows: number;
  readonly firstDate: string | null;
  readonly lastDate: string | null;
  /** How many sellers the rows name. */
  readonly sellers: number;
  /** By currency. For refunds: the item amounts that are taken back; the shares of the other amounts are fixed when they are accepted. */
  readonly sums: readonly CurrencySum[];
  /** Order lines that no current fee policy covers; null for refunds, which follow their sales. */
  readonly withoutPolicy: number | null;
}

const AMOUNTS = ['itemAmount', 'shippingFee', 'sellerDiscount', 'platformDiscount'] as const;

/** The same for a part of a file. Plain data. */
export interface UnderstoodPart {
  readonly rows: number;
  readonly uncovered: number;
  readonly firstDate: string | null;
  readonly lastDate: string | null;
  readonly sellers: readonly string[];
  readonly sums: readonly (Readonly<Record<(typeof AMOUNTS)[number], bigint>> & {
    readonly currency: string;
    readonly rows: number;
  })[];
}

class Sums {
  rows = 0;
  readonly itemAmount = new ExactSum();
  readonly shippingFee = new ExactSum();
  readonly sellerDiscount = new ExactSum();
  readonly platformDiscount = new ExactSum();

  shown(currency: string): CurrencySum {
    const { rows, itemAmount, shippingFee, sellerDiscount, platformDiscount } = this;
    return {
      currency,
      rows,
      itemAmount: minor(itemAmount),
      shippingFee: minor(shippingFee),
      sellerDiscount: minor(sellerDiscount),
      platformDiscount: minor(platformDiscount),
    };
  }
}

function minor(sum: ExactSum): MinorSum {
  const safe = sum.safeValue();
  return Number.isNaN(safe) ? sum.value().toString() : safe;
}

/** Collects it row by row. Memory grows with the number of sellers. */
export class Understanding {
  private rows = 0;
  private uncovered = 0;
  private firstDate: string | null = null;
  private lastDate: string | null = null;
  private readonly sellers = new Set<string>();
  private readonly byCurrency = new Map<string, Sums>();

  /** @param covered whether a current fee policy covers the sale */
  addSale(sale: SaleEntry, covered: boolean): void {
    this.rows += 1;
    this.addDate(sale.occurredOn);
    const sums = this.sumsOf(sale.sellerId, sale.currency);
    sums.itemAmount.add(sale.itemAmount);
    sums.shippingFee.add(sale.shippingFee);
    sums.sellerDiscount.add(sale.sellerDiscount);
    sums.platformDiscount.add(sale.platformDiscount);
    if (!covered) this.uncovered += 1;
  }

  /** @param sale undefined when the feed does not have it: the refund has no currency then */
  addRefund(refund: RefundEntry, sale: StoredSale | undefined): void {
    this.rows += 1;
    this.addDate(refund.occurredOn);
    if (sale !== undefined)
      this.sumsOf(sale.sellerId, sale.currency).itemAmount.addProduct(sale.unitPrice, refund.quantity);
  }

  part(): UnderstoodPart {
    const { rows, uncovered, firstDate, lastDate } = this;
    const sums = [...this.byCurrency].map(([currency, it]) => ({
      currency,
      rows: it.rows,
      itemAmount: it.itemAmount.value(),
      shippingFee: it.shippingFee.value(),
      sellerDiscount: it.sellerDiscount.value(),
      platformDiscount: it.platformDiscount.value(),
    }));
    return { rows, uncovered, firstDate, lastDate, sellers: [...this.sellers], sums };
  }

  /** Adds another part of the same file. */
  add(part: UnderstoodPart): void {
    this.rows += part.rows;
    this.uncovered += part.uncovered;
    for (const date of [part.firstDate, part.lastDate]) if (date !== null) this.addDate(date);
    for (const seller of part.sellers) this.sellers.add(seller);
    for (const { currency, rows, ...amounts } of part.sums) {
      const sums = this.currencySums(currency);
      sums.rows += rows;
      for (const name of AMOUNTS) sums[name].addBig(amounts[name]);
    }
  }

  shown(kind: 'lines' | 'refunds', zones: Pick<Understood, 'timeZone' | 'platformTimeZone'>): Understood {
    const currencies = [...this.byCurrency].sort(([a], [b]) => (a < b ? -1 : 1));
    return {
      timeZone: zones.timeZone,
      platformTimeZone: zones.platformTimeZone,
      rows: this.rows,
      firstDate: this.firstDate,
      lastDate: this.lastDate,
      sellers: this.sellers.size,
      sums: currencies.map(([currency, sums]) => sums.shown(currency)),
      withoutPolicy: kind === 'lines' ? this.uncovered : null,
    };
  }

  /** ISO dates sort as text. */
  private addDate(date: string): void {
    if (this.firstDate === null || date < this.firstDate) this.firstDate = date;
    if (this.lastDate === null || date > this.lastDate) this.lastDate = date;
  }

  private sumsOf(sellerId: string, currency: string): Sums {
    this.sellers.add(sellerId);
    const sums = this.currencySums(currency);
    sums.rows += 1;
    return sums;
  }

  private currencySums(currency: string): Sums {
    let sums = this.byCurrency.get(currency);
    if (sums === undefined) {
      sums = new Sums();
      this.byCurrency.set(currency, sums);
    }
    return sums;
  }
}
