/** Files for the bank and files from it, as bytes. Their layout defines the content (rules/bank-files). */
import { TextDecoder } from 'node:util';
import { CsvError } from 'csv-parse';
import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import iconv from 'iconv-lite';
import { type Refusal, refuse } from '../../kernel/errors.js';
import type {
  BankLayout,
  BrokenLine,
  FileFaultReason,
  ReadLine,
  TransferFile,
  TransferRow,
} from './rules/bank-files/bank-layout.js';
import { BANK_LAYOUTS, bankLayout } from './rules/bank-files/registry.js';
import { readTransferResults, type TransferResults } from './rules/bank-files/transfer-results.js';
import { checkedRows } from './rules/bank-files/transfer-rows.js';

/** The longest result file that is read (bytes). */
export const RESULT_BYTES_MAX = 64 * 1024 * 1024;

/** The most lines of one: reading them takes about a second, and no file of transfers has so many. */
const RESULT_LINES_MAX = 100_000;

const UTF8_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const LINE_FEED = 0x0a;

export interface WrittenBankFile {
  /** For people: `transfers-F12.csv`. */
  readonly name: string;
  readonly content: Buffer;
}

/**
 * A file of transfers. BANK_LAYOUT_UNKNOWN; BANK_FILE_UNWRITABLE with every fault, its row and the reason: nothing is left out, and no name or amount is cut to
 * make it fit.
 */
export function writeBankFile(
  layoutName: string,
  file: TransferFile,
  rows: readonly TransferRow[],
): WrittenBankFile | Refusal {
  const layout = bankLayout(layoutName);
  if (layout === undefined) return unknownLayout(layoutName);
  if (!/^[A-Za-z0-9-]{1,20}$/.test(file.fileId)) throw new Error(`${file.fileId} is not the number of a bank file`);
  const checked = checkedRows(layout, rows, (text) => decoded(layout, encoded(layout, text)) === text);
  if ('faults' in checked) return refuse('BANK_FILE_UNWRITABLE', { layout: layoutName, faults: checked.faults });
  const lines = layout.write(file, checked);
  const text =
    layout.lines === 'csv'
      ? stringify(lines as string[][], { record_delimiter: '\r\n' })
      : lines.map(([line = '']) => `${line}\r\n`).join('');
  return { name: `transfers-${file.fileId}.${layout.extension}`, content: encoded(layout, text) };
}

/**
 * The bank's results for a file of transfers. BANK_LAYOUT_UNKNOWN; BANK_RESULT_INVALID with every fault and its line: a file with a fault is refused whole.
 */
export function readBankResult(layoutName: string, content: Buffer): TransferResults | Refusal {
  const layout = bankLayout(layoutName);
  if (layout === undefined) return unknownLayout(layoutName);
  const read = readTransferResults(layout, linesOf(layout, content));
  return 'faults' in read ? refuse('BANK_RESULT_INVALID', { layout: layoutName, faults: read.faults }) : read;
}

const unknownLayout = (layout: string): Refusal =>
  refuse('BANK_LAYOUT_UNKNOWN', { layout, layouts: BANK_LAYOUTS.map(({ name }) => name) });

const encoded = ({ encoding }: BankLayout, text: string): Buffer => iconv.encode(text, encoding);

/** Undefined: the bytes are no text in the encoding of the layout. */
function decoded({ encoding }: BankLayout, bytes: Buffer): string | undefined {
  if (encoding === 'cp949') {
    const text = iconv.decode(bytes, encoding);
    return text.includes('\uFFFD') ? undefined : text;
  }
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** The lines of a file, each decoded by itself so that a fault has its line. Lines end in CR LF or LF; the last one may have no end. */
function linesOf(layout: BankLayout, content: Buffer): (ReadLine | BrokenLine)[] {
  const broken = (line: number, reason: FileFaultReason, message: string): BrokenLine => ({
    kind: 'broken',
    ...{ line, reason, message },
  });
  const marked = content.subarray(0, 3).equals(UTF8_MARK);
  if (content.length > RESULT_BYTES_MAX)
    return [broken(1, 'FILE_TOO_LARGE', `the file has more than ${RESULT_BYTES_MAX} bytes`)];
  if (hasTooManyLines(content))
    return [broken(1, 'FILE_TOO_LARGE', `the file has more than ${RESULT_LINES_MAX} lines`)];
  if (marked && layout.encoding !== 'utf-8')
    return [broken(1, 'ENCODING_WRONG', `the file is UTF-8, and not ${layout.encoding}`)];
  const lines: (ReadLine | BrokenLine)[] = [];
  for (let at = marked ? UTF8_MARK.length : 0, line = 1; at < content.length; line += 1) {
    const feed = content.indexOf(LINE_FEED, at);
    const end = feed < 0 ? content.length : feed;
    const text = decoded(layout, content.subarray(at, end))?.replace(/\r$/, '');
    if (text === undefined) lines.push(broken(line, 'ENCODING_WRONG', `the line is no text in ${layout.encoding}`));
    else if (text.includes('\r'))
      lines.push(broken(line, 'LINE_END_WRONG', 'a carriage return is inside the line: lines end in CR LF or LF'));
    else lines.push(fieldsOf(layout, line, text) ?? broken(line, 'LINE_UNREADABLE', 'the quotes are not valid CSV'));
    at = end + 1;
  }
  return lines;
}

function hasTooManyLines(content: Buffer): boolean {
  let feed = -1;
  for (let lines = 0; lines <= RESULT_LINES_MAX; lines += 1) {
    feed = content.indexOf(LINE_FEED, feed + 1);
    if (feed < 0) return false;
  }
  return true;
}

/** Undefined: it is no line of CSV. */
function fieldsOf(layout: BankLayout, line: number, text: string): ReadLine | undefined {
  if (layout.lines === 'fixed') return { line, fields: [text] };
  try {
    const [fields = ['']] = parse(text, { relax_column_count: true });
    return { line, fields };
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    return undefined;
  }
}
