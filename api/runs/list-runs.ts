/** Lists runs, the latest date first. */
import * as z from 'zod';
import { CHAIN_HEAD } from '../../core/jobs/rules/chain.js';
import { listRuns } from '../../core/settlement/stores/settlement-run.js';
import type { ApiContext } from '../context.js';
import { paged, pageOf, pageQuery } from '../edge/cursor.js';
import { businessDate } from '../edge/fields.js';
import { type Route, route } from '../edge/route.js';
import { job, runStatus, runSummaryBody, runSummarySchema } from './run-fields.js';

const querySchema = z.strictObject({
  job: job.optional().meta({ description: 'The runs of this job; the default is the settlement.' }),
  from: businessDate.optional().meta({ description: 'The first date.' }),
  to: businessDate.optional().meta({ description: 'The last date.' }),
  status: runStatus.optional(),
  ...pageQuery,
});

export const listRunsRoute = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/runs',
    operationId: 'listRuns',
    tag: 'Runs',
    summary: 'List the runs of a job, the latest date first',
    permission: 'run.read',
    query: querySchema,
    answer: { status: 200, description: 'A page of runs.', schema: pageOf(runSummarySchema) },
    handle: ({ query: { job = CHAIN_HEAD, from, to, status, ...asked } }) =>
      paged(asked, {
        name: 'runs',
        key: z.tuple([businessDate]),
        read: (before, limit) => listRuns(db, { jobs: [job], from, to, status, before: before?.[0] }, limit),
        keyOf: ({ date }) => [date],
        itemOf: runSummaryBody,
      }),
  });
