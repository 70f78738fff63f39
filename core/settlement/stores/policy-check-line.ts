/** The lines that a policy draft under a check would have touched. */
import { change, type Db, fromJson, select, type Tx } from '../../../infra/database.js';
import { POLICY_CHECK } from '../rules/policy-check-task.js';

export interface CheckLine {
  readonly lineNo: number;
  readonly sellerId: string;
  readonly content: object;
}

/** Lines of one INSERT: about 600 bytes each. */
const INSERT_LINES = 500;

/** Appends lines. Only the caller gives their numbers. */
export async function insertCheckLines(tx: Tx, taskId: number, lines: readonly CheckLine[]): Promise<void> {
  for (let at = 0; at < lines.length; at += INSERT_LINES) {
    const rows = lines
      .slice(at, at + INSERT_LINES)
      .map(({ lineNo, sellerId, content }) => [taskId, lineNo, sellerId, JSON.stringify(content)]);
    await change(tx, 'INSERT INTO policy_check_line (task_id, line_no, seller_id, content) VALUES ?', [rows]);
  }
}

/** How many lines have a number up to this one. */
export async function countCheckLines(db: Db, taskId: number, throughNo = Number.MAX_SAFE_INTEGER): Promise<number> {
  const sql = 'SELECT COUNT(*) AS n FROM policy_check_line WHERE task_id = ? AND line_no <= ?';
  const [row] = await select<{ n: number }>(db, sql, [taskId, throughNo]);
  return row?.n ?? 0;
}

/** Deletes the lines behind the first `max`. */
export async function trimCheckLines(tx: Tx, taskId: number, max: number): Promise<void> {
  const sql = 'SELECT line_no AS lineNo FROM policy_check_line WHERE task_id = ? ORDER BY line_no LIMIT 1 OFFSET ?';
  const [beyond] = await select<{ lineNo: number }>(tx, sql, [taskId, max]);
  if (beyond === undefined) return;
  await change(tx, 'DELETE FROM policy_check_line WHERE task_id = ? AND line_no >= ?', [taskId, beyond.lineNo]);
}

/** Deletes up to a few thousand lines of a check. @returns how many */
export async function deleteCheckLines(db: Db, taskId: number): Promise<number> {
  return change(db, 'DELETE FROM policy_check_line WHERE task_id = ? LIMIT 5000', [taskId]);
}

/** The next lines after `afterNo`, of one seller where it is given. */
export async function readCheckLines(
  db: Db,
  taskId: number,
  page: { readonly sellerId?: string | undefined; readonly afterNo: number; readonly limit: number },
): Promise<CheckLine[]> {
  const [seller, params] = page.sellerId === undefined ? ['', []] : [' AND seller_id = ?', [page.sellerId]];
  return select<CheckLine>(
    db,
    `SELECT line_no AS lineNo, seller_id AS sellerId, content FROM policy_check_line WHERE task_id = ?${seller} AND line_no > ? ORDER BY line_no LIMIT ?`,
    [taskId, ...params, page.afterNo, page.limit],
    { content: fromJson },
  );
}

/** Checks that ended more than `keptDays` ago and still have lines. */
export async function findOldChecks(db: Db, keptDays: number): Promise<number[]> {
  const rows = await select<{ taskId: number }>(
    db,
    `SELECT t.task_id AS taskId FROM background_task t WHERE t.kind = ? AND t.ended_at < UTC_TIMESTAMP(3) - INTERVAL ? DAY
     AND EXISTS (SELECT 1 FROM policy_check_line l WHERE l.task_id = t.task_id) LIMIT 100`,
    [POLICY_CHECK.name, keptDays],
  );
  return rows.map(({ taskId }) => taskId);
}
