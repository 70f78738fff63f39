/** The XML of a workbook of plain tables: cells, rows, the head of a sheet, and the parts that hold the sheets together. */

import type { Cell } from './database.js';

export interface SheetColumn {
  readonly name: string;
  /** Cells of `text` are never read as numbers or run as formulas. An `amount` shows as many decimals as it is written with. */
  readonly kind: 'text' | 'count' | 'amount' | 'date';
}

/** A cell for each column: amounts as decimal text (`-58.90`), dates as YYYY-MM-DD, counts as digits. An empty text is an empty cell. */
export type SheetRow = readonly Cell[];

/** The most decimals of an amount; no currency has more. */
const DECIMALS_MAX = 4;
/** The digits that a spreadsheet, which calculates in binary fractions, shows without loss. */
const EXACT_DIGITS = 15;
/** Widths in digits. An amount wider than its column would be shown as ####. A hash in hexadecimal digits, which has 64, is shown whole. */
const WIDTH_MIN = 8;
const AMOUNT_WIDTH_MIN = 18;
const WIDTH_MAX = 66;
/** How much wider than plain letters bold ones are. */
const BOLD = 1.15;

/** The formats of cells, by their position in `styles.xml`. The formats of amounts follow, by the number of decimals. */
const STYLE = { head: 1, text: 2, count: 3, date: 4, digits: 5, headOfNumbers: 6, amount: 7 } as const;

const DAY_MS = 86_400_000;
/** The day 0 of spreadsheets; right for every date after February 1900. */
const DAY_ZERO = Date.UTC(1899, 11, 30);

const MARKS: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const SPECIAL = /[&<>"\p{Cc}]|_(?=x[0-9A-Fa-f]{4}_)/gu;

/** Text as XML; a control character, most of which XML cannot hold, is written as `_x0007_`, and text that looks like that is kept from being read so. */
const xmlText = (text: string): string =>
  text.replace(SPECIAL, (found) => {
    return MARKS[found] ?? `_x${found.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}_`;
  });

/** The letters of a column: 0 is A, 26 is AA. */
const letters = (at: number): string =>
  (at < 26 ? '' : letters(Math.floor(at / 26) - 1)) + String.fromCharCode(65 + (at % 26));
const LETTERS = Array.from({ length: 100 }, (_, at) => letters(at));

const textCell = (at: string, style: number, text: string): string =>
  `<c r="${at}" s="${style}" t="inlineStr"><is><t xml:space="preserve">${xmlText(text)}</t></is></c>`;
const numberCell = (at: string, style: number, digits: string | number): string =>
  `<c r="${at}" s="${style}"><v>${digits}</v></c>`;

/** A number. One with more digits than a spreadsheet keeps is written as text, because another number would be shown. */
function amountCell(at: string, text: string): string {
  if (text.replace(/^-?[0.]*|\./g, '').length > EXACT_DIGITS) return textCell(at, STYLE.digits, text);
  const point = text.indexOf('.');
  return numberCell(at, STYLE.amount + (point < 0 ? 0 : text.length - point - 1), text);
}

function cellXml({ kind }: SheetColumn, cell: Cell, at: string): string {
  if (cell === '') return '';
  switch (kind) {
    case 'text':
      return textCell(at, STYLE.text, String(cell));
    case 'count':
      return numberCell(at, STYLE.count, String(cell));
    case 'date':
      return numberCell(at, STYLE.date, (Date.parse(`${cell}T00:00:00Z`) - DAY_ZERO) / DAY_MS);
    case 'amount':
      return amountCell(at, String(cell));
  }
}

/** @param number of the row, from 1 */
export function rowXml(row: SheetRow, columns: readonly SheetColumn[], number: number): string {
  let xml = `<row r="${number}">`;
  for (let at = 0; at < columns.length; at += 1)
    xml += cellXml(columns[at] as SheetColumn, row[at] ?? '', `${LETTERS[at]}${number}`);
  return `${xml}</row>`;
}

const isOfNumbers = ({ kind }: SheetColumn): boolean => kind === 'amount' || kind === 'count';

/** Characters that are twice as wide as a digit. */
const WIDE = /[\p{Script=Hangul}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\uFF01-\uFF60]/gu;

/** How wide a text is shown, in digits. */
const widthOf = (text: string): number => text.length + (text.match(WIDE)?.length ?? 0);

/** The width of a column, in digits, that shows its name, which is bold, and the cells of these rows. */
export function shownWidth(column: SheetColumn, rows: readonly SheetRow[], at: number): number {
  let width = Math.max(Math.ceil(widthOf(column.name) * BOLD), column.kind === 'amount' ? AMOUNT_WIDTH_MIN : WIDTH_MIN);
  for (const row of rows) {
    const cell = widthOf(String(row[at] ?? ''));
    // Thousands are separated when they are shown.
    width = Math.max(width, isOfNumbers(column) ? cell + Math.floor(cell / 3) : cell);
  }
  return Math.min(width, WIDTH_MAX) + 2;
}

const DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const RELATIONS = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006';

/** A sheet up to the rows behind its head. On paper it is as wide as the page; `printTitles` repeats the head on each page. */
export function sheetHead(columns: readonly SheetColumn[], widths: readonly number[]): string {
  const cols = widths.map((width, i) => `<col min="${i + 1}" max="${i + 1}" width="${width}" customWidth="1"/>`);
  const cells = columns.map((column, at) =>
    textCell(`${LETTERS[at]}1`, isOfNumbers(column) ? STYLE.headOfNumbers : STYLE.head, column.name),
  );
  return (
    `${DECLARATION}<worksheet xmlns="${MAIN}"><sheetPr><pageSetUpPr fitToPage="1"/></sheetPr><sheetViews><sheetView workbookViewId="0">` +
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>' +
    `<cols>${cols.join('')}</cols><sheetData><row r="1">${cells.join('')}</row>`
  );
}

/** The end of a sheet: it is printed on A4, across. */
export const SHEET_END =
  '</sheetData><pageSetup paperSize="9" orientation="landscape" fitToWidth="1" fitToHeight="0"/></worksheet>';

const RIGHT = '<alignment horizontal="right"/>';

/** The formats of cells in the order of STYLE. */
function stylesXml(): string {
  const decimals = Array.from({ length: DECIMALS_MAX + 1 }, (_, count) => count);
  const formats = decimals.map((count) => (count === 0 ? '#,##0' : `#,##0.${'0'.repeat(count)}`));
  const format = (id: number, code: string): string => `<numFmt numFmtId="${id}" formatCode="${code}"/>`;
  const cell = (id: number, font = 0, inner = ''): string =>
    `<xf numFmtId="${id}" fontId="${font}" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1" applyAlignment="1">${inner}</xf>`;
  const cells = [
    cell(0),
    cell(49, 1), // text, bold
    cell(49),
    cell(3), // a whole number with separated thousands
    cell(164),
    cell(49, 0, RIGHT),
    cell(49, 1, RIGHT),
    ...decimals.map((count) => cell(165 + count)),
  ];
  return (
    `${DECLARATION}<styleSheet xmlns="${MAIN}"><numFmts count="${formats.length + 1}">${format(164, 'yyyy\\-mm\\-dd')}` +
    `${formats.map((code, count) => format(165 + count, code)).join('')}</numFmts>` +
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>' +
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>' +
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>' +
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>' +
    `<cellXfs count="${cells.length}">${cells.join('')}</cellXfs></styleSheet>`
  );
}

/** Repeats the head of each sheet at the top of each page. */
function printTitles(names: readonly string[]): string {
  const titles = names.map(
    (name, i) =>
      `<definedName name="_xlnm.Print_Titles" localSheetId="${i}">${xmlText(`'${name.replaceAll("'", "''")}'!$1:$1`)}</definedName>`,
  );
  return `<definedNames>${titles.join('')}</definedNames>`;
}

/** Path and text of every part except the sheets, which have these names in this order. */
export function workbookParts(names: readonly string[]): [path: string, xml: string][] {
  const numbers = names.map((_, i) => i + 1);
  const type = (part: string, of: string): string =>
    `<Override PartName="/xl/${part}.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.${of}+xml"/>`;
  const relation = (id: string, of: string, target: string): string =>
    `<Relationship Id="${id}" Type="${RELATIONS}/${of}" Target="${target}"/>`;
  const relations = (inner: string): string =>
    `${DECLARATION}<Relationships xmlns="${PACKAGE}/relationships">${inner}</Relationships>`;
  const sheets = names.map((name, i) => `<sheet name="${xmlText(name)}" sheetId="${i + 1}" r:id="rId${i + 1}"/>`);
  return [
    ['xl/styles.xml', stylesXml()],
    [
      'xl/workbook.xml',
      `${DECLARATION}<workbook xmlns="${MAIN}" xmlns:r="${RELATIONS}"><sheets>${sheets.join('')}</sheets>${printTitles(names)}</workbook>`,
    ],
    [
      'xl/_rels/workbook.xml.rels',
      relations(
        numbers.map((n) => relation(`rId${n}`, 'worksheet', `worksheets/sheet${n}.xml`)).join('') +
          relation(`rId${names.length + 1}`, 'styles', 'styles.xml'),
      ),
    ],
    ['_rels/.rels', relations(relation('rId1', 'officeDocument', 'xl/workbook.xml'))],
    [
      '[Content_Types].xml',
      `${DECLARATION}<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
        '<Default Extension="xml" ContentType="application/xml"/>' +
        `${type('workbook', 'sheet.main')}${type('styles', 'styles')}` +
        `${numbers.map((n) => type(`worksheets/sheet${n}`, 'worksheet')).join('')}</Types>`,
    ],
  ];
}
