/** Reads a workbook back with a library of others. */
import { read, type WorkBook, type WorkSheet } from 'xlsx';

/** The workbook, with the formats of its cells. */
export const readWorkbook = (bytes: Uint8Array): WorkBook =>
  read(bytes, { type: 'buffer', cellNF: true, cellText: true });

export const sheetOf = (bytes: Uint8Array, name: string): WorkSheet => {
  const sheet = readWorkbook(bytes).Sheets[name];
  if (sheet === undefined) throw new Error(`the workbook has no sheet ${name}`);
  return sheet;
};

/** What a spreadsheet shows of each row, thousands unparted: what a CSV of the sheet has. */
export function shownRows(sheet: WorkSheet): string[][] {
  const [, last = ''] = (sheet['!ref'] ?? 'A1:A1').split(':');
  const columns = columnNumber(last.replace(/\d+/, ''));
  const rows = Number(last.replace(/\D+/, ''));
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (_, column) => {
      const cell = sheet[`${columnName(column)}${row + 1}`];
      return cell === undefined ? '' : cell.t === 'n' ? String(cell.w).replaceAll(',', '') : String(cell.v);
    }),
  );
}

const columnName = (at: number): string =>
  (at < 26 ? '' : columnName(Math.floor(at / 26) - 1)) + String.fromCharCode(65 + (at % 26));
const columnNumber = (name: string): number =>
  [...name].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0);

/** The XML of a part within the file. */
export function partOf(bytes: Uint8Array, path: string): string {
  const { files } = read(bytes, { type: 'buffer', bookFiles: true }) as WorkBook & {
    files: Record<string, { content: Uint8Array }>;
  };
  return Buffer.from(files[path]?.content ?? []).toString();
}
