/** A statement as a PDF for the seller, in Korean or English. The same statement gives the same bytes. */
import { readableBusinessNumber } from '../../../kernel/business-number.js';
import { readableAmount } from '../../../kernel/money.js';
import { feeVatParts } from '../../settlement/rules/currency-totals.js';
import type { Statement } from '../rules/statement.js';
import type { StatementSettlement } from '../rules/statement-rows.js';
import { type PdfColumn, PdfPages, type PdfRow, WIDTH } from './pdf-page.js';
import {
  balanceRows,
  entriesOf,
  informationRows,
  netRow,
  netRows,
  readableMoment,
  type StatementDocument,
  type SumRow,
} from './statement-document.js';
import { numberOf } from './tables.js';
import { kindName, type Language, type Words, words } from './words.js';

/**
 * Writes the file.
 * @param timeZone of the platform, in which the moment of issue is shown
 * @param sink takes bytes and resolves when there may be more of them
 */
export async function writeStatementPdf(
  document: StatementDocument,
  language: Language,
  timeZone: string,
  sink: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  const { statement, platform } = document;
  const text = words[language];
  const pages = new PdfPages({
    title: `${text.title} ${statement.sellerId} ${statement.currency} ${statement.number}`,
    author: platform.name,
    language: { ko: 'ko-KR', en: 'en' }[language],
    createdAt: new Date(statement.issuedAt ?? `${statement.closesOn}T00:00:00Z`),
  });
  pages.title(text.title, statement.state === 'draft' ? text.draft : '');
  pages.facts(factsOf(document, text, timeZone));
  if (document.notPaid !== null) {
    pages.heading(text.notPaid);
    pages.paragraph(`${text.reasons[document.notPaid]} (${document.notPaid})`);
  }
  sums(pages, statement, text);
  balance(pages, statement, text);
  await settlements(pages, document, text);
  await items(pages, document, text);
  await pages.end((page, of) => [`${text.hash} ${statement.hash}`, text.page(page, of)], sink);
}

function factsOf(
  { statement, platform, seller }: StatementDocument,
  text: Words,
  timeZone: string,
): (readonly [string, string])[] {
  const { issuedAt, paidOn } = statement;
  const numberOf = (digits: string | null | undefined): string => (digits ? readableBusinessNumber(digits) : '-');
  return [
    [text.platform, platform.name],
    [text.seller, seller?.name ?? text.notRegistered],
    [text.businessNumber, numberOf(platform.businessNumber)],
    [text.businessNumber, numberOf(seller?.businessNumber)],
    [text.number, String(statement.number)],
    [text.sellerId, statement.sellerId],
    [text.period, `${statement.periodFrom} ~ ${statement.closesOn}`],
    [text.currency, statement.currency],
    [text.payoutOn, statement.payoutOn],
    [text.status, text.states[statement.state]],
    [text.terms, text.termsVersion(statement.termsVersion, statement.termsSeller !== null)],
    [text.calendar, text.calendarVersion(statement.calendarVersion)],
    [text.issuedAt, issuedAt === null ? '-' : readableMoment(issuedAt, timeZone)],
    [text.paidOn, paidOn ?? '-'],
  ];
}

const left = (label: string, width: number): PdfColumn => ({ label, width, align: 'left' });
const right = (label: string, width: number): PdfColumn => ({ label, width, align: 'right' });

function sums(pages: PdfPages, statement: Statement, text: Words): void {
  const amounts = (row: SumRow): string[] =>
    [row.sales, row.refunds, row.sum].map((minor) => readableAmount(minor, statement.currency));
  const shown = (row: SumRow, bold = false): PdfRow => ({ cells: [text[row.name] as string, ...amounts(row)], bold });
  const columns = [
    left(text.settled, WIDTH - 330),
    right(text.sales, 110),
    right(text.refunds, 110),
    right(text.sum, 110),
  ];
  const entries = entriesOf(statement).map((count) => count.toLocaleString('en-US'));
  pages.heading(`${text.settled} (${statement.currency})`);
  pages.table(columns, [
    { cells: [text.entries, ...entries] },
    ...netRows(statement).map((row) => shown(row)),
    shown(netRow(statement), true),
    { cells: [text.alsoShown] },
    ...informationRows(statement).map((row) => shown(row)),
  ]);
}

function balance(pages: PdfPages, statement: Statement, text: Words): void {
  const { currency } = statement;
  pages.heading(`${text.balance} (${currency})`);
  pages.table(
    [left(text.balance, WIDTH - 150), right(text.amount, 150)],
    balanceRows(statement, text, ({ kind }) => kindName(text, kind)).map(({ label, amountMinor, total }) => ({
      cells: [label, readableAmount(amountMinor, currency)],
      bold: total,
    })),
  );
}

/** The amounts of a settlement as they add up to its net; deductions are negative. */
const settlementAmounts = ({ figures }: StatementSettlement): bigint[] => [
  figures.itemAmount,
  -figures.sellerDiscount,
  figures.shippingFee,
  -figures.fee,
  -feeVatParts(figures).feeVatOnTop,
  -(figures.pgFee + figures.pgFeeVat),
  figures.net,
];

async function settlements(pages: PdfPages, document: StatementDocument, text: Words): Promise<void> {
  const { currency } = document.statement;
  const rows: PdfRow[] = [];
  for await (const one of document.settlements)
    rows.push({
      cells: [
        one.settledOn,
        String(one.generation),
        one.sales.toLocaleString('en-US'),
        one.refunds.toLocaleString('en-US'),
        ...settlementAmounts(one).map((minor) => readableAmount(minor, currency)),
      ],
    });
  const amounts = [text.itemAmount, text.discount, text.shippingFee, text.fees, text.vat, text.pg, text.net];
  const keys = [left(text.settledOn, 52), right(text.generation, 26), right(text.sales, 36), right(text.refunds, 36)];
  const width = (WIDTH - 150) / amounts.length;
  pages.heading(`${text.settlements} (${currency})`);
  if (rows.length === 0) pages.paragraph(text.nothing);
  else pages.table([...keys, ...amounts.map((label) => right(label, width))], rows, 7);
}

async function items(pages: PdfPages, document: StatementDocument, text: Words): Promise<void> {
  const { currency } = document.statement;
  const rows: PdfRow[] = [];
  for await (const { effectiveOn, transactionId, kind, reason, amountMinor } of document.items)
    rows.push({
      cells: [
        effectiveOn,
        numberOf({ transactionId }),
        kindName(text, kind),
        reason,
        readableAmount(amountMinor, currency),
      ],
    });
  const columns = [
    left(text.date, 58),
    left(text.transactionId, 62),
    left(text.kind, 110),
    left(text.reason, WIDTH - 340),
    right(text.amount, 110),
  ];
  pages.heading(`${text.transactions} (${currency})`);
  if (rows.length === 0) pages.paragraph(text.nothing);
  else pages.table(columns, rows);
}
