/** Asking for a run, and the answer to the caller. */

import type * as z from 'zod';
import type { ExecutionParameters } from '../../core/jobs/stores/execution.js';
import { type RequestOutcome, requestOnce } from '../../core/settlement/request-runs.js';
import type { SettlementRun } from '../../core/settlement/stores/settlement-run.js';
import type { Config } from '../../infra/config.js';
import type { Tx } from '../../infra/database.js';
import type { RedisLink } from '../../infra/redis.js';
import { wakeRunnersOver } from '../../infra/wake.js';
import { type Caller, nameOf } from '../../kernel/access.js';
import type { Reply } from '../edge/reply.js';
import type { Call } from '../edge/route.js';
import { runAddress, type runRequestedSchema } from './run-fields.js';

/** Default parameters: with four partitions for each worker the threads end at about the same time. */
export const defaultParameters = (config: Config, caller: Caller): ExecutionParameters => ({
  gridSize: Math.max(10, config.workers * 4),
  workers: config.workers,
  chunkRows: config.chunkRows,
  requestedBy: nameOf(caller),
});

/** Queues an execution of the locked run unless that is done already, and writes it to the audit log; after the commit the runners are woken. */
export async function requestRun(
  tx: Tx,
  run: SettlementRun,
  action: string,
  parameters: ExecutionParameters,
  { audit, afterCommit }: Pick<Call<unknown, unknown, unknown>, 'audit' | 'afterCommit'>,
  redis: RedisLink,
  notices: readonly string[] = [],
): Promise<Reply<z.input<typeof runRequestedSchema>>> {
  const told = await requestOnce(tx, run, parameters);
  if (told.outcome === 'requested') {
    await audit(tx, action, ['run', run.runId], {
      before: { status: run.status, generation: run.generation },
      after: { date: run.date, executionId: told.executionId, ...parameters },
    });
  }
  afterCommit(() => wakeRunnersOver(redis));
  return requestedReply(run, told, notices);
}

/** 202 with the run's address; 200 if there was nothing to ask for. */
const requestedReply = (
  { runId, date, status, generation }: SettlementRun,
  { outcome, executionId }: RequestOutcome,
  notices: readonly string[],
): Reply<z.input<typeof runRequestedSchema>> => ({
  status: outcome === 'already-completed' ? 200 : 202,
  headers: { Location: runAddress(runId) },
  body: {
    runId,
    date,
    status,
    generation,
    executionId,
    alreadyRequested: outcome === 'already-requested',
    alreadyCompleted: outcome === 'already-completed',
    notices: [...notices],
  },
});
