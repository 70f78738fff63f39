/** Takes a CSV file and asks for its import. The file goes into the database piece by piece; a runner imports it. */
import type { Request } from 'express';
import * as z from 'zod';
import { parseMapping, REFUND_COLUMNS, SALE_COLUMNS } from '../../core/feed/import/columns.js';
import { textDecoder } from '../../core/feed/import/text-decoder.js';
import { IMPORT, type ImportParameters, UPLOAD } from '../../core/feed/rules/import-task.js';
import { receiveUpload, type Upload } from '../../core/tasks/receive-upload.js';
import { findActiveTask, insertTaskOnce, readTask, type TaskRecord } from '../../core/tasks/stores/background-task.js';
import { attachFile, deleteUnattachedFile } from '../../core/tasks/stores/stored-file.js';
import type { Db, Tx } from '../../infra/database.js';
import { sha256 } from '../../infra/sha256.js';
import { isTimeZone } from '../../infra/time-zone.js';
import { wakeRunnersOver } from '../../infra/wake.js';
import { nameOf } from '../../kernel/access.js';
import { isRefusal, MagamError } from '../../kernel/errors.js';
import type { ApiContext } from '../context.js';
import { text } from '../edge/fields.js';
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
      requireCsv(request.headers, config.uploadBytesMax);
      textDecoder(asked.encoding, true);
      const mapping = asked.mapping === undefined ? null : mappingText(asked.mapping, asked.kind);
      const upload = await receiveBody(db, request, config.uploadBytesMax);
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
      try {
        return await transact(async (tx) => {
          const task = await requestImport(tx, parameters, nameOf(signedIn));
          const { fileId: _, ...after } = parameters;
          if (fileIdOf(task) === upload.fileId)
            await audit(tx, 'import.create', ['import', task.taskId], { before: null, after });
          afterCommit(() => wakeRunnersOver(redis));
          return accepted(importAddress(task.taskId), importBody(task, undefined));
        }, upload.sha256);
      } finally {
        await dropUnused(db, upload);
      }
    },
  });

/** A refused body is read to its end and dropped; otherwise the next request on the connection would wait behind it for ever. */
async function receiveBody(db: Db, request: Request, bytesMax: number): Promise<Upload> {
  try {
    return await receiveUpload(db, UPLOAD, request.iterator({ destroyOnReturn: false }), bytesMax);
  } catch (error) {
    request.resume();
    throw error;
  }
}

/** Makes the refusals that are possible before a byte is read. */
function requireCsv(headers: NodeJS.Dict<string | string[]>, bytesMax: number): void {
  const type = String(headers['content-type'] ?? '').split(';', 1)[0];
  const encoding = String(headers['content-encoding'] ?? 'identity');
  if (type?.trim().toLowerCase() !== 'text/csv' || encoding !== 'identity')
    throw new MagamError('UNSUPPORTED_MEDIA_TYPE');
  if (Number(headers['content-length'] ?? 0) > bytesMax)
    throw new MagamError('BODY_TOO_LARGE', undefined, { bytesMax });
}

/** The mapping as one text, however it was written. Throws MAPPING_INVALID. */
const mappingText = (mapping: string, kind: ImportParameters['kind']): string =>
  JSON.stringify(parseMapping(mapping, kind === 'lines' ? SALE_COLUMNS : REFUND_COLUMNS));

const fileIdOf = (task: TaskRecord): string => IMPORT.parametersOf(task).fileId;

/** How often the same import may end between the request for it and the read of it. */
const TRIES = 5;

/** The new import, or the unfinished one of the same content and options. */
async function requestImport(tx: Tx, parameters: ImportParameters, requestedBy: string): Promise<TaskRecord> {
  const { fileId, fileName: _, ...meaning } = parameters;
  const activeKey = sha256(JSON.stringify([IMPORT.name, Object.entries(meaning).sort()]));
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    const asked = { kind: IMPORT, subject: null, parameters, requestedBy };
    const taskId = await insertTaskOnce(tx, asked, activeKey);
    const fresh = !isRefusal(taskId);
    const task = await (fresh ? readTask(tx, IMPORT, taskId) : findActiveTask(tx, activeKey));
    if (task === undefined) continue;
    if (fresh && !(await attachFile(tx, fileId, taskId))) throw new MagamError('UPLOAD_CUT_OFF'); // purged
    return task;
  }
  throw new MagamError('DATABASE_BUSY');
}

/** Deletes an upload that no import uses. If that fails now, it is purged later with the abandoned uploads. */
const dropUnused = (db: Db, { fileId }: Upload): Promise<void> =>
  deleteUnattachedFile(db, fileId).catch(() => undefined);
