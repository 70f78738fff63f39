/** Files of transfers for the bank: made of the approved payouts, made again byte for byte, given to the bank or given up. */
import type { Db, Tx } from '../../infra/database.js';
import { faultPoint } from '../../infra/faults.js';
import { sha256 } from '../../infra/sha256.js';
import { isRefusal, type Refusal, refuse } from '../../kernel/errors.js';
import { decided, found } from '../../kernel/outcome.js';
import { openBankAccount } from '../accounts/bank-account.js';
import { type WrittenBankFile, writeBankFile } from './bank-file.js';
import { makeSteps, sortOut, type VoidPayout } from './payout-step.js';
import { postPayouts } from './post-payouts.js';
import type { TransferRow } from './rules/bank-files/bank-layout.js';
import { fileNumber } from './rules/file-number.js';
import { transferReference } from './rules/transfer-reference.js';
import { lockPayouts, type Payout, readApprovedIds } from './stores/payout.js';
import {
  endPayoutFile,
  type FileTransfer,
  insertPayoutFile,
  moveTransfersOfFile,
  orderTransfers,
  type PayoutFile,
  readOrderedAccounts,
  readPayoutFile,
  readTransfersOfFile,
  setContentHash,
} from './stores/payout-file.js';

/** Keys under which account numbers are encrypted: today's and former ones. */
export type AccountKeys = readonly Buffer[];

export interface Exporting {
  readonly layout: string;
  readonly currency: string;
  /** Business date on which the bank is to transfer; payouts of later dates are left out. */
  readonly transferOn: string;
  /** Payouts of a file. */
  readonly rowsMax: number;
}

/** Payouts of one file at most; the rest goes into the next. */
export const FILE_ROWS_MAX = 10_000;

/** The date on which the bank is to transfer. @param asked undefined: today @returns TRANSFER_DATE_OVER where it lies before today */
export const transferDate = (asked: string | undefined, today: string): string | Refusal =>
  asked !== undefined && asked < today ? refuse('TRANSFER_DATE_OVER', { transferOn: asked, today }) : (asked ?? today);

export interface Exported {
  /** Null: nothing is approved. */
  readonly file: PayoutFile | null;
  readonly written: WrittenBankFile | null;
  /** Left out: their approvals are void now. */
  readonly changed: readonly VoidPayout[];
}

/** The text on the seller's bank statement: 정산 and the day of the payout, as through a provider. */
const remarkOf = (payoutOn: string): string => `정산 ${payoutOn.slice(5).replace('-', '')}`;

/**
 * Puts the approved payouts of a currency into one file. Throws BANK_LAYOUT_UNKNOWN and BANK_FILE_UNWRITABLE: nothing is exported then.
 */
export async function exportPayouts(tx: Tx, by: string, keys: AccountKeys, asked: Exporting): Promise<Exported> {
  const { layout, currency, transferOn } = asked;
  const ids = await readApprovedIds(tx, currency, transferOn, asked.rowsMax);
  const locked = (await lockPayouts(tx, ids)).filter(({ status }) => status === 'APPROVED');
  const { unchanged, changed } = await sortOut(tx, by, locked);
  await faultPoint('payout.export-locked');
  if (unchanged.length === 0) return { file: null, written: null, changed };
  const totalMinor = unchanged.reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
  const sums = { transfers: unchanged.length, totalMinor };
  const fileId = await insertPayoutFile(tx, { layout, currency, transferOn, ...sums, madeBy: by });
  await orderTransfers(
    tx,
    fileId,
    unchanged.map(({ payoutId, payoutOn, attempt, amountMinor, bankAccountId }, i) => ({
      ...{ payoutId, attempt, amountMinor, bankAccountId, sequence: i + 1 },
      remark: remarkOf(payoutOn),
    })),
  );
  const written = await writeFile(tx, keys, { fileId, layout, transferOn });
  const contentHash = sha256(written.content);
  await setContentHash(tx, fileId, contentHash);
  await makeSteps(tx, by, unchanged, 'export', () => ({ file: fileNumber(fileId) }));
  await faultPoint('payout.exported');
  return { file: found(await readPayoutFile(tx, fileId), 'PAYOUT_FILE_NOT_FOUND'), written, changed };
}

async function writeFile(
  db: Db,
  keys: AccountKeys,
  { fileId, layout, transferOn }: Pick<PayoutFile, 'fileId' | 'layout' | 'transferOn'>,
): Promise<WrittenBankFile> {
  const transfers = await readTransfersOfFile(db, fileId);
  const rows = await transferRows(db, keys, transfers);
  return decided(writeBankFile(layout, { fileId: fileNumber(fileId), transferOn }, rows));
}

/** Transfers with their account numbers in clear text, only for the bank. */
async function transferRows(db: Db, keys: AccountKeys, transfers: readonly FileTransfer[]): Promise<TransferRow[]> {
  const accounts = await readOrderedAccounts(
    db,
    transfers.map(({ bankAccountId }) => bankAccountId),
  );
  return transfers.map(({ payoutId, attempt, sellerId, bankAccountId, amountMinor, currency, remark }) => {
    const account = found(accounts.get(bankAccountId), 'BANK_ACCOUNT_NOT_FOUND', { payoutId, bankAccountId });
    return {
      ...{ payoutId, attempt, amountMinor, currency, remark },
      reference: transferReference(payoutId, attempt),
      bankCode: account.bankCode,
      accountNumber: openBankAccount(keys, sellerId, account),
      holder: account.accountHolder,
    };
  });
}

/**
 * The bytes of a file, the same as when it was exported. @returns PAYOUT_FILE_NOT_FOUND, PAYOUT_FILE_VOID; PAYOUT_FILE_DIFFERS where its accounts were changed in the
 * database, or a newer program writes its layout otherwise
 */
export async function remakeFile(
  db: Db,
  keys: AccountKeys,
  fileId: number,
): Promise<{ readonly file: PayoutFile; readonly written: WrittenBankFile } | Refusal> {
  const file = await readPayoutFile(db, fileId);
  if (file === undefined) return refuse('PAYOUT_FILE_NOT_FOUND', { file: fileNumber(fileId) });
  if (file.status === 'VOID') return refuse('PAYOUT_FILE_VOID', { file: fileNumber(fileId) });
  const written = await writeFile(db, keys, file);
  const hash = sha256(written.content);
  if (hash !== file.contentHash)
    return refuse('PAYOUT_FILE_DIFFERS', { file: fileNumber(fileId), expected: file.contentHash, actual: hash });
  return { file, written };
}

export interface SentFile {
  readonly file: PayoutFile;
  /** It was marked before. */
  readonly alreadyDone: boolean;
}

/**
 * Marks a file as given to the bank: its payouts are sent, and the ledger records it. Where the account of one has changed since the export, or its seller is
 * owed less than it by now, the file must not go there: it is given up, the changed payouts have to be approved again, and the others go into the next file.
 * @returns PAYOUT_FILE_NOT_FOUND, PAYOUT_FILE_VOID, PAYOUT_CHANGED
 */
export async function markFileSent(tx: Tx, by: string, fileId: number): Promise<SentFile | Refusal> {
  const held = await lockFile(tx, fileId);
  if (isRefusal(held)) return held;
  const { file, payouts } = held;
  if (file.status === 'SENT') return { file, alreadyDone: true };
  const waiting = payouts.filter(({ status }) => status === 'EXPORTED');
  const { unchanged, changed } = await sortOut(tx, by, waiting);
  if (changed.length > 0) {
    await giveUp(tx, by, fileId, unchanged);
    return refuse('PAYOUT_CHANGED', { file: fileNumber(fileId), fileStatus: 'VOID', payouts: changed });
  }
  await sendExported(tx, by, file, unchanged);
  await faultPoint('payout.file-sent');
  return { file: found(await readPayoutFile(tx, fileId), 'PAYOUT_FILE_NOT_FOUND'), alreadyDone: false };
}

/**
 * Its payouts are sent, on the day on which the bank transfers. This step does not check whether the sellers are still owed them, because the money has left.
 */
export async function sendExported(tx: Tx, by: string, file: PayoutFile, payouts: readonly Payout[]): Promise<void> {
  const { fileId, transferOn } = file;
  await postPayouts(tx, by, 'PAYOUT_SENT', payouts, () => transferOn);
  await faultPoint('payout.sent-posted');
  await makeSteps(tx, by, payouts, 'send', () => ({ file: fileNumber(fileId), sentOn: transferOn }));
  await moveTransfersOfFile(tx, fileId, 'SENT');
  await endPayoutFile(tx, fileId, 'SENT', by);
}

/** Gives a file up that nobody has given to the bank: its payouts stay approved, for another file. @returns PAYOUT_FILE_NOT_FOUND, PAYOUT_FILE_VOID, PAYOUT_FILE_SENT */
export async function voidFile(tx: Tx, by: string, fileId: number): Promise<PayoutFile | Refusal> {
  const held = await lockFile(tx, fileId);
  if (isRefusal(held)) return held;
  if (held.file.status === 'SENT') return refuse('PAYOUT_FILE_SENT', { file: fileNumber(fileId) });
  await giveUp(tx, by, fileId, held.payouts);
  return found(await readPayoutFile(tx, fileId), 'PAYOUT_FILE_NOT_FOUND');
}

async function giveUp(tx: Tx, by: string, fileId: number, payouts: readonly Payout[]): Promise<void> {
  await makeSteps(tx, by, payouts, 'void-file', () => ({ file: fileNumber(fileId) }));
  await moveTransfersOfFile(tx, fileId, 'VOID');
  await endPayoutFile(tx, fileId, 'VOID', by);
}

/** A file that may still go to the bank, or went there, with its payouts; all locked. */
export async function lockFile(
  tx: Tx,
  fileId: number,
): Promise<{ readonly file: PayoutFile; readonly payouts: readonly Payout[] } | Refusal> {
  const transfers = await readTransfersOfFile(tx, fileId);
  const payouts = await lockPayouts(
    tx,
    transfers.map(({ payoutId }) => payoutId),
  );
  const file = await readPayoutFile(tx, fileId, true);
  if (file === undefined) return refuse('PAYOUT_FILE_NOT_FOUND', { file: fileNumber(fileId) });
  if (file.status === 'VOID') return refuse('PAYOUT_FILE_VOID', { file: fileNumber(fileId) });
  return { file, payouts };
}
