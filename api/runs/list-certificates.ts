/** Lists the certificates of a run. */
import * as z from 'zod';
import { readCertificateRecords } from '../../core/settlement/stores/certificate.js';
import { findSettlementRunById } from '../../core/settlement/stores/settlement-run.js';
import { found } from '../../kernel/outcome.js';
import type { ApiContext } from '../context.js';
import { ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import { certificateRecordSchema, runParams } from './run-fields.js';

export const listCertificates = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/runs/{runId}/certificates',
    operationId: 'listCertificatesOfRun',
    tag: 'Runs',
    summary: 'List the certificates of a run',
    permission: 'run.read',
    params: runParams,
    answer: {
      status: 200,
      description: 'The certificates by generation.',
      schema: z.object({ items: z.array(certificateRecordSchema) }),
    },
    refusals: ['RUN_NOT_FOUND'],
    handle: async ({ params: { runId } }) => {
      const run = found(await findSettlementRunById(db, runId), 'RUN_NOT_FOUND', { runId });
      return ok({ items: await readCertificateRecords(db, run.date) });
    },
  });
