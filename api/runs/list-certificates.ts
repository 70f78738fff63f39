/** Lists the certificates of a run. */
import { z } from 'zod';
import { readCertificateRecords } from '../../core/settlement/stores/certificate.js';
import { findSettlementRunById } from '../../core/settlement/stores/settlement-run.js';
import { MagamError } from '../../kernel/errors.js';
import type { ApiContext } from '../context.js';
import { ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import { certificateRecord, runParams } from './run-fields.js';

export const listCertificates = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/runs/{runId}/certificates',
    tag: 'Runs',
    summary: 'List the certificates of a run',
    permission: 'run.read',
    params: runParams,
    answer: {
      status: 200,
      description: 'The certificates by generation.',
      schema: z.object({ items: z.array(certificateRecord) }),
    },
    refusals: ['RUN_NOT_FOUND'],
    handle: async ({ params: { runId } }) => {
      const run = await findSettlementRunById(db, runId);
      if (run === undefined) throw new MagamError('RUN_NOT_FOUND', undefined, { runId });
      return ok({ items: await readCertificateRecords(db, run.date) });
    },
  });
