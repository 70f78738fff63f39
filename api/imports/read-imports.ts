/** Imports of uploads: the latest of them, one to follow, and the rejects file of one. */
import * as z from 'zod';
import { IMPORT } from '../../core/feed/rules/import-task.js';
import { findUnfinishedImport } from '../../core/feed/stores/feed-import.js';
import { listTasks } from '../../core/tasks/stores/background-task.js';
import { readFileRecord, readParts } from '../../core/tasks/stores/stored-file.js';
import { MagamError } from '../../kernel/errors.js';
import type { ApiContext } from '../context.js';
import { paged, pageOf, pageQuery } from '../edge/cursor.js';
import { contentTypeOf, streamedFile } from '../edge/download.js';
import { id } from '../edge/fields.js';
import { ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import {
  importBody,
  importParams,
  importSchema,
  importSummaryBody,
  importSummarySchema,
  rejectsFileOf,
  requireImport,
} from './import-fields.js';

export const listImports = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/imports',
    operationId: 'listImports',
    tag: 'Imports',
    summary: 'List imports of uploaded files, the newest first',
    permission: 'import.read',
    query: z.strictObject(pageQuery),
    answer: { status: 200, description: 'A page of imports.', schema: pageOf(importSummarySchema) },
    handle: ({ query }) =>
      paged(query, {
        name: 'imports',
        key: z.tuple([id]),
        read: (beforeId, limit) => listTasks(db, IMPORT, { beforeId: beforeId?.[0], limit }),
        keyOf: ({ taskId }) => [taskId],
        itemOf: importSummaryBody,
      }),
  });

export const showImport = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/imports/{importId}',
    operationId: 'readImport',
    tag: 'Imports',
    summary: 'Follow an import',
    permission: 'import.read',
    params: importParams,
    answer: { status: 200, description: 'The progress of the import, or its result.', schema: importSchema },
    refusals: ['IMPORT_NOT_FOUND'],
    handle: async ({ params: { importId } }) => {
      const task = await requireImport(db, importId);
      const { checkpoint: fingerprint, status } = task;
      const over = fingerprint === null || status === 'COMPLETED' || status === 'CANCELLED';
      return ok(importBody(task, over ? undefined : await findUnfinishedImport(db, fingerprint)));
    },
  });

export const downloadRejects = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/imports/{importId}/rejects',
    operationId: 'downloadImportRejects',
    tag: 'Imports',
    summary: 'Download the rejects file of an import',
    description:
      'Every bad row of the file: line, column, code, value; the header alone when there is none. It exists once all rows were checked, ' +
      'and is kept for 30 days.',
    permission: 'import.read',
    params: importParams,
    answer: { status: 200, description: 'The rejects file.', contentType: 'text/csv' },
    refusals: ['IMPORT_NOT_FOUND', 'REJECTS_NOT_FOUND', 'STREAMS_EXHAUSTED', 'STREAM_SHARE_USED'],
    handle: async ({ params: { importId } }) => {
      const fileId = rejectsFileOf(await requireImport(db, importId));
      if (fileId === undefined || (await readFileRecord(db, fileId)) === undefined) {
        throw new MagamError('REJECTS_NOT_FOUND', undefined, { importId });
      }
      return streamedFile(contentTypeOf('csv'), `import-${importId}-rejects.csv`, async (sink) => {
        for await (const part of readParts(db, fileId)) await sink(part);
      });
    },
  });
