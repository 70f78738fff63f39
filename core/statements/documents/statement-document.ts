/** The content of every document of a statement, and the sums that it shows. */
import { momentIn } from '../../../infra/time-zone.js';
import { feeVatParts } from '../../settlement/rules/currency-totals.js';
import type { FigureName } from '../../settlement/rules/figures.js';
import type { NotPaidReason } from '../rules/not-paid.js';
import type { KindSum, LegTotals, Statement } from '../rules/statement.js';
import type { DocumentItem, Rows, StatementSettlement } from '../rules/statement-rows.js';
import { PAYOUT_KINDS, sumOf } from '../rules/sums.js';
import type { Words } from './words.js';

export interface StatementDocument {
  readonly statement: Statement;
  readonly platform: { readonly name: string; readonly businessNumber: string | null };
  /** Null: not registered. */
  readonly seller: { readonly name: string; readonly businessNumber: string } | null;
  /** Null: paid, or on its way. */
  readonly notPaid: NotPaidReason | null;
  /** In the order of dates and generations. */
  readonly settlements: Rows<StatementSettlement>;
  /** In the order in which they are in the ledger. */
  readonly items: Rows<DocumentItem>;
}

/** @param iso UTC */
export function readableMoment(iso: string, timeZone: string): string {
  const { date, time } = momentIn(timeZone, Date.parse(iso));
  return `${date} ${time} (${timeZone})`;
}

type Figures = Readonly<Record<FigureName, bigint>>;

/** A row of the table of sums: the totals of sales and refunds, in minor units, signed by their effect on what the seller is owed. */
export interface SumRow {
  readonly name: keyof Words & string;
  readonly sales: bigint;
  readonly refunds: bigint;
  readonly sum: bigint;
}

const row = (name: SumRow['name'], { sales, refunds }: Statement, of: (figures: Figures) => bigint): SumRow => {
  const [sale, refund] = [of(sales.figures), of(refunds.figures)];
  return { name, sales: sale, refunds: refund, sum: sale + refund };
};

/** The rows that add up to the net to the seller; deductions are negative. */
export const netRows = (statement: Statement): SumRow[] => [
  row('itemAmount', statement, (it) => it.itemAmount),
  row('sellerDiscount', statement, (it) => -it.sellerDiscount),
  row('shippingFee', statement, (it) => it.shippingFee),
  row('fee', statement, (it) => -it.fee),
  row('feeVatOnTop', statement, (it) => -feeVatParts(it).feeVatOnTop),
  row('pgFee', statement, (it) => -it.pgFee),
  row('pgFeeVat', statement, (it) => -it.pgFeeVat),
];

export const netRow = (statement: Statement): SumRow => row('net', statement, (it) => it.net);

/** The rows that do not change the net. */
export const informationRows = (statement: Statement): SumRow[] => [
  row('platformDiscount', statement, (it) => it.platformDiscount),
  row('buyerPaid', statement, (it) => it.buyerPaid),
  row('feeVatContained', statement, (it) => feeVatParts(it).feeVatContained),
];

export const entriesOf = ({ sales, refunds }: Pick<Statement, 'sales' | 'refunds'>): number[] => {
  const count = ({ entries }: LegTotals): number => entries;
  return [count(sales), count(refunds), count(sales) + count(refunds)];
};

/** A row of the table that leads from the opening balance to the closing one. */
export interface BalanceRow {
  readonly label: string;
  readonly amountMinor: bigint;
  /** A balance or a sum of the rows above, not a movement. */
  readonly total: boolean;
}

/** Opening balance, movements, earnings, payouts, closing balance. A reversal is in the same part as the transaction that it reverses. */
export function balanceRows(statement: Statement, text: Words, nameOf: (sum: KindSum) => string): BalanceRow[] {
  const { openingMinor, earnedMinor, closingMinor, sums } = statement;
  const net = netRow(statement).sum;
  const reversal = sums.find(({ kind }) => kind === 'REVERSAL');
  const payouts = sums.filter(({ kind }) => PAYOUT_KINDS.includes(kind));
  const others = sums.filter((sum) => sum !== reversal && !payouts.includes(sum));
  const earnedReversed = earnedMinor - net - sumOf(others);
  const movement = (sum: KindSum): BalanceRow => ({
    label: `${nameOf(sum)} (${sum.transactions})`,
    amountMinor: sum.amountMinor,
    total: false,
  });
  const reversed = (amountMinor: bigint): BalanceRow[] =>
    reversal === undefined || amountMinor === 0n ? [] : [{ label: nameOf(reversal), amountMinor, total: false }];
  return [
    { label: text.opening, amountMinor: openingMinor, total: true },
    { label: text.settlementsNet, amountMinor: net, total: false },
    ...others.map(movement),
    ...reversed(earnedReversed),
    { label: text.earned, amountMinor: earnedMinor, total: true },
    ...payouts.map(movement),
    ...reversed((reversal?.amountMinor ?? 0n) - earnedReversed),
    { label: text.closing, amountMinor: closingMinor, total: true },
  ];
}
