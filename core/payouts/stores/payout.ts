/** Payouts and their claims. The caller has locked the rows that it changes. Amounts are minor units. */
import {
  change,
  type Db,
  insertReturningId,
  isoTime,
  type Reading,
  select,
  selectArrays,
  type Tx,
} from '../../../infra/database.js';
import { lockBalances } from '../../ledger/stores/ledger-balance.js';
import type { PayoutStatus } from '../rules/transitions.js';

/** The state that an approval has seen, and its approver. */
export interface Approval {
  readonly amountMinor: bigint;
  readonly bankAccountId: number;
  readonly hash: string;
  readonly by: string;
  /** ISO 8601, UTC. */
  readonly at: string;
}

/** The person who proposed a payout or requested its attempt, as it was recorded then. */
export interface Maker {
  readonly name: string;
  /** Null: at the command line. */
  readonly accountId: number | null;
  /** Who had given the account its role or a password. */
  readonly accessFrom: number | null;
}

export interface Payout {
  readonly payoutId: number;
  readonly sellerId: string;
  readonly currency: string;
  /** The business date for which it was proposed. */
  readonly payoutOn: string;
  readonly amountMinor: bigint;
  readonly status: PayoutStatus;
  /** The entry of the seller's bank accounts that it goes to. */
  readonly bankAccountId: number;
  readonly attempt: number;
  readonly hash: string;
  readonly version: number;
  readonly proposedBy: string;
  /** ISO 8601, UTC. */
  readonly proposedAt: string;
  readonly updatedAt: string;
  /** Null: the schedule, which counts as no person. */
  readonly maker: Maker | null;
  /** Null: it is not approved. */
  readonly approval: Approval | null;
}

interface Row extends Omit<Payout, 'amountMinor' | 'approval' | 'maker'> {
  readonly makerName: string | null;
  readonly makerAccountId: number | null;
  readonly makerAccessFrom: number | null;
  readonly amount: string;
  readonly approvedAmount: string | null;
  readonly approvedBankAccountId: number | null;
  readonly approvedHash: string | null;
  readonly approvedBy: string | null;
  readonly approvedAt: string | null;
}

const PAYOUT = `SELECT p.payout_id AS payoutId, p.seller_id AS sellerId, p.currency, p.payout_on AS payoutOn, p.amount_minor AS amount, p.status,
  p.bank_account_id AS bankAccountId, p.attempt, p.hash, p.version, p.maker AS makerName, p.maker_account_id AS makerAccountId,
  p.maker_access_from AS makerAccessFrom, p.proposed_by AS proposedBy,
  p.proposed_at AS proposedAt, p.updated_at AS updatedAt, p.approved_amount_minor AS approvedAmount, p.approved_bank_account_id AS approvedBankAccountId,
  p.approved_hash AS approvedHash, p.approved_by AS approvedBy, p.approved_at AS approvedAt FROM payout p`;
const reading: Reading<Row> = { proposedAt: isoTime, updatedAt: isoTime, approvedAt: isoTime };

async function selectPayouts(db: Db, which: string, params: readonly unknown[]): Promise<Payout[]> {
  const rows = await select(db, `${PAYOUT} ${which}`, params, reading);
  return rows.map((row) => {
    const { amount, makerName, makerAccountId, makerAccessFrom, ...rest } = row;
    const { approvedAmount, approvedBankAccountId, approvedHash, approvedBy, approvedAt, ...payout } = rest;
    return {
      ...payout,
      amountMinor: BigInt(amount),
      maker: makerName === null ? null : { name: makerName, accountId: makerAccountId, accessFrom: makerAccessFrom },
      approval: approvalOf({ approvedAmount, approvedBankAccountId, approvedHash, approvedBy, approvedAt }),
    };
  });
}

function approvalOf(
  row: Pick<Row, 'approvedAmount' | 'approvedBankAccountId' | 'approvedHash' | 'approvedBy' | 'approvedAt'>,
): Approval | null {
  const { approvedAmount, approvedBankAccountId: bankAccountId, approvedHash: hash, approvedBy: by } = row;
  const { approvedAt: at } = row;
  if (approvedAmount === null || bankAccountId === null || hash === null || by === null || at === null) return null;
  return { amountMinor: BigInt(approvedAmount), bankAccountId, hash, by, at };
}

export const readPayout = async (db: Db, payoutId: number): Promise<Payout | undefined> =>
  (await selectPayouts(db, 'WHERE p.payout_id = ?', [payoutId]))[0];

/**
 * The payouts of these ids by id, locked until the commit. First the balances of what their sellers are owed are locked, in the order of the accounts, as by
 * everybody who moves that money.
 */
export async function lockPayouts(tx: Tx, payoutIds: readonly number[]): Promise<Payout[]> {
  if (payoutIds.length === 0) return [];
  const accounts = await select<{ accountId: number }>(
    tx,
    `SELECT DISTINCT a.account_id AS accountId FROM payout p JOIN ledger_account a
       ON a.kind = 'SELLER_PAYABLE' AND a.owner = p.seller_id AND a.currency = p.currency
     WHERE p.payout_id IN (?) ORDER BY accountId`,
    [payoutIds],
  );
  if (accounts.length > 0)
    await lockBalances(
      tx,
      accounts.map(({ accountId }) => accountId),
    );
  return selectPayouts(tx, 'WHERE p.payout_id IN (?) ORDER BY p.payout_id FOR UPDATE', [payoutIds]);
}

/** What the ledger says that the platform owes the sellers of these payouts, by payout. `lockPayouts` has locked the balances. */
export async function readOwed(tx: Tx, payoutIds: readonly number[]): Promise<Map<number, bigint>> {
  if (payoutIds.length === 0) return new Map();
  const rows = await select<{ payoutId: number; owed: string }>(
    tx,
    `SELECT p.payout_id AS payoutId, -b.amount_minor AS owed FROM payout p
     JOIN ledger_account a ON a.kind = 'SELLER_PAYABLE' AND a.owner = p.seller_id AND a.currency = p.currency
     JOIN ledger_balance b ON b.account_id = a.account_id AND b.shard = 0
     WHERE p.payout_id IN (?) FOR UPDATE`,
    [payoutIds],
  );
  return new Map(rows.map(({ payoutId, owed }) => [payoutId, BigInt(owed)]));
}

export interface PayoutFilter {
  readonly status?: PayoutStatus | undefined;
  readonly sellerId?: string | undefined;
  readonly currency?: string | undefined;
  /** Proposed for this business date. */
  readonly payoutOn?: string | undefined;
  /** Later than this id. */
  readonly after?: number | undefined;
}

/** Payouts by id, read by key. */
export async function listPayouts(
  db: Db,
  { status, sellerId, currency, payoutOn, after }: PayoutFilter,
  rowsMax: number,
): Promise<Payout[]> {
  const filters = Object.entries({ status, seller_id: sellerId, currency, payout_on: payoutOn });
  const given = filters.filter(([, value]) => value !== undefined);
  const where = ['p.payout_id > ?', ...given.map(([column]) => `p.${column} = ?`)].join(' AND ');
  const params = [after ?? 0, ...given.map(([, value]) => value), rowsMax];
  return selectPayouts(db, `WHERE ${where} ORDER BY p.payout_id LIMIT ?`, params);
}

/** Ids of the approved payouts in a currency that are due on a date, by id. */
export async function readApprovedIds(db: Db, currency: string, through: string, rowsMax: number): Promise<number[]> {
  const rows = await select<{ payoutId: number }>(
    db,
    `SELECT payout_id AS payoutId FROM payout WHERE status = 'APPROVED' AND currency = ? AND payout_on <= ? ORDER BY payout_id LIMIT ?`,
    [currency, through, rowsMax],
  );
  return rows.map(({ payoutId }) => payoutId);
}

export interface NewPayout {
  /** Null: the schedule. */
  readonly maker: Maker | null;
  readonly sellerId: string;
  readonly currency: string;
  readonly payoutOn: string;
  readonly amountMinor: bigint;
  readonly bankAccountId: number;
  readonly hash: string;
  readonly runId: number | null;
  readonly statementIds: readonly number[];
}

/** The name under which the schedule proposes. */
export const SCHEDULE = 'schedule';

/**
 * Makes payouts that claim their statements; a statement that is claimed already violates a key.
 * @param proposedAt as the database writes it @returns their ids, in the same order
 */
export async function insertPayouts(tx: Tx, payouts: readonly NewPayout[], proposedAt: string): Promise<number[]> {
  if (payouts.length === 0) return [];
  const first = await insertReturningId(
    tx,
    `INSERT INTO payout (seller_id, currency, payout_on, amount_minor, status, bank_account_id, hash, proposed_by, maker, maker_account_id, maker_access_from, run_id,
       proposed_at, updated_at) VALUES ?`,
    [
      payouts.map(({ sellerId, currency, payoutOn, amountMinor, bankAccountId, hash, maker, runId }) => [
        ...[sellerId, currency, payoutOn, amountMinor.toString(), 'CALCULATED', bankAccountId, hash],
        ...[maker?.name ?? SCHEDULE, maker?.name ?? null, maker?.accountId ?? null, maker?.accessFrom ?? null, runId],
        ...[proposedAt, proposedAt],
      ]),
    ],
  );
  // The ids of others may lie between those of these payouts. A hash names the statements, so no other payout that stands has the same.
  const rows = await selectArrays(
    tx,
    'SELECT payout_id, hash FROM payout FORCE INDEX (PRIMARY) WHERE payout_id >= ? AND run_id <=> ?',
    [first, payouts[0]?.runId ?? null],
  );
  const idOf = new Map(rows.map(([payoutId, hash]) => [hash, Number(payoutId)]));
  const ids = payouts.map(({ hash }) => {
    const payoutId = idOf.get(hash);
    if (payoutId === undefined) throw new Error(`the payout with the hash ${hash} was not made`);
    return payoutId;
  });
  await change(tx, 'INSERT INTO payout_statement (payout_id, statement_id, claimed_id) VALUES ?', [
    payouts.flatMap(({ statementIds }, i) => statementIds.map((statementId) => [ids[i], statementId, statementId])),
  ]);
  return ids;
}

/** Moves a payout that the caller has locked to another state, restating the one that it has. */
export async function movePayout(
  tx: Tx,
  { payoutId, status, version }: Pick<Payout, 'payoutId' | 'status' | 'version'>,
  to: PayoutStatus,
  changes: Readonly<Record<string, string | number | null>> = {},
): Promise<void> {
  const set = Object.keys(changes).map((column) => `, ${column} = ?`);
  const moved = await change(
    tx,
    `UPDATE payout SET status = ?, version = version + 1, updated_at = UTC_TIMESTAMP(3)${set.join('')}
     WHERE payout_id = ? AND status = ? AND version = ?`,
    [to, ...Object.values(changes), payoutId, status, version],
  );
  if (moved !== 1) throw new Error(`payout ${payoutId} was changed behind its lock`);
}

/** The same of many. */
export async function movePayouts(
  tx: Tx,
  payouts: readonly Pick<Payout, 'payoutId'>[],
  from: readonly PayoutStatus[],
  to: PayoutStatus,
): Promise<void> {
  if (payouts.length === 0) return;
  const moved = await change(
    tx,
    `UPDATE payout SET status = ?, version = version + 1, updated_at = UTC_TIMESTAMP(3) WHERE payout_id IN (?) AND status IN (?)`,
    [to, payouts.map(({ payoutId }) => payoutId), from],
  );
  if (moved !== payouts.length) throw new Error('payouts were changed behind their locks');
}

/** Records the state that an approval has seen, which is the current one. The caller has locked the payout. */
export const insertApproval = (tx: Tx, payoutId: number, by: string): Promise<number> =>
  change(
    tx,
    `UPDATE payout SET approved_amount_minor = amount_minor, approved_bank_account_id = bank_account_id, approved_hash = hash, approved_by = ?,
       approved_at = UTC_TIMESTAMP(3) WHERE payout_id = ?`,
    [by, payoutId],
  );

/** The columns of an approval that is withdrawn. */
export const NO_APPROVAL = {
  approved_amount_minor: null,
  approved_bank_account_id: null,
  approved_hash: null,
  approved_by: null,
  approved_at: null,
} as const;

export interface ClaimedStatement {
  readonly payoutId: number;
  readonly statementId: number;
  readonly number: number;
  readonly periodFrom: string;
  readonly closesOn: string;
  readonly earnedMinor: bigint;
  readonly hash: string;
}

/** The statements that payouts were made of, also after they were cancelled. */
export async function readStatementsOf(db: Db, payoutIds: readonly number[]): Promise<ClaimedStatement[]> {
  if (payoutIds.length === 0) return [];
  const rows = await select<Omit<ClaimedStatement, 'earnedMinor'> & { readonly earned: string }>(
    db,
    `SELECT c.payout_id AS payoutId, s.statement_id AS statementId, s.number, s.period_from AS periodFrom, s.closes_on AS closesOn,
       s.earned_minor AS earned, s.hash
     FROM payout_statement c JOIN statement s ON s.statement_id = c.statement_id WHERE c.payout_id IN (?) ORDER BY c.payout_id, s.number`,
    [payoutIds],
  );
  return rows.map(({ earned, ...row }) => ({ ...row, earnedMinor: BigInt(earned) }));
}

/** Releases the claims of a payout: its statements may be proposed again. */
export const freeClaims = (tx: Tx, payoutId: number): Promise<number> =>
  change(tx, 'UPDATE payout_statement SET claimed_id = NULL WHERE payout_id = ?', [payoutId]);

/** Marks the statements of payouts as paid on a date, or as not paid. */
export const markStatements = (tx: Tx, payoutIds: readonly number[], paidOn: string | null): Promise<number> =>
  change(
    tx,
    `UPDATE statement s JOIN payout_statement c ON c.claimed_id = s.statement_id SET s.status = ?, s.paid_on = ? WHERE c.payout_id IN (?)`,
    [paidOn === null ? 'ISSUED' : 'PAID', paidOn, payoutIds],
  );
