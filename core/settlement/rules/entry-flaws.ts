/** What can be wrong with an entry of a closed date, or with what became of it, as far as the entry, its sale and its line tell. */
import { type Leg, legName, REFUND, SALE } from '../../feed/rules/leg.js';
import { reversedAmounts } from '../../feed/rules/reversed-amounts.js';
import type { VatMode } from '../../policies/rules/fee-policy.js';
import type { OriginalLine, RefundRow, SaleRow } from './decide.js';
import { ENTRY_FIGURES, type Figures, identityHolds } from './figures.js';

/** A line as it is stored, less its entry. */
export interface StoredLine extends OriginalLine {
  readonly entryId: number;
  readonly generation: number;
  readonly sellerId: string;
}

/** An entry as it is stored, with its line and its exception where it has them. */
export interface ExaminedEntry {
  readonly settledOn: string;
  readonly leg: Leg;
  readonly entryId: number;
  readonly currency: string;
  readonly quantity: number;
  /** As they are stored, of entry and line; what a run computes is 0 where there is no line. */
  readonly figures: Figures;
  /** Of a sale. */
  readonly unitPrice: number;
  /** The sale itself, or the one that is refunded; undefined when that is gone. */
  readonly sale: SaleRow | undefined;
  readonly refund: RefundRow | undefined;
  readonly line: StoredLine | undefined;
  readonly exception: StoredException | undefined;
}

export interface StoredException {
  readonly entryId: number;
  /** The supplement that settled the entry; null while it is parked. */
  readonly settledGeneration: number | null;
}

/** A flawed entry by the names that people know it by, with what was expected of it and what is stored. */
export interface NamedFlaw {
  readonly line: string;
  readonly expected: string;
  readonly actual: string;
}

export type VatModeOf = (policyId: number) => VatMode;

interface FlawRule {
  readonly flaw: Flaw;
  readonly leg: Leg | 'both';
  readonly has: (entry: ExaminedEntry, vatModeOf: VatModeOf) => boolean;
  readonly expected: (entry: ExaminedEntry, vatModeOf: VatModeOf) => string;
  readonly actual: (entry: ExaminedEntry, vatModeOf: VatModeOf) => string;
}

/** In the order in which a verification prints them. */
export const FLAWS = ['unsettled', 'lineAndException', 'saleAmount', 'refundAmount', 'seller', 'identity'] as const;
export type Flaw = (typeof FLAWS)[number];

const ONE = 'one line or one exception';
const rules: readonly FlawRule[] = [
  {
    flaw: 'unsettled',
    leg: 'both',
    has: ({ line, exception }) =>
      line === undefined && (exception === undefined || exception.settledGeneration !== null),
    expected: () => ONE,
    actual: () => 'neither',
  },
  {
    flaw: 'lineAndException',
    leg: 'both',
    has: ({ line, exception }) =>
      line !== undefined && exception !== undefined && exception.settledGeneration !== line.generation,
    expected: () => ONE,
    actual: () => 'both',
  },
  {
    flaw: 'saleAmount',
    leg: SALE,
    has: ({ quantity, unitPrice, figures }) => !isProduct(quantity, unitPrice, figures.itemAmount),
    expected: ({ quantity, unitPrice }) => String(BigInt(quantity) * BigInt(unitPrice)),
    actual: ({ figures }) => String(figures.itemAmount),
  },
  {
    flaw: 'refundAmount',
    leg: REFUND,
    has: (entry) => refundText(entry) !== expectedRefundText(entry) || comesBeforeItsSale(entry),
    expected: expectedRefundText,
    actual: refundText,
  },
  {
    flaw: 'seller',
    leg: 'both',
    has: ({ line, sale }) => line !== undefined && line.sellerId !== sale?.sellerId,
    expected: ({ sale }) => String(sale?.sellerId ?? null),
    actual: ({ line }) => String(line?.sellerId),
  },
  {
    flaw: 'identity',
    leg: 'both',
    has: ({ line, figures }, vatModeOf) => line !== undefined && !identityHolds(figures, vatModeOf(line.policyId)),
    expected: ({ figures: { buyerPaid, platformDiscount } }) => sum(buyerPaid, platformDiscount),
    actual: ({ line, figures: { net, fee, feeVat, pgFee, pgFeeVat } }, vatModeOf) => {
      const vat = vatModeOf(line?.policyId ?? 0) === 'exclusive' ? feeVat : 0;
      return sum(net, fee, vat, pgFee, pgFeeVat);
    },
  },
];
const rulesOf = (leg: Leg): readonly FlawRule[] => rules.filter((rule) => rule.leg === 'both' || rule.leg === leg);
const byLeg = { [SALE]: rulesOf(SALE), [REFUND]: rulesOf(REFUND) };

/** Calls `found` for each flaw that the entry has. */
export function findFlaws(entry: ExaminedEntry, vatModeOf: VatModeOf, found: (flaw: Flaw) => void): void {
  for (const rule of byLeg[entry.leg]) if (rule.has(entry, vatModeOf)) found(rule.flaw);
}

/** One of its flaws in words. */
export function nameFlaw(entry: ExaminedEntry, flaw: Flaw, vatModeOf: VatModeOf): NamedFlaw {
  const rule = rules.find((one) => one.flaw === flaw) as FlawRule;
  return { line: nameOfEntry(entry), expected: rule.expected(entry, vatModeOf), actual: rule.actual(entry, vatModeOf) };
}

/** `refund order A-1 line 1 refund R-1 (entry 5)` */
export const nameOfEntry = (entry: ExaminedEntry): string =>
  `${legName(entry.leg)} ${nameOfLine(entry)} (entry ${entry.entryId})`;

/** `order A-1 line 1 refund R-1` */
export function nameOfLine({ leg, sale, refund }: ExaminedEntry): string {
  const ofRefund = leg === REFUND ? ` refund ${refund?.refundId}` : '';
  return `order ${sale?.orderId ?? null} line ${sale?.lineId ?? null}${ofRefund}`;
}

function isProduct(a: number, b: number, product: number): boolean {
  const near = a * b;
  // A product that is a safe integer is exact; beyond that only BigInt is.
  return Number.isSafeInteger(near) ? near === product : BigInt(a) * BigInt(b) === BigInt(product);
}

const sum = (...amounts: number[]): string => String(amounts.reduce((total, amount) => total + BigInt(amount), 0n));

/** Amounts and currency as they are. */
function refundText({ figures, currency }: ExaminedEntry): string {
  return [...ENTRY_FIGURES.map((name) => figures[name]), currency].join(' ');
}

/** Amounts and currency as they follow from the sale; empty where that is gone or has no units. */
function expectedRefundText({ sale, refund }: ExaminedEntry): string {
  if (sale === undefined || refund === undefined || sale.quantity === 0) return '';
  const reversed = reversedAmounts(sale, refund.priorQuantity, refund.quantity);
  return [...ENTRY_FIGURES.map((name) => 0 - reversed[name]), sale.currency].join(' ');
}

const comesBeforeItsSale = ({ refund, settledOn }: ExaminedEntry): boolean => (refund?.originalOn ?? '') > settledOn;
