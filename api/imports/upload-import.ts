/** Takes a CSV file and asks for its import. The file goes into the database piece by piece; a runner imports it. */
import * as z from 'zod';
import { parseMapping, REFUND_COLUMNS, SALE_COLUMNS } from '../../core/feed/import/columns.js';
import { textDecoder } from '../../core/feed/import/text-decoder.js';
import { IMPORT, type ImportParameters, UPLOAD } from '../../core/feed/rules/import-task.js';
import { requestUploadTask } from '../../core/tasks/request-upload-task.js';
import { isTimeZone } from '../../infra/time-zone.js';
import { wakeRunnersOver } from '../../infra/wake.js';
import { nameOf } from '../../kernel/access.js';
import type { ApiContext } from '../context.js';
import { text } from '../edge/fields.js';
import { requireFileType, withReceivedFile } from '../edge/receive-file.js';
import { accepted } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import { importAddress, importBody, importSchema } from './import-fields.js';

const flag = z
  .enum(['true', 'false'])
  .default('false')
  .transform((value) => value === 'true');

const querySchema = z.strictObject({
  kind: z.enum(['lines', 'refunds']).meta({ description: 'Order lines, or refunds of lines that are in the feed.' }),
  fileName: text(255)
    .default('upload.csv')
    .meta({ description: 'The name of the file in the system that it comes from.' }),
  encoding: z
    .string()
    .min(1)
    .max(40)
    .default('utf-8')
    .meta({ description: 'The encoding of the file, such as cp949.' }),
  timeZone: z
    .string()
    .max(64)
    .refine(isTimeZone, 'must be an IANA time zone such as Asia/Seoul')
    .optional()
    .meta({ description: "Zone of time stamps without an offset; default: the platform's.", example: 'Asia/Seoul' }),
  mapping: z.string().max(8_000).optional().meta({
    description: 'JSON: our column to theirs, or = and a constant.',
    example: '{"line_id":"order_item_id","currency":"=BRL"}',
  }),
  late: flag.meta({ description: 'Settle entries of closed dates on the first date after the last closed one.' }),
  skipRejects: flag.meta({ description: 'Import the good rows of a file that has bad ones.' }),
  dryRun: flag.meta({ description: 'Only check the file and show how it is understood; nothing is imported.' }),
});

export const uploadImport = ({ config, db, redis }: ApiContext): Route =>
  route({
    method: 'post',
    path: '/v1/imports',
    operationId: 'uploadImport',
    tag: 'Imports',
    summary: 'Upload a CSV file to be imported',
    description:
      'A runner checks every row and imports the file, as `magam import` does; follow it at the address in Location. While an import of ' +
      'the same content with the same options has not ended, its address is given again. A file that was imported before changes nothing: ' +
      'its rows are `unchanged`.',
    permission: 'import.create',
    query: querySchema,
    rawBody: { contentType: 'text/csv', description: 'The file, as it is.' },
    answer: {
      status: 202,
      description: 'The import was requested, by this call or an earlier one.',
      schema: importSchema,
    },
    refusals: ['MAPPING_INVALID', 'ENCODING_UNKNOWN', 'FILE_EMPTY', 'UPLOAD_CUT_OFF'],
    idempotent: true,
    handle: async ({ query: asked, request, signedIn, audit, afterCommit, transact }) => {
      const body = { db, request, file: UPLOAD, contentType: 'text/csv', bytesMax: config.uploadBytesMax };
      requireFileType(request, body.contentType, body.bytesMax);
      textDecoder(asked.encoding, true);
      const mapping = asked.mapping === undefined ? null : mappingText(asked.mapping, asked.kind);
      return withReceivedFile(body, (upload) => {
        const parameters: ImportParameters = {
          ...upload,
          kind: asked.kind,
          fileName: asked.fileName,
          encoding: asked.encoding,
          timeZone: asked.timeZone ?? config.timeZone,
          platformTimeZone: config.timeZone,
          mapping,
          late: asked.late,
          skipRejects: asked.skipRejects,
          dryRun: asked.dryRun,
        };
        return transact(async (tx) => {
          const { fileId: _, ...after } = parameters;
          const { fileName: __, ...meaning } = after;
          const requestedBy = nameOf(signedIn);
          const task = await requestUploadTask(tx, { kind: IMPORT, parameters, meaning, requestedBy });
          if (IMPORT.parametersOf(task).fileId === upload.fileId)
            await audit(tx, 'import.create', ['import', task.taskId], { before: null, after });
          afterCommit(() => wakeRunnersOver(redis));
          return accepted(importAddress(task.taskId), importBody(task, undefined));
        }, upload.sha256);
      });
    },
  });

/** The mapping as one text, however it was written. Throws MAPPING_INVALID. */
const mappingText = (mapping: string, kind: ImportParameters['kind']): string =>
  JSON.stringify(parseMapping(mapping, kind === 'lines' ? SALE_COLUMNS : REFUND_COLUMNS));
