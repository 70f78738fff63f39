/** Takes a completed import back: what it wrote is deleted from the feed, by a runner. */
import { randomUUID } from 'node:crypto';
import { beginWithdrawalOfCompleted } from '../../core/feed/import/withdraw-completed.js';
import { IMPORT } from '../../core/feed/rules/import-task.js';
import { releaseImport } from '../../core/feed/stores/feed-import.js';
import { lockTask, requestUndo, type TaskRecord } from '../../core/tasks/stores/background-task.js';
import type { Tx } from '../../infra/database.js';
import { wakeRunnersOver } from '../../infra/wake.js';
import { nameOf } from '../../kernel/access.js';
import { MagamError } from '../../kernel/errors.js';
import { found } from '../../kernel/outcome.js';
import type { ApiContext } from '../context.js';
import { accepted } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import {
  feedImportIdOf,
  importAddress,
  importBody,
  importParams,
  importSchema,
  requireImport,
} from './import-fields.js';

export const withdrawImport = ({ redis }: ApiContext): Route =>
  route({
    method: 'post',
    path: '/v1/imports/{importId}/withdraw',
    operationId: 'withdrawImport',
    tag: 'Imports',
    summary: 'Withdraw a completed import',
    description:
      'Takes back what a completed import wrote, while none of its entries is on a closed date and no refund of another import refers to it. ' +
      'The call decides at once, and a runner deletes the entries. Follow it until it is CANCELLED.',
    permission: 'import.create',
    params: importParams,
    answer: { status: 202, description: 'It was decided.', schema: importSchema },
    refusals: ['IMPORT_NOT_FOUND', 'IMPORT_NOT_COMPLETED', 'DATE_CLOSED', 'IMPORT_HAS_DEPENDENTS', 'IMPORT_RUNNING'],
    idempotent: true,
    handle: ({ params: { importId }, signedIn, audit, afterCommit, transact }) =>
      transact(async (tx) => {
        const before = found(await lockTask(tx, IMPORT, importId), 'IMPORT_NOT_FOUND', { importId });
        const feedImportId = await beginWithdrawal(tx, before);
        await requestUndo(tx, importId, nameOf(signedIn));
        await audit(tx, 'import.withdraw', ['import', importId], {
          before: { status: before.status, feedImportId },
          after: { withdrawRequested: true },
        });
        afterCommit(() => wakeRunnersOver(redis));
        return accepted(importAddress(importId), importBody(await requireImport(tx, importId), undefined));
      }),
  });

async function beginWithdrawal(tx: Tx, task: TaskRecord): Promise<number> {
  const feedImportId = feedImportIdOf(task);
  if (feedImportId === null)
    throw new MagamError('IMPORT_NOT_COMPLETED', undefined, { importId: task.taskId, status: task.status });
  const owner = randomUUID();
  await beginWithdrawalOfCompleted(tx, feedImportId, owner);
  await releaseImport(tx, feedImportId, owner); // a runner continues with it at once
  return feedImportId;
}
