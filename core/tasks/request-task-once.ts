/** Asks for a task of which there is one at a time: whoever asks second gets the one that has not ended. */
import type { Tx } from '../../infra/database.js';
import { sha256 } from '../../infra/sha256.js';
import { isRefusal, MagamError } from '../../kernel/errors.js';
import { findActiveTask, insertTaskOnce, type NewTask, readTask, type TaskRecord } from './stores/background-task.js';

/** Times that the same work may end between our asking for it and our looking at it. */
const TRIES = 5;

export interface AskedTask {
  readonly task: TaskRecord;
  /** False: it was asked for before, and has not ended. */
  readonly fresh: boolean;
}

/** @param meaning the parameters that two requests for the same work have in common. Throws DATABASE_BUSY. */
export async function requestTaskOnce<Parameters extends object>(
  tx: Tx,
  asked: NewTask<Parameters>,
  meaning: object,
): Promise<AskedTask> {
  const { kind } = asked;
  const activeKey = sha256(JSON.stringify([kind.name, Object.entries(meaning).sort()]));
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    const taskId = await insertTaskOnce(tx, asked, activeKey);
    const fresh = !isRefusal(taskId);
    const task = await (fresh ? readTask(tx, kind, taskId) : findActiveTask(tx, activeKey));
    if (task !== undefined) return { task, fresh };
  }
  throw new MagamError('DATABASE_BUSY');
}
