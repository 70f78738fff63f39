/**
 * Bulk transfers in records of fixed width, as the bulk transfer files (대량이체) of Korean banks are: docs/bank-files.md describes every field. Widths are bytes of code
 * page 949, in which a character of ASCII has one and every other one has two.
 */
import type { BankLayout, ReadLine, ResultMeaning, ResultRecord, TransferFile, TransferRow } from './bank-layout.js';

/** Bytes of a record, its line end aside. */
const RECORD_BYTES = 120;
const HOLDER_BYTES = 20;
const REMARK_BYTES = 14;
const TRANSFERS_MARK = 'MGTRAN01';
const RESULTS_MARK = 'MGRSLT01';

/** Legal forms and how they are written in short. */
const LEGAL_FORMS: readonly (readonly [RegExp, string])[] = [
  [/주식회사|㈜/gu, '(주)'],
  [/유한책임회사/gu, '(유)'],
  [/유한회사/gu, '(유)'],
  [/합자회사/gu, '(자)'],
  [/합명회사/gu, '(명)'],
  [/사단법인/gu, '(사)'],
  [/재단법인/gu, '(재)'],
];

const RESULTS: Readonly<Record<string, ResultMeaning>> = {
  '0000': { outcome: 'paid' },
  '0101': { outcome: 'failed', reason: 'ACCOUNT_NOT_FOUND' },
  '0102': { outcome: 'failed', reason: 'ACCOUNT_CLOSED' },
  '0103': { outcome: 'failed', reason: 'ACCOUNT_BLOCKED' },
  '0104': { outcome: 'failed', reason: 'HOLDER_DIFFERS' },
  '0201': { outcome: 'failed', reason: 'LIMIT_EXCEEDED' },
  '0202': { outcome: 'failed', reason: 'INSUFFICIENT_BALANCE' },
  '0301': { outcome: 'failed', reason: 'BANK_UNAVAILABLE' },
  '0999': { outcome: 'failed', reason: 'BANK_REFUSED' },
  '9001': { outcome: 'returned', reason: 'RETURNED_BY_BANK' },
};

/** Bytes of a text in code page 949. */
const bytesOf = (text: string): number =>
  [...text].reduce((sum, character) => sum + ((character.codePointAt(0) ?? 0) < 0x80 ? 1 : 2), 0);

const padded = (text: string, bytes: number): string => text + ' '.repeat(bytes - bytesOf(text));
const digits = (value: number | bigint, width: number): string => String(value).padStart(width, '0');
const record = (text: string): string[] => [padded(text, RECORD_BYTES)];

/** As much of a text as fits; no character is halved. */
function cut(text: string, bytes: number): string {
  let kept = '';
  for (const character of text) {
    if (bytesOf(kept + character) > bytes) break;
    kept += character;
  }
  return kept;
}

/** A holder that is too long gets the short form of its legal form, then loses its spaces. The name itself is never cut. */
function fitHolder(holder: string): string | undefined {
  const short = LEGAL_FORMS.reduce((text, [form, sign]) => text.replace(form, sign), holder);
  return [holder, short, short.replaceAll(' ', '')].find((text) => bytesOf(text) <= HOLDER_BYTES);
}

const compact = (date: string): string => date.replaceAll('-', '');
const dated = (text: string): string => `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}`;

function write({ fileId, transferOn }: TransferFile, rows: readonly TransferRow[]): string[][] {
  const total = rows.reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
  return [
    record(`S${TRANSFERS_MARK}${padded(fileId, 20)}${compact(transferOn)}`),
    ...rows.map((row, i) =>
      record(
        `D${digits(i + 1, 7)}${row.bankCode}${padded(row.accountNumber, 20)}${digits(row.amountMinor, 13)}` +
          `${padded(row.holder, HOLDER_BYTES)}${padded(cut(row.remark, REMARK_BYTES), REMARK_BYTES)}${padded(row.reference, 20)}`,
      ),
    ),
    record(`E${digits(rows.length, 7)}${digits(total, 15)}`),
  ];
}

function readLine({ line, fields: [text = ''] }: ReadLine): ResultRecord {
  const broken = (
    reason: 'LINE_LENGTH_WRONG' | 'RECORD_UNKNOWN' | 'HEADER_MISSING',
    message: string,
  ): ResultRecord => ({
    kind: 'broken',
    ...{ line, reason, message },
  });
  const bytes = bytesOf(text);
  if (bytes !== RECORD_BYTES)
    return broken('LINE_LENGTH_WRONG', `the record has ${bytes} bytes and not ${RECORD_BYTES}`);
  // Up to the message all fields are ASCII, so characters are bytes there.
  const at = (from: number, length: number): string => text.slice(from, from + length);
  switch (text[0]) {
    case 'S':
      return at(1, 8) === RESULTS_MARK
        ? { kind: 'header', line, fileId: at(9, 20).trimEnd() }
        : broken('HEADER_MISSING', `the header does not say ${RESULTS_MARK}, so it is no file of results`);
    case 'R': {
      const [sequence, reference, amount] = [at(1, 7), at(8, 20).trimEnd(), at(28, 13)];
      const [code, date, message] = [at(41, 4), dated(at(45, 8)), text.slice(53).trim()];
      return { kind: 'result', line, sequence, reference, date, amount, currency: 'KRW', code, message };
    }
    case 'E':
      return { kind: 'trailer', line, count: at(1, 7), total: at(8, 15), currency: 'KRW' };
    default:
      return broken('RECORD_UNKNOWN', 'the record begins with none of S, R and E');
  }
}

export const fixedWidthLayout: BankLayout = {
  name: 'fixed-width',
  encoding: 'cp949',
  lines: 'fixed',
  extension: 'txt',
  currencies: ['KRW'],
  amountMax: 9_999_999_999_999n,
  totalMax: 999_999_999_999_999n,
  rowsMax: 9_999_999,
  fitHolder,
  write,
  read: readLine,
  results: RESULTS,
};
