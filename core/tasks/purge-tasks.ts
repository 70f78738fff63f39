/** Removes what background tasks leave behind: abandoned uploads, rejects files and lines of checks that were kept long enough. */
import type { Db } from '../../infra/database.js';
import { deleteCheckLines, findOldChecks } from '../settlement/stores/policy-check-line.js';
import { deleteFile, findDisposableFiles } from './stores/stored-file.js';

/** An upload that no byte was added to for so long was cut off by the death of the server that took it. */
const ABANDONED_SECONDS = 3_600;
const KEPT_DAYS = 30;

export interface Purged {
  readonly files: number;
  readonly checks: number;
}

/** May run anywhere and at any time; two at once do no harm. */
export async function purgeTasks(db: Db): Promise<Purged> {
  const files = await findDisposableFiles(db, ABANDONED_SECONDS, KEPT_DAYS);
  for (const fileId of files) await deleteFile(db, fileId);
  const checks = await findOldChecks(db, KEPT_DAYS);
  for (const taskId of checks) while ((await deleteCheckLines(db, taskId)) > 0);
  return { files: files.length, checks: checks.length };
}
