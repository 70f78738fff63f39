/** Asks the processes that work on a run to stop after the present chunk, and withdraws requests that nobody has taken. */
import * as z from 'zod';
import { requestStop } from '../../core/jobs/stores/execution.js';
import { findChainRunById } from '../../core/settlement/stores/settlement-run.js';
import { nameOf } from '../../kernel/access.js';
import { MagamError } from '../../kernel/errors.js';
import { found } from '../../kernel/outcome.js';
import { businessDate, id } from '../edge/fields.js';
import { accepted } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import { runAddress, runParams } from './run-fields.js';

const stoppedSchema = z
  .object({
    runId: id,
    date: businessDate,
    running: z.number().int().min(0).meta({ description: 'Executions that were asked to stop.' }),
    requested: z.number().int().min(0).meta({ description: 'Requests that nobody had taken and that are withdrawn.' }),
  })
  .meta({ id: 'RunStop' });

export const stopRun = (): Route =>
  route({
    method: 'post',
    path: '/v1/runs/{runId}/stop',
    operationId: 'stopRun',
    tag: 'Runs',
    summary: 'Stop a run',
    description:
      'The run is STOPPED when the present chunks are committed; resume continues from there. A run that is closing, with all its ' +
      'chunks committed, completes all the same.',
    permission: 'run.operate',
    params: runParams,
    answer: { status: 202, description: 'They were asked to stop.', schema: stoppedSchema },
    refusals: ['RUN_NOT_FOUND', 'RUN_NOT_ACTIVE'],
    handle: async ({ params: { runId }, signedIn, audit, transact }) =>
      transact(async (tx) => {
        const run = found(await findChainRunById(tx, runId), 'RUN_NOT_FOUND', { runId });
        const asked = await requestStop(tx, runId, nameOf(signedIn));
        if (asked.running + asked.requested === 0) {
          throw new MagamError('RUN_NOT_ACTIVE', undefined, { runId, status: run.status });
        }
        await audit(tx, 'run.stop', ['run', runId], { before: { status: run.status }, after: asked });
        return accepted(runAddress(runId), { runId, date: run.date, ...asked });
      }),
  });
