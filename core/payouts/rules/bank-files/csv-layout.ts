/** Bulk transfers as CSV, UTF-8: docs/bank-files.md describes every column. */
import { formatAmount, MAX_MINOR } from '../../../../kernel/money.js';
import type { BankLayout, ReadLine, ResultMeaning, ResultRecord, TransferFile, TransferRow } from './bank-layout.js';

const TRANSFER_COLUMNS = [
  'record',
  'sequence',
  'reference',
  'date',
  'bank_code',
  'account_number',
  'holder',
  'amount',
  'currency',
  'remark',
] as const;
const RESULT_COLUMNS = ['record', 'sequence', 'reference', 'date', 'amount', 'currency', 'result', 'message'] as const;

const RESULTS: Readonly<Record<string, ResultMeaning>> = {
  PAID: { outcome: 'paid' },
  ACCOUNT_NOT_FOUND: { outcome: 'failed', reason: 'ACCOUNT_NOT_FOUND' },
  ACCOUNT_CLOSED: { outcome: 'failed', reason: 'ACCOUNT_CLOSED' },
  ACCOUNT_BLOCKED: { outcome: 'failed', reason: 'ACCOUNT_BLOCKED' },
  HOLDER_DIFFERS: { outcome: 'failed', reason: 'HOLDER_DIFFERS' },
  LIMIT_EXCEEDED: { outcome: 'failed', reason: 'LIMIT_EXCEEDED' },
  INSUFFICIENT_BALANCE: { outcome: 'failed', reason: 'INSUFFICIENT_BALANCE' },
  BANK_UNAVAILABLE: { outcome: 'failed', reason: 'BANK_UNAVAILABLE' },
  REFUSED: { outcome: 'failed', reason: 'BANK_REFUSED' },
  RETURNED: { outcome: 'returned', reason: 'RETURNED_BY_BANK' },
};

function write({ fileId, transferOn }: TransferFile, rows: readonly TransferRow[]): string[][] {
  const currency = rows[0]?.currency ?? '';
  const total = rows.reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
  return [
    [...TRANSFER_COLUMNS],
    ...rows.map((row, i) => [
      ...['TRANSFER', String(i + 1), row.reference, transferOn, row.bankCode, row.accountNumber, row.holder],
      ...[formatAmount(row.amountMinor, row.currency), row.currency, row.remark],
    ]),
    ['TOTAL', String(rows.length), fileId, transferOn, '', '', '', formatAmount(total, currency), currency, ''],
  ];
}

function readLine({ line, fields }: ReadLine): ResultRecord {
  if (fields[0] === 'record')
    return fields.join() === RESULT_COLUMNS.join()
      ? { kind: 'header', line }
      : { kind: 'broken', line, reason: 'HEADER_MISSING', message: `the columns are not ${RESULT_COLUMNS.join()}` };
  const [record, sequence = '', reference = '', date = '', amount = '', currency = '', code = '', message = ''] =
    fields;
  if (record !== 'RESULT' && record !== 'TOTAL')
    return { kind: 'broken', line, reason: 'RECORD_UNKNOWN', message: 'the line begins with neither RESULT nor TOTAL' };
  if (fields.length !== RESULT_COLUMNS.length)
    return {
      kind: 'broken',
      line,
      reason: 'LINE_LENGTH_WRONG',
      message: `the line has ${fields.length} columns and not ${RESULT_COLUMNS.length}`,
    };
  return record === 'RESULT'
    ? { kind: 'result', line, sequence, reference, date, amount, currency, code, message }
    : { kind: 'trailer', line, count: sequence, fileId: reference, total: amount, currency };
}

export const csvLayout: BankLayout = {
  name: 'csv',
  encoding: 'utf-8',
  lines: 'csv',
  extension: 'csv',
  currencies: null,
  amountMax: BigInt(MAX_MINOR),
  totalMax: BigInt(MAX_MINOR),
  rowsMax: 1_000_000,
  fitHolder: (holder) => holder,
  write,
  read: readLine,
  results: RESULTS,
};
