/** The rows of a statement as tables, for CSV and for workbooks. Amounts are minor units as text. */
import type { Cell } from '../../../infra/database.js';
import { type Column, columns, FEE_VAT_PARTS } from '../../settlement/export-rows.js';
import { feeVatParts } from '../../settlement/rules/currency-totals.js';
import { columnOf, EXPORTED_SUMS } from '../../settlement/rules/figures.js';
import type { DocumentItem, StatementSettlement } from '../rules/statement-rows.js';
import type { StatementDocument } from './statement-document.js';

/** The figures of a settlement except its net. */
const FIGURES = EXPORTED_SUMS.filter((name) => name !== 'net');
const figureColumns = columns('amount', ...FIGURES.map(columnOf), ...FEE_VAT_PARTS);

function figureCells({ figures }: StatementSettlement): string[] {
  const { feeVatOnTop, feeVatContained } = feeVatParts(figures);
  return [...FIGURES.map((name) => figures[name]), feeVatOnTop, feeVatContained].map(String);
}

export const settlementColumns: readonly Column[] = [
  ...columns('date', 'settled_on'),
  ...columns('text', 'currency'),
  ...columns('count', 'generation', 'sales', 'refunds'),
  ...figureColumns,
  ...columns('amount', 'net'),
];

export const settlementCells = (currency: string, one: StatementSettlement): Cell[] => [
  one.settledOn,
  currency,
  one.generation,
  one.sales,
  one.refunds,
  ...figureCells(one),
  String(one.figures.net),
];

export const itemColumns: readonly Column[] = [
  ...columns('date', 'effective_on'),
  ...columns('text', 'currency', 'transaction_id', 'kind', 'reason'),
  ...columns('amount', 'amount'),
];

/** The number of a transaction; empty where a draft would post it. */
export const numberOf = ({ transactionId }: Pick<DocumentItem, 'transactionId'>): string =>
  transactionId === null ? '' : String(transactionId);

export const itemCells = (currency: string, one: DocumentItem): Cell[] => [
  one.effectiveOn,
  currency,
  numberOf(one),
  one.kind,
  one.reason,
  String(one.amountMinor),
];

export const movementColumns: readonly Column[] = [
  ...columns('text', 'seller_id', 'currency'),
  ...columns('count', 'statement_number'),
  ...columns('text', 'entry'),
  ...columns('date', 'date'),
  ...columns('text', 'generation', 'transaction_id', 'kind', 'reason', 'sales', 'refunds'),
  ...figureColumns,
  ...columns('amount', 'amount', 'balance'),
];

const EMPTY_FIGURES: readonly string[] = figureColumns.map(() => '');

/**
 * The movements of a statement from its opening to its closing balance, each with the balance that it leads to. Throws where they do not lead to the closing
 * balance: a document that does not add up is not written to its end.
 */
export async function* movements({ statement, settlements, items }: StatementDocument): AsyncGenerator<Cell[][]> {
  const { sellerId, currency, number, openingMinor, closingMinor } = statement;
  const row = (entry: string, date: string, ...cells: Cell[]): Cell[][] => [
    [sellerId, currency, number, entry, date, ...cells, String(balance)],
  ];
  const bare = (entry: string, date: string): Cell[][] =>
    row(entry, date, '', '', '', '', '', '', ...EMPTY_FIGURES, '');
  let balance = openingMinor;
  yield bare('opening', statement.periodFrom);
  for await (const one of settlements) {
    const { net } = one.figures;
    balance += net;
    const { settledOn, generation, sales, refunds } = one;
    yield row('settlement', settledOn, generation, '', '', '', sales, refunds, ...figureCells(one), String(net));
  }
  for await (const { effectiveOn, transactionId, kind, reason, amountMinor } of items) {
    balance += amountMinor;
    const keys = ['', numberOf({ transactionId }), kind, reason, '', ''];
    yield row('transaction', effectiveOn, ...keys, ...EMPTY_FIGURES, String(amountMinor));
  }
  if (balance !== closingMinor)
    throw new Error(
      `the rows of statement ${sellerId} ${currency} ${number} lead to ${balance}, not to ${closingMinor}`,
    );
  yield bare('closing', statement.closesOn);
}
