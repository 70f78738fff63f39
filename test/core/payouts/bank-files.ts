/** Rows and result files that tests of bank files share. */
import { readBankResult } from '../../../core/payouts/bank-file.js';
import type { FileFault, RowFault, TransferRow } from '../../../core/payouts/rules/bank-files/bank-layout.js';
import type { TransferResults } from '../../../core/payouts/rules/bank-files/transfer-results.js';
import { isRefusal, type Refusal } from '../../../kernel/errors.js';
import { decided } from '../../../kernel/outcome.js';

export const FILE = { fileId: 'F12', transferOn: '2026-12-01' };

export const rowOf = (more: Partial<TransferRow> = {}): TransferRow => ({
  payoutId: 12,
  attempt: 1,
  reference: 'P12-1',
  bankCode: '088',
  accountNumber: '110123456789',
  holder: '한빛서점',
  amountMinor: 150_000n,
  currency: 'KRW',
  remark: '11월 정산',
  ...more,
});

/** What was refused, as `reference or line: reason`. */
export function faultsOf(outcome: unknown): string[] {
  if (!isRefusal(outcome)) throw new Error('nothing was refused');
  const faults = outcome.details.faults as readonly (RowFault & FileFault)[];
  return faults.map(({ reference, line, reason }) => `${reference ?? line ?? 'file'}: ${reason}`);
}

export const readText = (layout: string, text: string | Buffer): TransferResults | Refusal =>
  readBankResult(layout, Buffer.from(text as string));

export const resultsOf = (layout: string, text: string | Buffer): TransferResults => decided(readText(layout, text));

/** A result file of one layout, line by line. */
export interface Sample {
  readonly layout: string;
  readonly lines: readonly string[];
}

const fixed = (text: string): string => text.padEnd(120);

export const CSV: Sample = {
  layout: 'csv',
  lines: [
    'record,sequence,reference,date,amount,currency,result,message',
    'RESULT,1,P12-1,2026-12-01,150000,KRW,PAID,',
    'RESULT,2,P13-2,2026-12-01,70000,KRW,ACCOUNT_CLOSED,closed',
    'RESULT,3,P14-1,2026-12-02,1,KRW,RETURNED,"came back, again"',
    'TOTAL,3,F12,2026-12-01,220001,KRW,,',
  ],
};

export const FIXED: Sample = {
  layout: 'fixed-width',
  lines: [
    fixed(`SMGRSLT01${'F12'.padEnd(20)}20261201`),
    fixed(`R0000001${'P12-1'.padEnd(20)}0000000150000000020261201`),
    fixed(`R0000002${'P13-2'.padEnd(20)}0000000070000010220261201closed`),
    fixed(`R0000003${'P14-1'.padEnd(20)}0000000000001900120261202came back, again`),
    fixed('E0000003000000000220001'),
  ],
};

export const SAMPLES = [CSV, FIXED];

export const fileOf = (lines: readonly string[], end = '\r\n'): string => lines.map((line) => line + end).join('');

/** The sample with a text of one line replaced; lines count from 1. */
export function changed({ lines }: Sample, line: number, from: string, to: string): string[] {
  if (!(lines[line - 1] ?? '').includes(from)) throw new Error(`line ${line} has no ${from}`);
  return lines.map((text, i) => (i === line - 1 ? text.replace(from, to) : text));
}
