/** A statement as a workbook: its sums, its settlements and its other transactions. */
import type { Cell } from '../../../infra/database.js';
import { writeWorkbook } from '../../../infra/workbook.js';
import { readableBusinessNumber } from '../../../kernel/business-number.js';
import { type Column, columns, eachInMajorUnits, type Sink } from '../../settlement/export-rows.js';
import type { Rows } from '../rules/statement-rows.js';
import {
  balanceRows,
  informationRows,
  netRow,
  netRows,
  readableMoment,
  type StatementDocument,
} from './statement-document.js';
import { itemCells, itemColumns, settlementCells, settlementColumns } from './tables.js';
import { kindName, type Language, type Words, words } from './words.js';

const BATCH = 500;

/**
 * @param language of the names; columns of the tables are named as in CSV
 * @param timeZone of the platform, in which the moment of issue is shown
 */
export async function writeStatementWorkbook(
  document: StatementDocument,
  language: Language,
  timeZone: string,
  sink: Sink,
): Promise<void> {
  const text = words[language];
  const { currency } = document.statement;
  await writeWorkbook(sink, async (workbook) => {
    await workbook.addTable(text.title, columns('text', text.entry, text.content), [
      headRows(document, text, timeZone),
    ]);
    const sums = sumColumns(text);
    await workbook.addTable(text.settled, inWords(sums, text), eachInMajorUnits(sums, [sumRows(document, text)]));
    const balance = balanceColumns(text);
    await workbook.addTable(
      text.balance,
      inWords(balance, text),
      eachInMajorUnits(balance, [balanceCells(document, text)]),
    );
    await workbook.addTable(
      text.settlements,
      settlementColumns,
      eachInMajorUnits(
        settlementColumns,
        batches(document.settlements, (one) => settlementCells(currency, one)),
      ),
    );
    await workbook.addTable(
      text.transactions,
      itemColumns,
      eachInMajorUnits(
        itemColumns,
        batches(document.items, (one) => itemCells(currency, one)),
      ),
    );
  });
}

function headRows(
  { statement, platform, seller, notPaid }: StatementDocument,
  text: Words,
  timeZone: string,
): string[][] {
  const { issuedAt } = statement;
  const numberOf = (digits: string | null | undefined): string => (digits ? readableBusinessNumber(digits) : '');
  return [
    [text.platform, platform.name],
    [`${text.platform}: ${text.businessNumber}`, numberOf(platform.businessNumber)],
    [text.seller, seller?.name ?? text.notRegistered],
    [`${text.seller}: ${text.businessNumber}`, numberOf(seller?.businessNumber)],
    [text.sellerId, statement.sellerId],
    [text.number, String(statement.number)],
    [text.currency, statement.currency],
    [text.period, `${statement.periodFrom} ~ ${statement.closesOn}`],
    [text.payoutOn, statement.payoutOn],
    [text.status, text.states[statement.state]],
    [text.paidOn, statement.paidOn ?? ''],
    [text.notPaid, notPaid === null ? '' : `${text.reasons[notPaid]} (${notPaid})`],
    [text.terms, text.termsVersion(statement.termsVersion, statement.termsSeller !== null)],
    [text.calendar, text.calendarVersion(statement.calendarVersion)],
    [text.issuedAt, issuedAt === null ? '' : readableMoment(issuedAt, timeZone)],
    [text.hash, statement.hash],
  ];
}

const sumColumns = (text: Words): Column[] => [
  ...columns('text', text.settled, 'currency'),
  ...columns('amount', text.sales, text.refunds, text.sum),
];

function sumRows({ statement }: StatementDocument, text: Words): Cell[][] {
  const rows = [...netRows(statement), netRow(statement), ...informationRows(statement)];
  return rows.map(({ name, sales, refunds, sum }) => [
    text[name] as string,
    statement.currency,
    String(sales),
    String(refunds),
    String(sum),
  ]);
}

const balanceColumns = (text: Words): Column[] => [
  ...columns('text', text.balance, 'currency'),
  ...columns('amount', text.amount),
];

const balanceCells = ({ statement }: StatementDocument, text: Words): Cell[][] =>
  balanceRows(statement, text, ({ kind }) => kindName(text, kind)).map(({ label, amountMinor }) => [
    label,
    statement.currency,
    String(amountMinor),
  ]);

/** The columns as they are shown: amounts are converted by the column that is named `currency`. */
const inWords = (fields: readonly Column[], { currency }: Words): Column[] =>
  fields.map((one) => (one.name === 'currency' ? { ...one, name: currency } : one));

async function* batches<Row>(rows: Rows<Row>, cells: (row: Row) => Cell[]): AsyncGenerator<Cell[][]> {
  let batch: Cell[][] = [];
  for await (const row of rows) {
    batch.push(cells(row));
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  yield batch;
}
