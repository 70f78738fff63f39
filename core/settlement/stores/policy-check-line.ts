/** The lines that a checked policy draft would have touched. */
import { change, type Db, select, type Tx } from '../../../infra/database.js';
import { POLICY_CHECK } from '../rules/policy-check-task.js';

export interface CheckLine {
  readonly lineNo: number;
  readonly sellerId: string;
  readonly content: object;
}

/** Appends lines in one statement; the caller keeps them few enough for a packet. */
export async function insertCheckLines(tx: Tx, taskId: number, lines: readonly CheckLine[]): Promise<void> {
  if (lines.length === 0) return;
  await change(tx, 'INSERT INTO policy_check_line (task_id, line_no, seller_id, content) VALUES ?', [
    lines.map(({ lineNo, sellerId, content }) => [taskId, lineNo, sellerId, JSON.stringify(content)]),
  ]);
}

/** Deletes up to a few thousand lines of a check; how many there were. */
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
  const rows = await select<{ line_no: number; seller_id: string; content: string }>(
    db,
    `SELECT line_no, seller_id, content FROM policy_check_line WHERE task_id = ?${seller} AND line_no > ? ORDER BY line_no LIMIT ?`,
    [taskId, ...params, page.afterNo, page.limit],
  );
  return rows.map((row) => ({
    lineNo: row.line_no,
    sellerId: row.seller_id,
    content: JSON.parse(row.content) as object,
  }));
}

/** Checks that ended more than `keptDays` ago and still have lines. */
export async function findOldChecks(db: Db, keptDays: number): Promise<number[]> {
  const rows = await select<{ task_id: number | string }>(
    db,
    `SELECT t.task_id FROM background_task t WHERE t.kind = ? AND t.ended_at < UTC_TIMESTAMP(3) - INTERVAL ? DAY
     AND EXISTS (SELECT 1 FROM policy_check_line l WHERE l.task_id = t.task_id) LIMIT 100`,
    [POLICY_CHECK.name, keptDays],
  );
  return rows.map((row) => Number(row.task_id));
}
