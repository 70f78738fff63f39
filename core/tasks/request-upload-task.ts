/** Asks for a task that works on an uploaded file: once while the same work on the same content has not ended. */
import type { Tx } from '../../infra/database.js';
import { sha256 } from '../../infra/sha256.js';
import { isRefusal, MagamError } from '../../kernel/errors.js';
import type { TaskKind } from './rules/background-task.js';
import { findActiveTask, insertTaskOnce, readTask, type TaskRecord } from './stores/background-task.js';
import { attachFile } from './stores/stored-file.js';

export interface UploadTask<Parameters extends { readonly fileId: string }> {
  readonly kind: TaskKind<Parameters>;
  readonly parameters: Parameters;
  /** The parameters that two requests for the same work have in common; among them the hash of the content. */
  readonly meaning: object;
  readonly requestedBy: string;
}

/** Times that the same work may end between our asking for it and our looking at it. */
const TRIES = 5;

/** @returns the new task, to which the file belongs from now on, or the unfinished one of the same meaning. Throws UPLOAD_CUT_OFF and DATABASE_BUSY. */
export async function requestUploadTask<Parameters extends { readonly fileId: string }>(
  tx: Tx,
  { kind, parameters, meaning, requestedBy }: UploadTask<Parameters>,
): Promise<TaskRecord> {
  const activeKey = sha256(JSON.stringify([kind.name, Object.entries(meaning).sort()]));
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    const taskId = await insertTaskOnce(tx, { kind, subject: null, parameters, requestedBy }, activeKey);
    const fresh = !isRefusal(taskId);
    const task = await (fresh ? readTask(tx, kind, taskId) : findActiveTask(tx, activeKey));
    if (task === undefined) continue;
    if (fresh && !(await attachFile(tx, parameters.fileId, taskId))) throw new MagamError('UPLOAD_CUT_OFF'); // purged
    return task;
  }
  throw new MagamError('DATABASE_BUSY');
}
