/** What a bank's result file says, or everything that is wrong with it: a broken file is refused whole. */
import { isBusinessDate } from '../../../../kernel/business-date.js';
import { isRefusal } from '../../../../kernel/errors.js';
import { parseAmount } from '../../../../kernel/money.js';
import { readTransferReference } from '../transfer-reference.js';
import {
  type BankLayout,
  type BrokenLine,
  currencyKnown,
  type FileFault,
  type FileFaultReason,
  type ReadLine,
  type ResultMeaning,
  type ResultRecord,
} from './bank-layout.js';

export interface TransferResult {
  /** Of the file, from 1. */
  readonly line: number;
  readonly payoutId: number;
  readonly attempt: number;
  readonly reference: string;
  /** Minor units. */
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly meaning: ResultMeaning;
  /** The code as the bank gave it. */
  readonly code: string;
  /** The bank's own words; may be empty. */
  readonly message: string;
  /** Business date on which it was paid, failed or came back. */
  readonly date: string;
}

export interface TransferResults {
  /** The file of transfers that the bank answers. */
  readonly fileId: string;
  readonly results: readonly TransferResult[];
}

type Result = Extract<ResultRecord, { kind: 'result' }>;
type Trailer = Extract<ResultRecord, { kind: 'trailer' }>;
type Report = (line: number, reason: FileFaultReason, message: string) => void;

const FILE_ID = /^[A-Za-z0-9-]{1,20}$/;

/** Reads the lines of a result file; those that could not be decoded are broken already. */
export function readTransferResults(
  layout: BankLayout,
  lines: readonly (ReadLine | BrokenLine)[],
): TransferResults | { readonly faults: readonly FileFault[] } {
  const faults: FileFault[] = [];
  const report: Report = (line, reason, message) => void faults.push({ line, reason, message });
  const records = lines.map((line) => ('fields' in line ? layout.read(line) : line));
  const header = checkOrder(records, report);
  const results = readResults(layout, records, report);
  const trailer = records.find((record): record is Trailer => record.kind === 'trailer');
  if (trailer !== undefined) checkTrailer(layout, records, trailer, results, report);
  const fileId = header?.fileId ?? trailer?.fileId ?? '';
  if (trailer !== undefined && !FILE_ID.test(fileId))
    report(
      header?.fileId === undefined ? trailer.line : header.line,
      'FILE_ID_INVALID',
      'the number of the file is missing or has another form',
    );
  if (faults.length > 0) return { faults: faults.sort((a, b) => a.line - b.line) };
  return { fileId, results: results.filter((result) => result !== undefined) };
}

/** A header first, a trailer last, one of each. */
function checkOrder(
  records: readonly ResultRecord[],
  report: Report,
): Extract<ResultRecord, { kind: 'header' }> | undefined {
  const [first] = records;
  const last = records.at(-1);
  if (first === undefined || last === undefined) {
    report(1, 'FILE_EMPTY', 'the file has no lines');
    return undefined;
  }
  if (first.kind !== 'header' && first.kind !== 'broken')
    report(first.line, 'HEADER_MISSING', 'the first line is no header');
  let ended = false;
  for (const record of records) {
    if (record.kind === 'broken') report(record.line, record.reason, record.message);
    if (record.kind === 'header' && record !== first)
      report(record.line, 'HEADER_REPEATED', 'a header stands on the first line alone');
    if (ended) report(record.line, 'TRAILER_NOT_LAST', 'a line follows the trailer');
    if (record.kind === 'trailer') ended = true;
  }
  if (!ended) report(last.line, 'TRAILER_MISSING', 'the file ends without a trailer: it was cut off');
  return first.kind === 'header' ? first : undefined;
}

/** Each result, undefined where it has a fault. */
function readResults(
  layout: BankLayout,
  records: readonly ResultRecord[],
  report: Report,
): (TransferResult | undefined)[] {
  const lineOf = new Map<string, number>();
  let expected = 0;
  return records.flatMap((record) => {
    // A broken line after the first may be a result, so it has a place in the order.
    if (record.kind === 'broken' && record !== records[0]) expected += 1;
    if (record.kind !== 'result') return [];
    expected += 1;
    if (!isNumber(record.sequence, expected))
      report(record.line, 'SEQUENCE_WRONG', `the sequence number is not ${expected}`);
    const before = lineOf.get(record.reference);
    if (before !== undefined) report(record.line, 'REFERENCE_REPEATED', `the reference stands on line ${before}, too`);
    else lineOf.set(record.reference, record.line);
    return [readResult(layout, record, report)];
  });
}

const isNumber = (text: string, expected: number): boolean => /^\d+$/.test(text) && Number(text) === expected;

function readResult(layout: BankLayout, record: Result, report: Report): TransferResult | undefined {
  const { line, reference, date, currency, code, message } = record;
  const named = readTransferReference(reference);
  const meaning = Object.hasOwn(layout.results, code) ? layout.results[code] : undefined;
  const known = currencyKnown(layout, currency);
  const amount = known ? amountOf(record.amount, currency) : undefined;
  if (named === undefined) report(line, 'REFERENCE_INVALID', 'the reference is none of a payout');
  if (!known) report(line, 'CURRENCY_WRONG', 'the currency is unknown, or not of this layout');
  else if (amount === undefined || amount === 0n) report(line, 'AMOUNT_INVALID', 'the amount is no number above zero');
  if (meaning === undefined) report(line, 'RESULT_UNKNOWN', `the result code ${JSON.stringify(code)} is not known`);
  if (!isBusinessDate(date)) report(line, 'DATE_INVALID', 'the date is no day of the calendar');
  if (named === undefined || amount === undefined || meaning === undefined) return undefined;
  return { line, ...named, reference, amountMinor: amount, currency, meaning, code, message, date };
}

function amountOf(text: string, currency: string): bigint | undefined {
  const minor = parseAmount(text, currency);
  return isRefusal(minor) ? undefined : BigInt(minor);
}

/** Count and total are those of the results. They are compared where every line could be read. */
function checkTrailer(
  layout: BankLayout,
  records: readonly ResultRecord[],
  { line, count, total, currency }: Trailer,
  results: readonly (TransferResult | undefined)[],
  report: Report,
): void {
  const whole = records.every(({ kind }) => kind !== 'broken');
  if (whole && !isNumber(count, results.length))
    report(line, 'COUNT_WRONG', `the trailer counts ${JSON.stringify(count)} results, and there are ${results.length}`);
  const said = currencyKnown(layout, currency) ? amountOf(total, currency) : undefined;
  const sum = results.reduce((before, result) => before + (result?.amountMinor ?? 0n), 0n);
  if (
    !currencyKnown(layout, currency) ||
    results.some((result) => result !== undefined && result.currency !== currency)
  )
    report(line, 'CURRENCY_WRONG', 'the trailer has another currency than the results');
  else if (said === undefined) report(line, 'AMOUNT_INVALID', 'the total is no number');
  else if (whole && !results.includes(undefined) && said !== sum)
    report(line, 'TOTAL_WRONG', `the trailer says ${said} minor units, and the results come to ${sum}`);
}
