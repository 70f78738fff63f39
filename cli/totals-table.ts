/** Totals in the order in which people add them up: one column for each currency, from the item amount down to the net. */
import { money, tableText } from './output.js';

type Amount = number | bigint;

/** The totals of a currency that the table needs, as in the report of a settle command. */
interface ShownTotals {
  readonly currency: string;
  readonly itemAmount: Amount;
  readonly sellerDiscount: Amount;
  readonly platformDiscount: Amount;
  readonly shippingFee: Amount;
  readonly fee: Amount;
  readonly feeVatOnTop: Amount;
  readonly feeVatContained: Amount;
  readonly pgFee: Amount;
  readonly pgFeeVat: Amount;
  readonly net: Amount;
}

/** The first lines, with their signs, add up to the net; amounts in brackets are not part of the sum. */
const LINES: readonly (readonly [text: string, name: Exclude<keyof ShownTotals, 'currency'>])[] = [
  ['  item amount', 'itemAmount'],
  ['- seller discount', 'sellerDiscount'],
  ['+ shipping fee', 'shippingFee'],
  ['- fee', 'fee'],
  ['- fee VAT on top', 'feeVatOnTop'],
  ['- PG fee', 'pgFee'],
  ['- PG fee VAT', 'pgFeeVat'],
  ['= net to sellers', 'net'],
  ['(fee VAT contained in the fee)', 'feeVatContained'],
  ['(platform discount, paid by the platform)', 'platformDiscount'],
];

export function totalsTable(totals: readonly ShownTotals[]): string {
  const currencies = totals.map(({ currency }) => currency);
  return tableText(
    ['totals', ...currencies],
    LINES.map(([text, name]) => [text, ...totals.map((sums) => money(sums[name], sums.currency))]),
    currencies,
  );
}
