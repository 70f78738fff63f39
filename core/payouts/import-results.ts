/** Imports the bank's answer to a file of transfers: all of it, or nothing with an error that names every line that does not fit. */
import type { Tx } from '../../infra/database.js';
import { faultPoint } from '../../infra/faults.js';
import { isRefusal, type Refusal, refuse } from '../../kernel/errors.js';
import { found } from '../../kernel/outcome.js';
import { readBankResult } from './bank-file.js';
import { endPayout } from './end-payout.js';
import { lockFile, sendExported } from './export-payouts.js';
import type { TransferResult } from './rules/bank-files/transfer-results.js';
import { readFileNumber } from './rules/file-number.js';
import { type ResultStep, stepsTo } from './rules/file-transfer-state.js';
import { lockPayouts, type Payout } from './stores/payout.js';
import { endFileTransfer, type FileTransfer, type PayoutFile, readTransfersOfFile } from './stores/payout-file.js';

/** Why a result does not fit the order. */
export type ResultFaultReason =
  | 'FILE_UNKNOWN'
  | 'FILE_VOID'
  | 'LAYOUT_DIFFERS'
  | 'TRANSFER_UNKNOWN'
  | 'AMOUNT_DIFFERS'
  | 'CURRENCY_DIFFERS'
  | 'DATE_TOO_EARLY'
  | 'DATE_IN_FUTURE'
  | 'RESULT_CONTRADICTS';

interface ResultFault {
  /** From 1. */
  readonly line: number;
  readonly reason: ResultFaultReason;
  readonly message: string;
}

export interface ImportedResults {
  /** The number of the file of transfers. */
  readonly file: string;
  readonly paid: number;
  readonly failed: number;
  readonly returned: number;
  /** Known already. */
  readonly unchanged: number;
  /** Payouts of the file without a result so far. */
  readonly open: number;
}

interface Fitting {
  readonly result: TransferResult;
  readonly steps: readonly ResultStep[];
}

/**
 * Imports a result file. The same file again changes nothing, and so does a result that is known. A file that nobody has marked as sent was given to the bank all the
 * same, so its payouts are sent first, also where a seller is owed less by now: what is missing is what the seller owes. @param today business date
 * @returns BANK_LAYOUT_UNKNOWN, BANK_RESULT_INVALID, PAYOUT_RESULT_REFUSED: then nothing was changed
 */
export async function importResults(
  tx: Tx,
  by: string,
  layout: string,
  content: Buffer,
  today: string,
): Promise<ImportedResults | Refusal> {
  const read = readBankResult(layout, content);
  if (isRefusal(read)) return read;
  const fileId = readFileNumber(read.fileId);
  const held = fileId === undefined ? undefined : await lockFile(tx, fileId);
  const no = (reason: ResultFaultReason, message: string): Refusal =>
    refuse('PAYOUT_RESULT_REFUSED', { layout, faults: [{ line: 1, reason, message }] });
  if (isRefusal(held) && held.refused === 'PAYOUT_FILE_VOID')
    return no('FILE_VOID', `the file ${read.fileId} was given up and must not have gone to the bank`);
  if (held === undefined || isRefusal(held)) return no('FILE_UNKNOWN', `there is no file ${read.fileId}`);
  const { file, payouts } = held;
  if (file.layout !== layout) return no('LAYOUT_DIFFERS', `the file ${read.fileId} was written as ${file.layout}`);
  const transfers = await readTransfersOfFile(tx, file.fileId);
  const fits = fitting(file, transfers, read.results, today);
  if ('faults' in fits) return refuse('PAYOUT_RESULT_REFUSED', { layout, faults: fits.faults });
  if (file.status === 'MADE' && read.results.length > 0) await sendExported(tx, by, file, payouts);
  await carryOut(tx, by, fits.results);
  await faultPoint('payout.results-imported');
  return summary(read.fileId, fits.results, await readTransfersOfFile(tx, file.fileId));
}

/** Each result with the steps that it leads to, or every fault. */
function fitting(
  file: PayoutFile,
  transfers: readonly FileTransfer[],
  results: readonly TransferResult[],
  today: string,
): { readonly results: Fitting[] } | { readonly faults: ResultFault[] } {
  const known = new Map(transfers.map((one) => [`${one.payoutId}-${one.attempt}`, one]));
  const faults: ResultFault[] = [];
  const fitted = results.map((result): Fitting => {
    const report = (reason: ResultFaultReason, message: string): void => {
      faults.push({ line: result.line, reason, message });
    };
    const transfer = known.get(`${result.payoutId}-${result.attempt}`);
    if (transfer === undefined) report('TRANSFER_UNKNOWN', `${result.reference} is not in this file of transfers`);
    else checkResult(file, transfer, result, today, report);
    const steps = transfer === undefined ? undefined : stepsTo(transfer.status, result.meaning.outcome);
    if (transfer !== undefined && steps === undefined)
      report(
        'RESULT_CONTRADICTS',
        `${result.reference} is known as ${transfer.status}, and not as ${result.meaning.outcome}`,
      );
    return { result, steps: steps ?? [] };
  });
  return faults.length === 0 ? { results: fitted } : { faults };
}

function checkResult(
  { transferOn }: PayoutFile,
  transfer: FileTransfer,
  { reference, amountMinor, currency, date }: TransferResult,
  today: string,
  report: (reason: ResultFaultReason, message: string) => void,
): void {
  if (currency !== transfer.currency) report('CURRENCY_DIFFERS', `${reference} was ordered in ${transfer.currency}`);
  else if (amountMinor !== transfer.amountMinor)
    report(
      'AMOUNT_DIFFERS',
      `${reference} was ordered with ${transfer.amountMinor} minor units, and not ${amountMinor}`,
    );
  if (date > today) report('DATE_IN_FUTURE', `${date} is not over`);
  if (date < transferOn) report('DATE_TOO_EARLY', `the bank was to transfer on ${transferOn}, and not before`);
}

async function carryOut(tx: Tx, by: string, results: readonly Fitting[]): Promise<void> {
  const moving = results.filter(({ steps }) => steps.length > 0);
  const payouts = await lockPayouts(
    tx,
    moving.map(({ result }) => result.payoutId),
  );
  const byId = new Map(payouts.map((payout) => [payout.payoutId, payout]));
  for (const { result, steps } of moving) {
    let payout: Payout = found(byId.get(result.payoutId), 'PAYOUT_NOT_FOUND');
    const { meaning, date: on, code, message } = result;
    const reason = meaning.outcome === 'paid' ? null : meaning.reason;
    for (const step of steps) {
      const said = { on, failure: step === 'pay' ? null : reason, code, message };
      payout = await endPayout(tx, by, payout, step, said);
      await endFileTransfer(tx, payout, { status: STATUS_AFTER[step], ...said });
    }
  }
}

const STATUS_AFTER = { pay: 'PAID', fail: 'FAILED', return: 'RETURNED' } as const;

function summary(file: string, results: readonly Fitting[], transfers: readonly FileTransfer[]): ImportedResults {
  const last = (step: ResultStep): number => results.filter(({ steps }) => steps.at(-1) === step).length;
  return {
    file,
    ...{ paid: last('pay'), failed: last('fail'), returned: last('return') },
    unchanged: results.filter(({ steps }) => steps.length === 0).length,
    open: transfers.filter(({ status }) => status === 'SENT').length,
  };
}
