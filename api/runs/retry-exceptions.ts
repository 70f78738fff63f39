/** Tries the parked entries of a completed run again, in a supplement under the policies known when it is planned. */

import { isCompleted } from '../../core/jobs/stores/run.js';
import { countOpenExceptions } from '../../core/settlement/stores/exception.js';
import { findSettlementRunById } from '../../core/settlement/stores/settlement-run.js';
import { MagamError } from '../../kernel/errors.js';
import { found } from '../../kernel/outcome.js';
import type { ApiContext } from '../context.js';
import { type Route, route } from '../edge/route.js';
import { defaultParameters, requestRun } from './ask-for-run.js';
import { runParams, runRequestedSchema } from './run-fields.js';

export const retryExceptions = ({ config, redis }: ApiContext): Route =>
  route({
    method: 'post',
    path: '/v1/runs/{runId}/exceptions/retry',
    operationId: 'retryExceptions',
    tag: 'Runs',
    summary: 'Try the parked entries of a run again',
    description:
      'Asks for a supplement of the completed run: entries that can be settled now get a generation and a certificate of their own. If ' +
      'nothing can be settled nothing is written.',
    permission: 'run.operate',
    params: runParams,
    answer: { status: 202, description: 'A runner will try them.', schema: runRequestedSchema },
    refusals: ['RUN_NOT_FOUND', 'RUN_ACTIVE', 'RUN_NOT_COMPLETED', 'NOTHING_PARKED'],
    idempotent: true,
    handle: (call) =>
      call.transact(async (tx) => {
        const { runId } = call.params;
        const run = found(await findSettlementRunById(tx, runId, true), 'RUN_NOT_FOUND', { runId });
        if (run.status === 'RUNNING') throw new MagamError('RUN_ACTIVE', undefined, { runId });
        if (!isCompleted(run.status)) {
          throw new MagamError('RUN_NOT_COMPLETED', undefined, { runId, status: run.status });
        }
        if ((await countOpenExceptions(tx, run.date)) === 0) {
          throw new MagamError('NOTHING_PARKED', undefined, { runId });
        }
        return requestRun(tx, run, 'run.retry-exceptions', defaultParameters(config, call.signedIn), call, redis);
      }),
  });
