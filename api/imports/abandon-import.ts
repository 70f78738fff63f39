/** Abandons an unfinished import: a runner withdraws its rows from the feed. */

import { IMPORT } from '../../core/feed/rules/import-task.js';
import { findUnfinishedImport } from '../../core/feed/stores/feed-import.js';
import {
  cancelWaitingTask,
  lockTask,
  requestCancel,
  type TaskRecord,
} from '../../core/tasks/stores/background-task.js';
import type { Tx } from '../../infra/database.js';
import { wakeRunnersOver } from '../../infra/wake.js';
import { nameOf } from '../../kernel/access.js';
import { MagamError } from '../../kernel/errors.js';
import { found } from '../../kernel/outcome.js';
import type { ApiContext } from '../context.js';
import { accepted } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import { importAddress, importBody, importParams, importSchema, requireImport } from './import-fields.js';

export const abandonImport = ({ redis }: ApiContext): Route =>
  route({
    method: 'post',
    path: '/v1/imports/{importId}/abandon',
    operationId: 'abandonImport',
    tag: 'Imports',
    summary: 'Abandon an import',
    description:
      'An import that no runner has begun ends at once. Otherwise a runner stops it and withdraws what it wrote; follow it until it is CANCELLED. ' +
      'If refunds of another import refer to its rows, it ends FAILED with IMPORT_HAS_DEPENDENTS: upload the file again to finish it.',
    permission: 'import.create',
    params: importParams,
    answer: { status: 202, description: 'The end of the import was requested.', schema: importSchema },
    refusals: ['IMPORT_NOT_FOUND', 'IMPORT_NOT_OPEN'],
    idempotent: true,
    handle: ({ params: { importId }, signedIn, audit, afterCommit, transact }) =>
      transact(async (tx) => {
        const before = found(await lockTask(tx, IMPORT, importId), 'IMPORT_NOT_FOUND', { importId });
        const askedBefore = before.cancelRequestedBy !== null && !['FAILED', 'COMPLETED'].includes(before.status);
        if (!askedBefore) await abandon(tx, before, nameOf(signedIn));
        const after = await requireImport(tx, importId);
        if (!askedBefore)
          await audit(tx, 'import.abandon', ['import', importId], {
            before: { status: before.status },
            after: { status: after.status, abandonRequested: true },
          });
        afterCommit(() => wakeRunnersOver(redis));
        return accepted(importAddress(importId), importBody(after, await unfinishedOf(tx, after)));
      }),
  });

const unfinishedOf = async (tx: Tx, { checkpoint }: TaskRecord) =>
  checkpoint === null ? undefined : findUnfinishedImport(tx, checkpoint);

async function abandon(tx: Tx, task: TaskRecord, by: string): Promise<void> {
  const { taskId, status, checkpoint } = task;
  const neverBegan = status === 'REQUESTED' && checkpoint === null;
  const leftOpen = status === 'FAILED' && (await unfinishedOf(tx, task)) !== undefined;
  if (neverBegan) await cancelWaitingTask(tx, taskId, by);
  else if (status === 'REQUESTED' || status === 'RUNNING' || leftOpen) await requestCancel(tx, taskId, by);
  else throw new MagamError('IMPORT_NOT_OPEN', undefined, { importId: taskId, status });
}
