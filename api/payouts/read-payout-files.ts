/** Files of transfers for the bank: which there are, what is in them, and the file itself. */
import * as z from 'zod';
import { remakeFile } from '../../core/payouts/export-payouts.js';
import { fileNumber } from '../../core/payouts/rules/file-number.js';
import { listPayoutFiles, readPayoutFile, readTransfersOfFile } from '../../core/payouts/stores/payout-file.js';
import { type Db, inTransaction } from '../../infra/database.js';
import { decided, found } from '../../kernel/outcome.js';
import type { ApiContext } from '../context.js';
import { paged, pageOf, pageQuery } from '../edge/cursor.js';
import { streamedFile } from '../edge/download.js';
import { id } from '../edge/fields.js';
import { ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import { tag } from './payout-fields.js';
import { fileBody, fileParams, fileSchema, fileVersion, transferBody, transferSchema } from './payout-file-fields.js';

/** Throws PAYOUT_FILE_NOT_FOUND. */
const requireFile = async (db: Db, fileId: number) =>
  found(await readPayoutFile(db, fileId), 'PAYOUT_FILE_NOT_FOUND', { file: fileNumber(fileId) });

export const listPayoutFilesRoute = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/payout-files',
    operationId: 'listPayoutFiles',
    tag,
    summary: 'List the files of transfers for the bank, the newest first',
    permission: 'payout-file.read',
    query: z.strictObject(pageQuery),
    answer: { status: 200, description: 'A page of files.', schema: pageOf(fileSchema) },
    refusals: ['AMOUNT_OUT_OF_RANGE'],
    handle: ({ query }) =>
      paged(query, {
        name: 'payout-files',
        key: z.tuple([id]),
        read: (before, limit) => listPayoutFiles(db, before?.[0], limit),
        keyOf: ({ fileId }) => [fileId],
        itemOf: fileBody,
      }),
  });

export const showPayoutFile = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/payout-files/{file}',
    operationId: 'readPayoutFile',
    tag,
    summary: 'Show a file of transfers with its count, total and hash',
    permission: 'payout-file.read',
    params: fileParams,
    answer: { status: 200, description: 'The file.', schema: fileSchema, etag: true },
    refusals: ['PAYOUT_FILE_NOT_FOUND', 'AMOUNT_OUT_OF_RANGE'],
    handle: async ({ params }) => {
      const file = await requireFile(db, params.file);
      return ok(fileBody(file), fileVersion(file));
    },
  });

export const listTransfersOfFile = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/payout-files/{file}/transfers',
    operationId: 'listFileTransfers',
    tag,
    summary: 'List the transfers of a file, with what the bank said of each',
    description: 'In the order of the file.',
    permission: 'payout-file.read',
    params: fileParams,
    query: z.strictObject(pageQuery),
    answer: { status: 200, description: 'A page of transfers.', schema: pageOf(transferSchema) },
    refusals: ['PAYOUT_FILE_NOT_FOUND', 'AMOUNT_OUT_OF_RANGE'],
    handle: async ({ params, query }) => {
      await requireFile(db, params.file);
      return paged(query, {
        name: `file-transfers ${params.file}`,
        key: z.tuple([id]),
        read: (after, limit) => readTransfersOfFile(db, params.file, { after: after?.[0] ?? 0, limit }),
        keyOf: ({ sequence }) => [sequence],
        itemOf: transferBody,
      });
    },
  });

export const downloadPayoutFile = ({ db, config }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/payout-files/{file}/content',
    operationId: 'downloadPayoutFile',
    tag,
    summary: 'Download a file of transfers as the bank takes it',
    description:
      'It has account numbers in the clear, so every download is in the audit log. It is made again each time, byte for byte; a file that was given up is not.',
    permission: 'payout-file.export',
    params: fileParams,
    answer: { status: 200, description: 'The file.', contentType: 'application/octet-stream' },
    refusals: [
      'PAYOUT_FILE_NOT_FOUND',
      'PAYOUT_FILE_VOID',
      'PAYOUT_FILE_DIFFERS',
      'BANK_FILE_UNWRITABLE',
      'BANK_ACCOUNT_NOT_FOUND',
      'STREAMS_EXHAUSTED',
      'STREAM_SHARE_USED',
    ],
    handle: async ({ params: { file: fileId }, audit }) => {
      const { file, written } = decided(await remakeFile(db, config.encryptionKeys, fileId));
      const { contentHash } = file;
      await inTransaction(db, (tx) =>
        audit(tx, 'payout-file.download', ['payout-file', fileNumber(fileId)], {
          before: null,
          after: { contentHash },
        }),
      );
      return streamedFile('application/octet-stream', written.name, (sink) => sink(written.content));
    },
  });
