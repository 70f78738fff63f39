/** Shows a run with its history and its progress. */

import {
  readSettlementExecutions,
  readSettlementPartitions,
  readSettlementPlans,
} from '../../core/settlement/run-history.js';
import { readCertificateRecords } from '../../core/settlement/stores/certificate.js';
import { readRun, SETTLE } from '../../core/settlement/stores/settlement-run.js';
import { MagamError } from '../../kernel/errors.js';
import { ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import type { RunsContext } from './context.js';
import { runDetailSchema, runParams, runProgressBody, runSummaryBody } from './run-fields.js';

const EXECUTIONS_MAX = 100;

export const showRun = ({ db, meter }: RunsContext): Route =>
  route({
    method: 'get',
    path: '/v1/runs/{runId}',
    operationId: 'readRun',
    tag: 'Runs',
    summary: 'Show a run with its executions, plans, partitions and live rate',
    permission: 'run.read',
    params: runParams,
    answer: { status: 200, description: 'The run.', schema: runDetailSchema },
    refusals: ['RUN_NOT_FOUND'],
    handle: async ({ params: { runId } }) => {
      const progress = await meter.measure(runId);
      const run = await readRun(db, runId);
      if (run === undefined || progress === undefined) throw new MagamError('RUN_NOT_FOUND', undefined, { runId });
      const partitions = await readSettlementPartitions(db, runId);
      return ok({
        ...runSummaryBody(run),
        progress: runProgressBody(progress),
        plans: await readSettlementPlans(db, runId),
        executions: (await readSettlementExecutions(db, runId)).slice(-EXECUTIONS_MAX),
        partitions: partitions.map(({ partitionId: _id, executions: _claims, ...partition }) => partition),
        certificates: run.job === SETTLE ? await readCertificateRecords(db, run.date) : [],
      });
    },
  });
