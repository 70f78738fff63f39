/** Resumes a run that was stopped or has failed. */

import { isCompleted } from '../../core/jobs/stores/run.js';
import { findChainRunById } from '../../core/settlement/stores/settlement-run.js';
import { MagamError } from '../../kernel/errors.js';
import { found } from '../../kernel/outcome.js';
import type { ApiContext } from '../context.js';
import { type Route, route } from '../edge/route.js';
import { defaultParameters, requestRun } from './ask-for-run.js';
import { runParams, runRequestedSchema } from './run-fields.js';

export const resumeRun = ({ config, redis }: ApiContext): Route =>
  route({
    method: 'post',
    path: '/v1/runs/{runId}/resume',
    operationId: 'resumeRun',
    tag: 'Runs',
    summary: 'Resume a stopped or failed run',
    description: 'It continues after the last committed chunk of each partition, under its own plan.',
    permission: 'run.operate',
    params: runParams,
    answer: { status: 202, description: 'A runner will continue the run.', schema: runRequestedSchema },
    refusals: ['RUN_NOT_FOUND', 'RUN_ACTIVE', 'RUN_COMPLETED'],
    idempotent: true,
    handle: (call) =>
      call.transact(async (tx) => {
        const { runId } = call.params;
        const run = found(await findChainRunById(tx, runId, true), 'RUN_NOT_FOUND', { runId });
        if (run.status === 'RUNNING') throw new MagamError('RUN_ACTIVE', undefined, { runId });
        if (isCompleted(run.status)) throw new MagamError('RUN_COMPLETED', undefined, { runId, status: run.status });
        return requestRun(tx, run, 'run.resume', defaultParameters(config, call.signedIn), call, redis);
      }),
  });
