/** Lists runs, the latest date first. */
import * as z from 'zod';
import { listRuns } from '../../core/settlement/stores/settlement-run.js';
import type { ApiContext } from '../context.js';
import { paged, pageOf, pageQuery } from '../edge/cursor.js';
import { businessDate } from '../edge/fields.js';
import { type Route, route } from '../edge/route.js';
import { runStatus, runSummaryBody, runSummarySchema } from './run-fields.js';

const querySchema = z.strictObject({
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
    summary: 'List runs, the latest date first',
    permission: 'run.read',
    query: querySchema,
    answer: { status: 200, description: 'A page of runs.', schema: pageOf(runSummarySchema) },
    handle: ({ query: { from, to, status, ...asked } }) =>
      paged(asked, {
        name: 'runs',
        key: z.tuple([businessDate]),
        read: (before, limit) => listRuns(db, { from, to, status, before: before?.[0] }, limit),
        keyOf: ({ date }) => [date],
        itemOf: runSummaryBody,
      }),
  });
