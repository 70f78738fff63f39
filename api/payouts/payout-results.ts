/** The bank's result files: uploaded, imported by a runner, and what came of each. */
import * as z from 'zod';
import { RESULT_BYTES_MAX } from '../../core/payouts/bank-file.js';
import { PAYOUT_RESULT, RESULT_FILE, type ResultParameters } from '../../core/payouts/rules/result-task.js';
import { requestUploadTask } from '../../core/tasks/request-upload-task.js';
import { listTasks } from '../../core/tasks/stores/background-task.js';
import { wakeRunnersOver } from '../../infra/wake.js';
import { nameOf } from '../../kernel/access.js';
import type { ApiContext } from '../context.js';
import { paged, pageOf, pageQuery } from '../edge/cursor.js';
import { id, text } from '../edge/fields.js';
import { withReceivedFile } from '../edge/receive-file.js';
import { accepted, ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import { tag } from './payout-fields.js';
import { layout, requireResult, resultAddress, resultBody, resultParams, resultSchema } from './payout-file-fields.js';

const contentType = 'application/octet-stream';

export const uploadResult = ({ config, db, redis }: ApiContext): Route =>
  route({
    method: 'post',
    path: '/v1/payout-results',
    operationId: 'uploadPayoutResult',
    tag,
    summary: "Upload the bank's result file to be imported",
    description:
      'A runner imports it as `magam payouts import` does: all of it or, with every line named in `error`, nothing. Follow it at the address in Location. While an import of the same file has not ended, its address is given again. A file that was imported before changes nothing.',
    permission: 'payout-file.import',
    query: z.strictObject({
      layout,
      fileName: text(255).default('result').meta({ description: 'What the file is called where it comes from.' }),
    }),
    exampleQuery: { layout: 'csv' },
    rawBody: { contentType, description: 'The file, as the bank gave it.' },
    answer: { status: 202, description: 'The import was asked for, now or before.', schema: resultSchema },
    refusals: ['FILE_EMPTY', 'UPLOAD_CUT_OFF'],
    idempotent: true,
    handle: ({ query, request, signedIn, audit, afterCommit, transact }) =>
      withReceivedFile(
        { db, request, file: RESULT_FILE, contentType, bytesMax: Math.min(config.uploadBytesMax, RESULT_BYTES_MAX) },
        (upload) => {
          const parameters: ResultParameters = { ...upload, ...query };
          const { fileId: _, ...after } = parameters;
          const { fileName: __, ...meaning } = after;
          return transact(async (tx) => {
            const requestedBy = nameOf(signedIn);
            const task = await requestUploadTask(tx, { kind: PAYOUT_RESULT, parameters, meaning, requestedBy });
            if (PAYOUT_RESULT.parametersOf(task).fileId === upload.fileId)
              await audit(tx, 'payout-result.upload', ['payout-result', task.taskId], { before: null, after });
            afterCommit(() => wakeRunnersOver(redis));
            return accepted(resultAddress(task.taskId), resultBody(task));
          }, upload.sha256);
        },
      ),
  });

export const listResults = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/payout-results',
    operationId: 'listPayoutResults',
    tag,
    summary: "List imports of the bank's result files, the newest first",
    permission: 'payout-file.read',
    query: z.strictObject(pageQuery),
    answer: { status: 200, description: 'A page of imports.', schema: pageOf(resultSchema) },
    handle: ({ query }) =>
      paged(query, {
        name: 'payout-results',
        key: z.tuple([id]),
        read: (beforeId, limit) => listTasks(db, PAYOUT_RESULT, { beforeId: beforeId?.[0], limit }),
        keyOf: ({ taskId }) => [taskId],
        itemOf: resultBody,
      }),
  });

export const showResult = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/payout-results/{resultId}',
    operationId: 'readPayoutResult',
    tag,
    summary: "Follow the import of a bank's result file",
    permission: 'payout-file.read',
    params: resultParams,
    answer: { status: 200, description: 'What came of it, or why it was refused.', schema: resultSchema },
    refusals: ['PAYOUT_RESULT_NOT_FOUND'],
    handle: async ({ params: { resultId } }) => ok(resultBody(await requireResult(db, resultId))),
  });
