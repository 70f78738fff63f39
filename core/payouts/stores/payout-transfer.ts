/** Transfers, one for each attempt of a payout, and the files that they are in. Amounts are minor units. */
import { change, type Db, insertReturningId, isoTime, type Reading, select, type Tx } from '../../../infra/database.js';
import type { StoredBankAccount } from '../../accounts/stores/seller.js';
import type { TransferFailure } from '../rules/transfer-failure.js';
import type { TransferState } from '../rules/transfer-state.js';

export interface Transfer {
  readonly payoutId: number;
  readonly attempt: number;
  readonly sellerId: string;
  readonly currency: string;
  readonly fileId: number | null;
  readonly fileSequence: number | null;
  readonly provider: string | null;
  readonly providerKey: string | null;
  readonly state: TransferState;
  readonly amountMinor: bigint;
  readonly bankAccountId: number;
  readonly remark: string;
  /** Business dates. */
  readonly sentOn: string | null;
  readonly paidOn: string | null;
  readonly endedOn: string | null;
  readonly failure: TransferFailure | null;
  readonly saidCode: string | null;
  readonly saidMessage: string | null;
}

type Row = Omit<Transfer, 'amountMinor'> & { readonly amount: string };

const TRANSFER = `SELECT t.payout_id AS payoutId, t.attempt, p.seller_id AS sellerId, p.currency, t.file_id AS fileId, t.file_sequence AS fileSequence,
  t.provider, t.provider_key AS providerKey, t.state, t.amount_minor AS amount, t.bank_account_id AS bankAccountId, t.remark, t.sent_on AS sentOn,
  t.paid_on AS paidOn, t.ended_on AS endedOn, t.failure, t.said_code AS saidCode, t.said_message AS saidMessage
  FROM payout_transfer t JOIN payout p ON p.payout_id = t.payout_id`;

async function selectTransfers(db: Db, which: string, params: readonly unknown[]): Promise<Transfer[]> {
  const rows = await select<Row>(db, `${TRANSFER} ${which}`, params);
  return rows.map(({ amount, ...row }) => ({ ...row, amountMinor: BigInt(amount) }));
}

/** Every attempt of payouts, by payout and attempt. */
export const readTransfersOf = (db: Db, payoutIds: readonly number[]): Promise<Transfer[]> =>
  payoutIds.length === 0
    ? Promise.resolve([])
    : selectTransfers(db, 'WHERE t.payout_id IN (?) ORDER BY t.payout_id, t.attempt', [payoutIds]);

/** The transfers of a file, in its order. */
export const readTransfersOfFile = (db: Db, fileId: number): Promise<Transfer[]> =>
  selectTransfers(db, 'WHERE t.file_id = ? ORDER BY t.file_sequence', [fileId]);

export type NewTransfer = Pick<
  Transfer,
  | 'payoutId'
  | 'attempt'
  | 'fileId'
  | 'fileSequence'
  | 'provider'
  | 'amountMinor'
  | 'bankAccountId'
  | 'remark'
  | 'sentOn'
>;

/** Orders transfers. The attempt may have been in a file that was given up; whoever orders it has locked its payout. */
export async function orderTransfers(tx: Tx, transfers: readonly NewTransfer[]): Promise<void> {
  const columns = ['file_id', 'file_sequence', 'provider', 'state', 'bank_account_id', 'remark', 'sent_on', 'sent_at'];
  await change(
    tx,
    `INSERT INTO payout_transfer (payout_id, attempt, file_id, file_sequence, provider, state, amount_minor, bank_account_id, remark, sent_on, sent_at,
       updated_at) VALUES ${transfers.map(() => `(?, ?, ?, ?, ?, 'ORDERED', ?, ?, ?, ?, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`).join(', ')}
     ON DUPLICATE KEY UPDATE ${columns.map((column) => `${column} = VALUES(${column})`).join(', ')}`,
    transfers.flatMap((one) => [
      ...[one.payoutId, one.attempt, one.fileId, one.fileSequence, one.provider, one.amountMinor.toString()],
      ...[one.bankAccountId, one.remark, one.sentOn],
    ]),
  );
}

/** What becomes of a transfer; fields that are not given stay. */
export interface TransferChange {
  readonly state: TransferState;
  readonly sentOn?: string;
  readonly paidOn?: string;
  readonly endedOn?: string;
  readonly failure?: TransferFailure;
  readonly saidCode?: string;
  readonly saidMessage?: string;
  readonly providerKey?: string;
}

const COLUMNS: Readonly<Record<keyof Omit<TransferChange, 'state'>, string>> = {
  sentOn: 'sent_on',
  paidOn: 'paid_on',
  endedOn: 'ended_on',
  failure: 'failure',
  saidCode: 'said_code',
  saidMessage: 'said_message',
  providerKey: 'provider_key',
};
const LENGTH_MAX: Readonly<Record<string, number>> = { said_code: 64, said_message: 255 };

/** Changes a transfer whose payout the caller has locked. */
export async function changeTransfer(
  tx: Tx,
  { payoutId, attempt }: Pick<Transfer, 'payoutId' | 'attempt'>,
  { state, ...changes }: TransferChange,
): Promise<void> {
  const given = Object.entries(changes).filter(([, value]) => value !== undefined);
  const columns = given.map(([name]) => COLUMNS[name as keyof typeof COLUMNS]);
  await change(
    tx,
    `UPDATE payout_transfer SET state = ?, updated_at = UTC_TIMESTAMP(3)${columns.map((column) => `, ${column} = ?`).join('')}
     WHERE payout_id = ? AND attempt = ?`,
    [
      state,
      ...given.map(([, value], i) => String(value).slice(0, LENGTH_MAX[columns[i] ?? ''] ?? 255)),
      ...[payoutId, attempt],
    ],
  );
}

/** Moves all transfers of a file. */
export const changeTransfersOfFile = (
  tx: Tx,
  fileId: number,
  state: 'SENT' | 'VOID',
  sentOn: string | null,
): Promise<number> =>
  change(
    tx,
    `UPDATE payout_transfer SET state = ?, sent_on = ?, updated_at = UTC_TIMESTAMP(3) WHERE file_id = ? AND state = 'ORDERED'`,
    [state, sentOn, fileId],
  );

/** A transfer that was ordered so long ago (minutes) may be looked up: whoever sends it has ended or is dead. */
const ORDERED_MINUTES = 5;
/** A transfer that the provider does not know after so long (minutes) was not received. */
const OVERDUE_MINUTES = 60;
/** Money comes back within so many days. */
const RETURN_DAYS = 7;

export interface OpenTransfer extends Transfer {
  /** It was last heard of or sent more than an hour ago. */
  readonly overdue: boolean;
}

/** The next transfers at a provider that are to be looked after, by payout. */
export async function readOpenTransfers(
  db: Db,
  provider: string,
  after: number,
  rowsMax: number,
): Promise<OpenTransfer[]> {
  const ids = await select<{ payoutId: number; attempt: number; overdue: number }>(
    db,
    `SELECT payout_id AS payoutId, attempt, sent_at < UTC_TIMESTAMP(3) - INTERVAL ${OVERDUE_MINUTES} MINUTE AS overdue FROM payout_transfer
     WHERE provider = ? AND payout_id > ? AND (state IN ('AWAY', 'UNKNOWN', 'SENT')
       OR (state = 'ORDERED' AND sent_at < UTC_TIMESTAMP(3) - INTERVAL ${ORDERED_MINUTES} MINUTE)
       OR (state = 'PAID' AND paid_on >= DATE(UTC_TIMESTAMP(3)) - INTERVAL ${RETURN_DAYS} DAY))
     ORDER BY payout_id LIMIT ?`,
    [provider, after, rowsMax],
  );
  const overdue = new Map(ids.map((one) => [`${one.payoutId}-${one.attempt}`, one.overdue === 1]));
  const transfers = await readTransfersOf(
    db,
    ids.map(({ payoutId }) => payoutId),
  );
  return transfers.flatMap((one) => {
    const late = overdue.get(`${one.payoutId}-${one.attempt}`);
    return late === undefined ? [] : [{ ...one, overdue: late }];
  });
}

/** Takes a transfer that never reached the provider, to send it: one process alone. */
export const claimAway = async (tx: Tx, payoutId: number, attempt: number): Promise<boolean> =>
  (await change(
    tx,
    `UPDATE payout_transfer SET state = 'ORDERED', sent_at = UTC_TIMESTAMP(3), updated_at = UTC_TIMESTAMP(3)
     WHERE payout_id = ? AND attempt = ? AND state = 'AWAY'`,
    [payoutId, attempt],
  )) === 1;

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
export type PayoutFileStatus = 'MADE' | 'SENT' | 'VOID';

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
