/** Secrets of second factors, sealed, and recovery codes, hashed. */
import { change, type Db, isTrue, select, type Tx } from '../../../infra/database.js';

export interface StoredSecondFactor {
  /** Encrypted, bound to the account. */
  readonly sealed: string;
  readonly keyId: string;
  /** A first code was right, so the secret is in force. */
  readonly confirmed: boolean;
  /** The time step of the newest code that was used. */
  readonly lastStep: number;
}

export async function readSecondFactor(db: Db, accountId: number): Promise<StoredSecondFactor | undefined> {
  const [row] = await select<StoredSecondFactor>(
    db,
    `SELECT sealed, key_id AS keyId, confirmed_at IS NOT NULL AS confirmed, last_step AS lastStep FROM account_second_factor
     WHERE account_id = ?`,
    [accountId],
    { confirmed: isTrue, lastStep: Number },
  );
  return row;
}

/** Stores a secret that is not yet in force, in place of a former one; the caller has locked the account. */
export async function putSecondFactor(
  tx: Tx,
  accountId: number,
  { sealed, keyId }: Pick<StoredSecondFactor, 'sealed' | 'keyId'>,
): Promise<void> {
  await deleteSecondFactor(tx, accountId);
  await change(
    tx,
    'INSERT INTO account_second_factor (account_id, sealed, key_id, created_at) VALUES (?, ?, ?, UTC_TIMESTAMP(3))',
    [accountId, sealed, keyId],
  );
}

export async function confirmSecondFactor(tx: Tx, accountId: number): Promise<void> {
  await change(tx, 'UPDATE account_second_factor SET confirmed_at = UTC_TIMESTAMP(3) WHERE account_id = ?', [
    accountId,
  ]);
}

/** Records that the code of a time step was used. False: it or a later one was used before. */
export async function useStep(tx: Tx, accountId: number, step: number): Promise<boolean> {
  const sql = 'UPDATE account_second_factor SET last_step = ? WHERE account_id = ? AND last_step < ?';
  return (await change(tx, sql, [step, accountId, step])) === 1;
}

/** Deletes the secret and the recovery codes. */
export async function deleteSecondFactor(tx: Tx, accountId: number): Promise<void> {
  await change(tx, 'DELETE FROM account_second_factor WHERE account_id = ?', [accountId]);
  await change(tx, 'DELETE FROM account_recovery_code WHERE account_id = ?', [accountId]);
}

/** Gives an account these recovery codes in place of its former ones. */
export async function replaceRecoveryCodes(tx: Tx, accountId: number, hashes: readonly string[]): Promise<void> {
  await change(tx, 'DELETE FROM account_recovery_code WHERE account_id = ?', [accountId]);
  await change(
    tx,
    `INSERT INTO account_recovery_code (account_id, code_hash) VALUES ${hashes.map(() => '(?, ?)').join(', ')}`,
    hashes.flatMap((hash) => [accountId, hash]),
  );
}

/** Uses up a recovery code. False: there is no such code, or it was used. */
export async function useRecoveryCode(tx: Tx, accountId: number, hash: string): Promise<boolean> {
  const sql =
    'UPDATE account_recovery_code SET used_at = UTC_TIMESTAMP(3) WHERE account_id = ? AND code_hash = ? AND used_at IS NULL';
  return (await change(tx, sql, [accountId, hash])) === 1;
}

/** How many recovery codes are left. */
export async function countRecoveryCodes(db: Db, accountId: number): Promise<number> {
  const [row] = await select<{ left: number }>(
    db,
    'SELECT COUNT(*) AS `left` FROM account_recovery_code WHERE account_id = ? AND used_at IS NULL',
    [accountId],
  );
  return Number(row?.left ?? 0);
}
