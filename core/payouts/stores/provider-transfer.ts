/** Attempts to pay payouts through a provider. Whoever changes one has locked its payout. The clock is the database's. */
import { change, type Db, isoTime, isTrue, type Reading, select, type Tx } from '../../../infra/database.js';
import { type ProviderMessage, shortSaid, type TransferFailure } from '../rules/transfer-failure.js';
import type { TransferStatus } from '../rules/transfer-state.js';

export interface TransferId {
  readonly payoutId: number;
  readonly attempt: number;
}

/** An attempt, with the data of its payout. */
export interface ProviderTransfer extends TransferId {
  readonly provider: string;
  readonly status: TransferStatus;
  readonly providerKey: string | null;
  /** The provider was asked, or is being asked. */
  readonly asked: boolean;
  readonly askedBy: string | null;
  readonly askedSeconds: number;
  /** It may be handled now; nobody else does. */
  readonly due: boolean;
  readonly looks: number;
  readonly failure: TransferFailure | null;
  readonly saidCode: string | null;
  readonly paidOn: string | null;
  readonly sellerId: string;
  readonly currency: string;
  /** Minor units. */
  readonly amountMinor: bigint;
  readonly payoutOn: string;
  readonly bankAccountId: number | null;
}

const reading: Reading<ProviderTransfer> = {
  asked: isTrue,
  due: isTrue,
  askedSeconds: Number,
  amountMinor: BigInt,
};

export async function readTransfer(db: Db, { payoutId, attempt }: TransferId): Promise<ProviderTransfer | undefined> {
  const sql = `SELECT t.payout_id AS payoutId, t.attempt, t.provider, t.status, t.provider_key AS providerKey, t.asked_at IS NOT NULL AS asked,
      t.asked_by AS askedBy, COALESCE(TIMESTAMPDIFF(SECOND, t.asked_at, UTC_TIMESTAMP(3)), 0) AS askedSeconds,
      COALESCE(t.next_look_at <= UTC_TIMESTAMP(3), 0) AS due, t.looks, t.failure, t.said_code AS saidCode, t.paid_on AS paidOn,
      p.seller_id AS sellerId, p.currency, p.amount_minor AS amountMinor, p.payout_on AS payoutOn, p.bank_account_id AS bankAccountId
    FROM provider_transfer t JOIN payout p ON p.payout_id = t.payout_id WHERE t.payout_id = ? AND t.attempt = ?`;
  return (await select(db, sql, [payoutId, attempt], reading))[0];
}

/** What people see of an attempt. */
export interface ShownTransfer
  extends Pick<
    ProviderTransfer,
    'attempt' | 'provider' | 'status' | 'asked' | 'looks' | 'failure' | 'saidCode' | 'paidOn'
  > {
  readonly saidMessage: string | null;
  /** ISO 8601, UTC. Null: it is not dealt with any more. */
  readonly nextLookAt: string | null;
  readonly updatedAt: string;
}

/** The attempts of a payout through a provider, in their order. */
export const readTransfersOf = (db: Db, payoutId: number): Promise<ShownTransfer[]> =>
  select<ShownTransfer>(
    db,
    `SELECT attempt, provider, status, asked_at IS NOT NULL AS asked, looks, failure, said_code AS saidCode, said_message AS saidMessage, paid_on AS paidOn,
       next_look_at AS nextLookAt, updated_at AS updatedAt
     FROM provider_transfer WHERE payout_id = ? ORDER BY attempt`,
    [payoutId],
    { asked: isTrue, nextLookAt: isoTime, updatedAt: isoTime },
  );

/** The attempt that a payout is at. */
export async function readAttempt(
  db: Db,
  payoutId: number,
): Promise<{ attempt: number; currency: string } | undefined> {
  const sql = 'SELECT attempt, currency FROM payout WHERE payout_id = ?';
  return (await select<{ attempt: number; currency: string }>(db, sql, [payoutId]))[0];
}

/** Who is about to send an attempt, and for how long nobody else deals with it (ms). */
export interface Asking {
  readonly asker: string;
  readonly ms: number;
}

/** Stores attempts. @param asking null: nobody sends them yet, so they are due at once and certainly never left */
export async function insertTransfers(
  tx: Tx,
  ids: readonly TransferId[],
  provider: string,
  asking: Asking | null,
): Promise<void> {
  if (ids.length === 0) return;
  const [askedAt, asker, ms] = asking === null ? ['NULL', null, 0] : ['UTC_TIMESTAMP(3)', asking.asker, asking.ms];
  const row = `(?, ?, ?, 'OPEN', ${askedAt}, ?, UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`;
  await change(
    tx,
    `INSERT INTO provider_transfer (payout_id, attempt, provider, status, asked_at, asked_by, next_look_at, created_at, updated_at)
     VALUES ${ids.map(() => row).join(', ')}`,
    ids.flatMap(({ payoutId, attempt }) => [payoutId, attempt, provider, asker, ms * 1_000]),
  );
}

/** Takes an attempt that is due, for this many ms. An attempt that was never sent counts as sent from now on. @returns whether it was due */
export const takeTransfer = async (
  tx: Tx,
  { payoutId, attempt }: TransferId,
  asker: string,
  ms: number,
): Promise<boolean> =>
  (await change(
    tx,
    `UPDATE provider_transfer SET asked_by = ?, asked_at = COALESCE(asked_at, UTC_TIMESTAMP(3)),
       next_look_at = UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND, updated_at = UTC_TIMESTAMP(3)
     WHERE payout_id = ? AND attempt = ? AND status IN ('OPEN', 'PAID', 'FAILED') AND next_look_at <= UTC_TIMESTAMP(3)`,
    [asker, ms * 1_000, payoutId, attempt],
  )) === 1;

export interface TransferChange {
  readonly status: TransferStatus;
  readonly providerKey: string | null;
  readonly looks: number;
  /** Null: it is finished. */
  readonly pauseMs: number | null;
  /** It certainly never left. */
  readonly unsent: boolean;
  readonly failure: TransferFailure | null;
  readonly said: ProviderMessage | null;
  readonly paidOn: string | null;
}

/** Records the outcome of an attempt that the asker handles. @returns whether the asker still has it */
export const changeTransfer = async (
  tx: Tx,
  { payoutId, attempt }: TransferId,
  asker: string,
  made: TransferChange,
): Promise<boolean> => {
  const said = made.said && shortSaid(made.said);
  const changed = await change(
    tx,
    `UPDATE provider_transfer SET status = ?, provider_key = COALESCE(?, provider_key), looks = ?, asked_by = NULL,
       next_look_at = UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND, asked_at = IF(?, NULL, asked_at), failure = ?, said_code = ?, said_message = ?,
       paid_on = COALESCE(?, paid_on), updated_at = UTC_TIMESTAMP(3)
     WHERE payout_id = ? AND attempt = ? AND asked_by = ?`,
    [
      ...[made.status, made.providerKey, made.looks, made.pauseMs === null ? null : made.pauseMs * 1_000],
      ...[made.unsent ? 1 : 0, made.failure, said?.code ?? null, said?.message ?? null, made.paidOn],
      ...[payoutId, attempt, asker],
    ],
  );
  return changed === 1;
};

/** Attempts that are due; the longest waiting ones come first. */
export const readDueTransfers = (db: Db, rowsMax: number): Promise<TransferId[]> =>
  select<TransferId>(
    db,
    `SELECT payout_id AS payoutId, attempt FROM provider_transfer FORCE INDEX (provider_transfer_look)
     WHERE next_look_at <= UTC_TIMESTAMP(3) ORDER BY next_look_at LIMIT ?`,
    [rowsMax],
  );

/** A transfer that the provider has although its payout has continued without it. */
export interface FoundTransfer extends TransferId {
  readonly sellerId: string;
  readonly currency: string;
  /** Minor units. */
  readonly amountMinor: bigint;
}

/** The transfers without a result when their payout continued, by payout. */
export const readFoundTransfers = (db: Db): Promise<FoundTransfer[]> =>
  select<FoundTransfer>(
    db,
    `SELECT t.payout_id AS payoutId, t.attempt, p.seller_id AS sellerId, p.currency, p.amount_minor AS amountMinor
     FROM provider_transfer t JOIN payout p ON p.payout_id = t.payout_id WHERE t.failure = 'FOUND_LATER' ORDER BY t.payout_id, t.attempt`,
    [],
    { amountMinor: BigInt },
  );
