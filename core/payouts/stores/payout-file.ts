/** Files of transfers for the bank and their transfers. Every change of a file is made under the locks of its payouts. Amounts are minor units. */
import { change, type Db, insertReturningId, isoTime, type Reading, select, type Tx } from '../../../infra/database.js';
import type { StoredBankAccount } from '../../accounts/stores/seller.js';
import type { FileTransferStatus } from '../rules/file-transfer-state.js';
import { shortSaid, type TransferFailure } from '../rules/transfer-failure.js';

export interface FileTransfer {
  readonly payoutId: number;
  readonly attempt: number;
  readonly sellerId: string;
  readonly currency: string;
  readonly fileId: number;
  readonly sequence: number;
  readonly status: FileTransferStatus;
  readonly amountMinor: bigint;
  readonly bankAccountId: number;
  readonly remark: string;
  /** Business date. */
  readonly paidOn: string | null;
  /** Why it failed or came back. */
  readonly failure: TransferFailure | null;
}

const TRANSFER = `SELECT t.payout_id AS payoutId, t.attempt, p.seller_id AS sellerId, p.currency, t.file_id AS fileId, t.sequence, t.status,
  t.amount_minor AS amountMinor, t.bank_account_id AS bankAccountId, t.remark, t.paid_on AS paidOn, t.failure
  FROM file_transfer t JOIN payout p ON p.payout_id = t.payout_id`;
const transferReading: Reading<FileTransfer> = { amountMinor: BigInt };

/** The transfers of a file, in its order. @param page those after a sequence number; undefined: all of them */
export const readTransfersOfFile = (
  db: Db,
  fileId: number,
  page?: { readonly after: number; readonly limit: number },
): Promise<FileTransfer[]> =>
  page === undefined
    ? select(db, `${TRANSFER} WHERE t.file_id = ? ORDER BY t.sequence`, [fileId], transferReading)
    : select(
        db,
        `${TRANSFER} WHERE t.file_id = ? AND t.sequence > ? ORDER BY t.sequence LIMIT ?`,
        [fileId, page.after, page.limit],
        transferReading,
      );

/** Puts transfers into a file. An attempt may have been in a file that was given up. The caller has locked the payouts. */
export async function orderTransfers(
  tx: Tx,
  fileId: number,
  transfers: readonly Pick<
    FileTransfer,
    'payoutId' | 'attempt' | 'sequence' | 'amountMinor' | 'bankAccountId' | 'remark'
  >[],
): Promise<void> {
  const columns = ['file_id', 'sequence', 'status', 'bank_account_id', 'remark', 'updated_at'];
  await change(
    tx,
    `INSERT INTO file_transfer (payout_id, attempt, file_id, sequence, status, amount_minor, bank_account_id, remark, updated_at)
     VALUES ${transfers.map(() => `(?, ?, ?, ?, 'ORDERED', ?, ?, ?, UTC_TIMESTAMP(3))`).join(', ')}
     ON DUPLICATE KEY UPDATE ${columns.map((column) => `${column} = VALUES(${column})`).join(', ')}`,
    transfers.flatMap((one) => [
      ...[one.payoutId, one.attempt, fileId, one.sequence, one.amountMinor.toString(), one.bankAccountId, one.remark],
    ]),
  );
}

/** The bank's result for a transfer. */
export interface TransferEnd {
  readonly status: 'PAID' | 'FAILED' | 'RETURNED';
  /** Business date. */
  readonly on: string;
  readonly failure: TransferFailure | null;
  readonly code: string;
  readonly message: string;
}

/** Records the outcome of a transfer. */
export const endFileTransfer = (
  tx: Tx,
  { payoutId, attempt }: Pick<FileTransfer, 'payoutId' | 'attempt'>,
  { status, on, failure, ...told }: TransferEnd,
): Promise<number> => {
  const said = shortSaid(told);
  return change(
    tx,
    `UPDATE file_transfer SET status = ?, ${status === 'PAID' ? 'paid_on' : 'ended_on'} = ?, failure = ?, said_code = ?, said_message = ?,
       updated_at = UTC_TIMESTAMP(3) WHERE payout_id = ? AND attempt = ?`,
    [status, on, failure, said.code, said.message, payoutId, attempt],
  );
};

/** Moves all transfers of a file that have no result. */
export const moveTransfersOfFile = (tx: Tx, fileId: number, status: 'SENT' | 'VOID'): Promise<number> =>
  change(
    tx,
    `UPDATE file_transfer SET status = ?, updated_at = UTC_TIMESTAMP(3) WHERE file_id = ? AND status = 'ORDERED'`,
    [status, fileId],
  );

/** The seller's accounts that transfers go to, as they were ordered: the history of accounts does not change. */
export async function readOrderedAccounts(
  db: Db,
  bankAccountIds: readonly number[],
): Promise<Map<number, StoredBankAccount>> {
  if (bankAccountIds.length === 0) return new Map();
  const rows = await select<StoredBankAccount & { readonly bankAccountId: number }>(
    db,
    `SELECT bank_account_id AS bankAccountId, bank_code AS bankCode, account_holder AS accountHolder, bank_account AS sealed,
       bank_account_masked AS masked, bank_key_id AS keyId FROM seller_bank_account WHERE bank_account_id IN (?)`,
    [bankAccountIds],
  );
  return new Map(rows.map((row) => [row.bankAccountId, row]));
}

/** `MADE`: nobody has said that it went to the bank. `VOID`: it does not go there. */
export const PAYOUT_FILE_STATUSES = ['MADE', 'SENT', 'VOID'] as const;
export type PayoutFileStatus = (typeof PAYOUT_FILE_STATUSES)[number];

export interface PayoutFile {
  readonly fileId: number;
  readonly layout: string;
  readonly currency: string;
  /** Business date on which the bank is to transfer. */
  readonly transferOn: string;
  readonly status: PayoutFileStatus;
  readonly transfers: number;
  readonly totalMinor: bigint;
  /** SHA-256 of its bytes. */
  readonly contentHash: string;
  readonly madeBy: string;
  /** ISO 8601, UTC. */
  readonly madeAt: string;
  readonly sentBy: string | null;
  readonly sentAt: string | null;
}

type FileRow = Omit<PayoutFile, 'totalMinor'> & { readonly total: string };
const fileReading: Reading<FileRow> = { madeAt: isoTime, sentAt: isoTime };

async function selectFiles(db: Db, which: string, params: readonly unknown[]): Promise<PayoutFile[]> {
  const rows = await select<FileRow>(
    db,
    `SELECT file_id AS fileId, layout, currency, transfer_on AS transferOn, status, transfers, total_minor AS total, content_hash AS contentHash,
       made_by AS madeBy, made_at AS madeAt, sent_by AS sentBy, sent_at AS sentAt FROM payout_file ${which}`,
    params,
    fileReading,
  );
  return rows.map(({ total, ...row }) => ({ ...row, totalMinor: BigInt(total) }));
}

/** @param lock holds its row to the commit; the payouts of the file are locked before it */
export const readPayoutFile = async (db: Db, fileId: number, lock = false): Promise<PayoutFile | undefined> =>
  (await selectFiles(db, `WHERE file_id = ?${lock ? ' FOR UPDATE' : ''}`, [fileId]))[0];

/** Files, the newest first. */
export const listPayoutFiles = (db: Db, before: number | undefined, rowsMax: number): Promise<PayoutFile[]> =>
  before === undefined
    ? selectFiles(db, 'ORDER BY file_id DESC LIMIT ?', [rowsMax])
    : selectFiles(db, 'WHERE file_id < ? ORDER BY file_id DESC LIMIT ?', [before, rowsMax]);

export const insertPayoutFile = (
  tx: Tx,
  {
    layout,
    currency,
    transferOn,
    transfers,
    totalMinor,
    madeBy,
  }: Omit<PayoutFile, 'fileId' | 'status' | 'contentHash' | 'madeAt' | 'sentBy' | 'sentAt'>,
): Promise<number> =>
  insertReturningId(
    tx,
    `INSERT INTO payout_file (layout, currency, transfer_on, status, transfers, total_minor, made_by, made_at)
     VALUES (?, ?, ?, 'MADE', ?, ?, ?, UTC_TIMESTAMP(3))`,
    [layout, currency, transferOn, transfers, totalMinor.toString(), madeBy],
  );

export const setContentHash = (tx: Tx, fileId: number, contentHash: string): Promise<number> =>
  change(tx, 'UPDATE payout_file SET content_hash = ? WHERE file_id = ?', [contentHash, fileId]);

/** Ends a file that the caller has locked. */
export const endPayoutFile = (tx: Tx, fileId: number, status: 'SENT' | 'VOID', by: string): Promise<number> =>
  change(
    tx,
    `UPDATE payout_file SET status = ?, sent_by = ?, sent_at = UTC_TIMESTAMP(3) WHERE file_id = ? AND status = 'MADE'`,
    [status, by, fileId],
  );
