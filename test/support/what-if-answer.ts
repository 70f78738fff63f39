/** What `magam whatif --json` finds, in the words of a check over HTTP. */

type Figures = Readonly<Record<string, number>>;

interface Sums {
  readonly sellerId: string;
  readonly currency: string;
  readonly sales: number;
  readonly refunds: number;
  readonly before: Figures;
  readonly after: Figures;
}
interface MovedLine {
  readonly settledOn: string;
  readonly before: { readonly figures: Figures };
  readonly after: { readonly figures: Figures };
}
interface Found {
  readonly lines: number;
  readonly touched: number;
  readonly changed: number;
  readonly refused: number;
  readonly unreadable: number;
  readonly totals: readonly Sums[];
  readonly sellers: readonly Sums[];
  readonly movedLines: readonly MovedLine[];
}

const inMinor = (figures: Figures): Figures =>
  Object.fromEntries(Object.entries(figures).map(([name, amount]) => [`${name}Minor`, amount]));
const differenceOf = ({ before, after }: Pick<Sums, 'before' | 'after'>): Figures =>
  Object.fromEntries(Object.entries(after).map(([name, amount]) => [name, amount - (before[name] ?? Number.NaN)]));

/** Of at most 100,000 touched lines. */
export const asCheck = ({ lines, touched, changed, refused, unreadable, totals, sellers, movedLines }: Found) => ({
  ...{ lines, touched, changed, refused, unreadable, linesKept: touched },
  totals: totals.map(({ currency, sales, refunds, before, after }) => ({
    ...{ currency, sales, refunds, before: inMinor(before), after: inMinor(after) },
    difference: inMinor(differenceOf({ before, after })),
  })),
  sellers: sellers.map(({ sellerId, currency, sales, refunds, ...sums }) => ({
    ...{ sellerId, currency, lines: sales + refunds },
    netDifferenceMinor: differenceOf(sums).net,
  })),
  movedLines: movedLines.map(({ before, after, ...line }) => ({
    ...line,
    before: { ...before, figures: inMinor(before.figures) },
    after: { ...after, figures: inMinor(after.figures) },
  })),
});
