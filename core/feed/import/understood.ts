/** What an import has understood of its file: what a person compares with the system that the file comes from. */
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

/** Of all rows whose fields can be read, also of those that are unchanged or refused for another reason. */
export interface Understood {
  /** The zone in which time stamps without an offset were read, and the one whose days they became. */
  readonly timeZone: string;
  readonly platformTimeZone: string;
  readonly rows: number;
  readonly firstDate: string | null;
  readonly lastDate: string | null;
  /** How many sellers the rows name. */
  readonly sellers: number;
  /** By currency. Of refunds: the item amounts that are taken back; the shares of the other amounts are fixed when they are accepted. */
  readonly sums: readonly CurrencySum[];
  /** Order lines that no fee policy covers as the policies stand now; null for refunds, which follow their sales. */
  readonly withoutPolicy: number | null;
}

/** Whether a fee policy covers a sale, as the policies stand now. */
export type Coverage = (sale: SaleEntry) => boolean;

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

/** Collects it row by row. The memory is that of the names of the sellers. */
export class Understanding {
  private rows = 0;
  private uncovered = 0;
  private firstDate: string | null = null;
  private lastDate: string | null = null;
  private readonly sellers = new Set<string>();
  private readonly byCurrency = new Map<string, Sums>();

  constructor(private readonly covers: Coverage) {}

  addSale(sale: SaleEntry): void {
    this.addDate(sale.occurredOn);
    const sums = this.sumsOf(sale.sellerId, sale.currency);
    sums.itemAmount.add(sale.itemAmount);
    sums.shippingFee.add(sale.shippingFee);
    sums.sellerDiscount.add(sale.sellerDiscount);
    sums.platformDiscount.add(sale.platformDiscount);
    if (!this.covers(sale)) this.uncovered += 1;
  }

  /** @param sale undefined when the feed does not have it: the refund has no currency then */
  addRefund(refund: RefundEntry, sale: StoredSale | undefined): void {
    this.addDate(refund.occurredOn);
    if (sale !== undefined)
      this.sumsOf(sale.sellerId, sale.currency).itemAmount.addProduct(sale.unitPrice, refund.quantity);
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

  /** Dates of this form sort as text. */
  private addDate(date: string): void {
    this.rows += 1;
    if (this.firstDate === null || date < this.firstDate) this.firstDate = date;
    if (this.lastDate === null || date > this.lastDate) this.lastDate = date;
  }

  private sumsOf(sellerId: string, currency: string): Sums {
    this.sellers.add(sellerId);
    let sums = this.byCurrency.get(currency);
    if (sums === undefined) {
      sums = new Sums();
      this.byCurrency.set(currency, sums);
    }
    sums.rows += 1;
    return sums;
  }
}
