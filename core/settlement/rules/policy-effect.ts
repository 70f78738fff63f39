/**
 * The effect of a draft of fee policies, in sums: per seller and currency what was settled and what it would have been. Sums are exact
 * whatever their size. They are plain data that can be added up in any order, so that parts of the lines may be worked anywhere.
 */
import { type Leg, SALE } from '../../feed/rules/leg.js';
import { type FeeVatParts, feeVatPartsOf } from './currency-totals.js';
import { DECIDED_FIGURES, type DecidedFigure, eachFigure, type Figures } from './figures.js';

/** The figures of a line that a policy decides; the others are the entry's own. */
export type DecidedFigures = Readonly<Record<DecidedFigure, number>>;
/** Minor units; a sum may exceed 2^53. */
export type DecidedSums = Readonly<Record<DecidedFigure, bigint>>;

/** Those of any figures that a policy decides. */
export const decidedOf = (figures: DecidedFigures): DecidedFigures =>
  eachFigure(DECIDED_FIGURES, (name) => figures[name]);

export const EFFECT_COUNTS = ['sales', 'refunds', 'changed', 'refused', 'unreadable'] as const;

/** Touched lines: those that would have fallen under another policy. */
export interface EffectCounts {
  /** Lines that would have been settled; the sums are over these. */
  readonly sales: number;
  readonly refunds: number;
  /** Of the lines in the sums those with another figure. */
  readonly changed: number;
  /** Lines that would have been parked; no sum has them. */
  readonly refused: number;
  /** Settled lines whose sale is gone from the feed: nothing can be said of them. Their currency is not known and left empty. */
  readonly unreadable: number;
}

export interface Effect extends EffectCounts {
  readonly currency: string;
  /** A − Ds + S: what the sellers would be owed if there were no fees. No policy changes it. */
  readonly beforeFees: bigint;
  readonly before: DecidedSums;
  readonly after: DecidedSums;
}

export interface SellerEffect extends Effect {
  readonly sellerId: string;
}

/** How much more the sellers would have been owed; negative: less. */
export const netDifference = ({ before, after }: Pick<Effect, 'before' | 'after'>): bigint => after.net - before.net;

/** The sums with the VAT on fees told apart, as reports have them. */
export type ToldSums = DecidedSums & FeeVatParts;

export interface ToldEffect {
  readonly before: ToldSums;
  readonly after: ToldSums;
  readonly difference: ToldSums;
}

const VAT_AT = DECIDED_FIGURES.indexOf('feeVat') + 1;
/** The names of told sums, in the order of the figures. */
export const TOLD_SUMS: readonly (keyof ToldSums)[] = [
  ...DECIDED_FIGURES.slice(0, VAT_AT),
  'feeVatOnTop',
  'feeVatContained',
  ...DECIDED_FIGURES.slice(VAT_AT),
];

/** A value for each of the told sums, in their order. */
export const eachSum = <Value>(value: (name: keyof ToldSums) => Value): Record<keyof ToldSums, Value> =>
  Object.fromEntries(TOLD_SUMS.map((name) => [name, value(name)])) as Record<keyof ToldSums, Value>;

export function toldEffect({ beforeFees, before, after }: Pick<Effect, 'beforeFees' | 'before' | 'after'>): ToldEffect {
  const told = (sums: DecidedSums): ToldSums => {
    const all = { ...sums, ...feeVatPartsOf(beforeFees, sums) };
    return eachSum((name) => all[name]);
  };
  const [was, is] = [told(before), told(after)];
  return { before: was, after: is, difference: eachSum((name) => is[name] - was[name]) };
}

export const NO_COUNTS: EffectCounts = { sales: 0, refunds: 0, changed: 0, refused: 0, unreadable: 0 };

const FIGURES = DECIDED_FIGURES.length;
/** Where the sum before fees stands, behind the sums before and those after. */
const BEFORE_FEES = 2 * FIGURES;

/** The amounts of a line that no policy decides, and that its net begins with. */
type AmountsOfLine = Pick<Figures, 'itemAmount' | 'sellerDiscount' | 'shippingFee'>;

/** The growing sums of one seller and currency. Written out over a typed array because it runs for every touched line. */
class GrowingEffect {
  readonly counts = { ...NO_COUNTS };
  /** The sums before and then those after, while they are safe integers; beyond that they are carried over. */
  private readonly small = new Float64Array(2 * FIGURES + 1);
  private readonly carried = new Array<bigint>(2 * FIGURES + 1).fill(0n);

  add(at: 0 | typeof FIGURES, figures: DecidedFigures): void {
    this.addTo(at, figures.feeBase);
    this.addTo(at + 1, figures.fee);
    this.addTo(at + 2, figures.feeVat);
    this.addTo(at + 3, figures.pgFee);
    this.addTo(at + 4, figures.pgFeeVat);
    this.addTo(at + 5, figures.net);
  }

  addBeforeFees({ itemAmount, sellerDiscount, shippingFee }: AmountsOfLine): void {
    this.addTo(BEFORE_FEES, itemAmount);
    this.addTo(BEFORE_FEES, -sellerDiscount);
    this.addTo(BEFORE_FEES, shippingFee);
  }

  addSums(at: 0 | typeof FIGURES, sums: DecidedSums): void {
    for (const [i, name] of DECIDED_FIGURES.entries()) this.carry(at + i, sums[name]);
  }

  addSumBeforeFees(sum: bigint): void {
    this.carry(BEFORE_FEES, sum);
  }

  sums(at: 0 | typeof FIGURES): DecidedSums {
    return eachFigure(DECIDED_FIGURES, (_name, i) => this.sum(at + i));
  }

  get beforeFees(): bigint {
    return this.sum(BEFORE_FEES);
  }

  private sum(i: number): bigint {
    return (this.carried[i] as bigint) + BigInt(this.small[i] as number);
  }

  private carry(i: number, sum: bigint): void {
    this.carried[i] = (this.carried[i] as bigint) + sum;
  }

  private addTo(i: number, amount: number): void {
    const sum = (this.small[i] as number) + amount;
    if (sum <= Number.MAX_SAFE_INTEGER && sum >= -Number.MAX_SAFE_INTEGER) this.small[i] = sum;
    else this.carry(i, BigInt(amount));
  }
}

const isChanged = (before: DecidedFigures, after: DecidedFigures): boolean =>
  before.net !== after.net ||
  before.fee !== after.fee ||
  before.feeVat !== after.feeVat ||
  before.pgFee !== after.pgFee ||
  before.pgFeeVat !== after.pgFeeVat ||
  before.feeBase !== after.feeBase;

/** Effects kept apart by seller and currency. */
export class SellerEffects {
  private readonly currencies = new Map<string, Map<string, GrowingEffect>>();

  /** Adds a touched line that would have been settled. */
  addLine(
    leg: Leg,
    sellerId: string,
    currency: string,
    before: DecidedFigures,
    after: DecidedFigures & AmountsOfLine,
  ): void {
    const effect = this.of(sellerId, currency);
    if (leg === SALE) effect.counts.sales += 1;
    else effect.counts.refunds += 1;
    if (isChanged(before, after)) effect.counts.changed += 1;
    effect.add(0, before);
    effect.add(FIGURES, after);
    effect.addBeforeFees(after);
  }

  /** Adds a touched line that would have been parked. */
  addRefused(sellerId: string, currency: string): void {
    this.of(sellerId, currency).counts.refused += 1;
  }

  /** Adds a line whose sale is gone. */
  addUnreadable(sellerId: string): void {
    this.of(sellerId, '').counts.unreadable += 1;
  }

  /** Adds what was found elsewhere. */
  addEffect(other: SellerEffect): void {
    const effect = this.of(other.sellerId, other.currency);
    for (const name of EFFECT_COUNTS) effect.counts[name] += other[name];
    effect.addSums(0, other.before);
    effect.addSums(FIGURES, other.after);
    effect.addSumBeforeFees(other.beforeFees);
  }

  /** By currency and seller, in byte order. */
  entries(): SellerEffect[] {
    return [...this.currencies].sort(byKey).flatMap(([currency, sellers]) =>
      [...sellers].sort(byKey).map(([sellerId, effect]) => ({
        sellerId,
        currency,
        ...effect.counts,
        beforeFees: effect.beforeFees,
        before: effect.sums(0),
        after: effect.sums(FIGURES),
      })),
    );
  }

  private of(sellerId: string, currency: string): GrowingEffect {
    let sellers = this.currencies.get(currency);
    if (sellers === undefined) {
      sellers = new Map();
      this.currencies.set(currency, sellers);
    }
    let effect = sellers.get(sellerId);
    if (effect === undefined) {
      effect = new GrowingEffect();
      sellers.set(sellerId, effect);
    }
    return effect;
  }
}

const byKey = ([a]: [string, unknown], [b]: [string, unknown]): number => (a < b ? -1 : 1);

/** A float that was rounded twice is at most this far from the difference of two safe integers. */
const FLOAT_ERROR = 4;

/**
 * The entries whose net moved most, at most `max` of each currency: by the size of the difference, and entries of the same size by
 * `order`. That order must be total, so that it does not matter in which order entries come.
 */
export class MovedMost<T> {
  private readonly currencies = new Map<string, { entry: T; size: bigint }[]>();

  constructor(
    private readonly max: number,
    private readonly order: (a: T, b: T) => number,
  ) {}

  /** Whether an entry that moved so much may be kept: cheap, for the many of which it need not be known who they are. */
  mayKeep(currency: string, difference: number): boolean {
    const kept = this.currencies.get(currency);
    if (kept === undefined || kept.length < this.max) return true;
    return Math.abs(difference) + FLOAT_ERROR >= Number(kept.at(-1)?.size ?? 0n);
  }

  /** Keeps the entry if it is among those that moved most so far. */
  add(currency: string, difference: bigint, entry: T): boolean {
    const size = difference < 0n ? -difference : difference;
    const kept = this.currencies.get(currency) ?? [];
    this.currencies.set(currency, kept);
    const after = kept.findIndex((one) => one.size < size || (one.size === size && this.order(entry, one.entry) < 0));
    if (after === -1 && kept.length >= this.max) return false;
    kept.splice(after === -1 ? kept.length : after, 0, { entry, size });
    if (kept.length > this.max) kept.pop();
    return true;
  }

  /** An independent copy, so that what a rolled-back transaction kept can be forgotten. */
  copy(): MovedMost<T> {
    const copy = new MovedMost(this.max, this.order);
    for (const [currency, kept] of this.currencies) copy.currencies.set(currency, [...kept]);
    return copy;
  }

  /** By currency, and within one those first that moved most. */
  entries(): T[] {
    return [...this.currencies].sort(byKey).flatMap(([, kept]) => kept.map(({ entry }) => entry));
  }
}

/** The sums of all sellers per currency, by currency; unreadable lines, which have none, are left out. */
export function effectsByCurrency(sellers: Iterable<SellerEffect>): Effect[] {
  const all = new SellerEffects();
  for (const seller of sellers) if (seller.currency !== '') all.addEffect({ ...seller, sellerId: '' });
  return all.entries().map(({ sellerId: _all, ...effect }) => effect);
}
