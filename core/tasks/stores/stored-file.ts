/** Files in the database, piece by piece: uploads on their way to a runner, rejects files on their way back. */
import { change, type Db, select, type Tx } from '../../../infra/database.js';
import type { KeptFile, TaskKind } from '../rules/background-task.js';

const PART_BYTES_MAX = 512 * 1024;
/** Room for the statement around a piece. */
const STATEMENT_BYTES = 1_024;

/** Bytes of a piece: the driver writes a byte as two hexadecimal digits, and all of it must fit into one packet. */
export async function partBytes(db: Db): Promise<number> {
  const [row] = await select<{ bytes: number | string }>(db, 'SELECT @@max_allowed_packet AS bytes');
  return Math.max(256, Math.min(PART_BYTES_MAX, Math.floor((Number(row?.bytes) - STATEMENT_BYTES) / 2)));
}

/** Begins a file that belongs to no task yet. */
export async function insertFile(db: Db, fileId: string, { purpose }: KeptFile): Promise<void> {
  const sql = 'INSERT INTO stored_file (file_id, purpose, touched_at) VALUES (?, ?, UTC_TIMESTAMP(3))';
  await change(db, sql, [fileId, purpose]);
}

/** Appends a piece. False: the file was purged as abandoned. */
export async function appendPart(db: Db, fileId: string, partNo: number, content: Uint8Array): Promise<boolean> {
  const touched = await change(
    db,
    'UPDATE stored_file SET bytes = bytes + ?, touched_at = UTC_TIMESTAMP(3) WHERE file_id = ?',
    [content.length, fileId],
  );
  if (touched !== 1) return false;
  await change(db, 'INSERT INTO stored_file_part (file_id, part_no, content) VALUES (?, ?, ?)', [
    fileId,
    partNo,
    content,
  ]);
  return true;
}

/** Attaches a file to a task, in the transaction that makes or ends the task. False: the file was purged. */
export async function attachFile(tx: Tx, fileId: string, taskId: number): Promise<boolean> {
  return (await change(tx, 'UPDATE stored_file SET task_id = ? WHERE file_id = ?', [taskId, fileId])) === 1;
}

export async function readFileRecord(db: Db, fileId: string): Promise<{ bytes: number } | undefined> {
  const [row] = await select<{ bytes: number | string }>(db, 'SELECT bytes FROM stored_file WHERE file_id = ?', [
    fileId,
  ]);
  return row && { bytes: Number(row.bytes) };
}

/** The pieces of a file in their order, one at a time. */
export async function* readParts(db: Db, fileId: string): AsyncGenerator<Buffer> {
  for (let partNo = 0; ; partNo += 1) {
    const sql = 'SELECT content FROM stored_file_part WHERE file_id = ? AND part_no = ?';
    const [row] = await select<{ content: Buffer }>(db, sql, [fileId, partNo]);
    if (row === undefined) return;
    yield row.content;
  }
}

/** Deletes a file, its pieces first and a few at a time, because deleting all at once would be a transaction as large as the file. */
export async function deleteFile(db: Db, fileId: string): Promise<void> {
  while ((await change(db, 'DELETE FROM stored_file_part WHERE file_id = ? LIMIT 16', [fileId])) > 0);
  await change(db, 'DELETE FROM stored_file WHERE file_id = ?', [fileId]);
}

/**
 * Deletes a file unless it belongs to a task. It waits for a transaction that is about to attach the file, so it may be called when the outcome
 * of that transaction is unknown because its connection was lost.
 */
export async function deleteUnattachedFile(db: Db, fileId: string): Promise<void> {
  const sql = 'UPDATE stored_file SET touched_at = UTC_TIMESTAMP(3) WHERE file_id = ? AND task_id IS NULL';
  if ((await change(db, sql, [fileId])) === 1) await deleteFile(db, fileId);
}

/** Files of one search; the purge continues with the next one. */
const FOUND_MAX = 100;

const idsOf = async (db: Db, sql: string, params: readonly unknown[]): Promise<string[]> =>
  (await select<{ fileId: string }>(db, sql, params)).map(({ fileId }) => fileId);

/** Files of no task that were not touched for this long. */
export const findAbandonedFiles = (db: Db, seconds: number): Promise<string[]> =>
  idsOf(
    db,
    `SELECT file_id AS fileId FROM stored_file WHERE task_id IS NULL AND touched_at < UTC_TIMESTAMP(3) - INTERVAL ? SECOND LIMIT ?`,
    [seconds, FOUND_MAX],
  );

/** Files of ended tasks that the kind does not keep any longer. */
export const findOutlivedFiles = (db: Db, kind: TaskKind, { purpose, keptDays }: KeptFile): Promise<string[]> =>
  idsOf(
    db,
    `SELECT f.file_id AS fileId FROM stored_file f JOIN background_task t ON t.task_id = f.task_id
     WHERE t.kind = ? AND f.purpose = ? AND t.ended_at <= UTC_TIMESTAMP(3) - INTERVAL ? DAY LIMIT ?`,
    [kind.name, purpose, keptDays, FOUND_MAX],
  );

export const findFilesOfTask = (db: Db, taskId: number, purpose: string): Promise<string[]> =>
  idsOf(db, 'SELECT file_id AS fileId FROM stored_file WHERE task_id = ? AND purpose = ?', [taskId, purpose]);
