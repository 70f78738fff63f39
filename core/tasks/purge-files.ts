/** Removes stored files that are no longer needed: abandoned uploads, and files whose kind of task keeps them no longer. */
import type { Db } from '../../infra/database.js';
import type { TaskKind } from './rules/background-task.js';
import { deleteFile, findAbandonedFiles, findFilesOfTask, findOutlivedFiles } from './stores/stored-file.js';

/** An upload without a new byte for this long was cut off by the death of its server. */
const ABANDONED_SECONDS = 3_600;

/** May run anywhere and at any time; two at once do no harm. Files of kinds that are not given stay. Returns how many it removed. */
export async function purgeFiles(db: Db, kinds: readonly TaskKind[]): Promise<number> {
  const files = await findAbandonedFiles(db, ABANDONED_SECONDS);
  for (const kind of kinds) for (const file of kind.files) files.push(...(await findOutlivedFiles(db, kind, file)));
  for (const fileId of files) await deleteFile(db, fileId);
  return files.length;
}

/** Removes the files that a task that has just ended does not keep. */
export async function dropFiles(db: Db, kind: TaskKind, taskId: number): Promise<void> {
  const dropped = kind.files.filter(({ keptDays }) => keptDays === 0);
  for (const { purpose } of dropped)
    for (const fileId of await findFilesOfTask(db, taskId, purpose)) await deleteFile(db, fileId);
}
