/** Links that were sent by mail. The clock is the database's. */
import { change, type Db, select, type Tx } from '../../../infra/database.js';

/** What the link does: it proves the address, sets a new password or accepts an invitation. */
export type LinkPurpose = 'PROVE' | 'RESET' | 'INVITE';

export interface NewLink {
  readonly tokenHash: string;
  readonly purpose: LinkPurpose;
  /** An account's id; an invitation's for `INVITE`. */
  readonly subjectId: number;
  readonly minutes: number;
}

export async function insertLink(db: Db, { tokenHash, purpose, subjectId, minutes }: NewLink): Promise<void> {
  await change(
    db,
    `INSERT INTO one_time_link (token_hash, purpose, subject_id, created_at, expires_at)
     VALUES (?, ?, ?, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) + INTERVAL ? MINUTE)`,
    [tokenHash, purpose, subjectId, minutes],
  );
}

/** What a valid link is for; undefined: there is no such link, or it was used or has ended. */
export async function readLink(db: Db, purpose: LinkPurpose, tokenHash: string): Promise<number | undefined> {
  const [row] = await select<{ subjectId: number }>(
    db,
    `SELECT subject_id AS subjectId FROM one_time_link
     WHERE token_hash = ? AND purpose = ? AND used_at IS NULL AND expires_at > UTC_TIMESTAMP(3)`,
    [tokenHash, purpose],
  );
  return row?.subjectId;
}

/** Uses up a link. False: it was used before, or it has ended. */
export async function useLink(tx: Tx, purpose: LinkPurpose, tokenHash: string): Promise<boolean> {
  const used = await change(
    tx,
    `UPDATE one_time_link SET used_at = UTC_TIMESTAMP(3)
     WHERE token_hash = ? AND purpose = ? AND used_at IS NULL AND expires_at > UTC_TIMESTAMP(3)`,
    [tokenHash, purpose],
  );
  return used === 1;
}

/** Withdraws the unused links of a purpose. */
export async function withdrawLinks(tx: Tx, purpose: LinkPurpose, subjectId: number): Promise<void> {
  await change(tx, 'DELETE FROM one_time_link WHERE purpose = ? AND subject_id = ? AND used_at IS NULL', [
    purpose,
    subjectId,
  ]);
}

/** Deletes links that ended a day ago, at most `limit`. Returns how many. */
export async function purgeLinks(db: Db, limit: number): Promise<number> {
  return change(
    db,
    'DELETE FROM one_time_link WHERE expires_at < UTC_TIMESTAMP(3) - INTERVAL 1 DAY ORDER BY expires_at LIMIT ?',
    [limit],
  );
}
