/** Asks for a task that works on an uploaded file: once while the same work on the same content has not ended. */
import type { Tx } from '../../infra/database.js';
import { MagamError } from '../../kernel/errors.js';
import { requestTaskOnce } from './request-task-once.js';
import type { TaskKind } from './rules/background-task.js';
import type { TaskRecord } from './stores/background-task.js';
import { attachFile } from './stores/stored-file.js';

export interface UploadTask<Parameters extends { readonly fileId: string }> {
  readonly kind: TaskKind<Parameters>;
  readonly parameters: Parameters;
  /** The parameters that two requests for the same work have in common; among them the hash of the content. */
  readonly meaning: object;
  readonly requestedBy: string;
}

/** @returns the new task, to which the file belongs from now on, or the unfinished one of the same meaning. Throws UPLOAD_CUT_OFF and DATABASE_BUSY. */
export async function requestUploadTask<Parameters extends { readonly fileId: string }>(
  tx: Tx,
  { kind, parameters, meaning, requestedBy }: UploadTask<Parameters>,
): Promise<TaskRecord> {
  const { task, fresh } = await requestTaskOnce(tx, { kind, subject: null, parameters, requestedBy }, meaning);
  if (fresh && !(await attachFile(tx, parameters.fileId, task.taskId))) throw new MagamError('UPLOAD_CUT_OFF'); // purged
  return task;
}
