/** Asks for the settlement of a date: writes a row that a runner picks up. */
import * as z from 'zod';
import type { ClosingOptions } from '../../core/settlement/closable-date.js';
import { askedRun } from '../../core/settlement/request-runs.js';
import { readPlatformTime } from '../../infra/platform-time.js';
import type { ApiContext } from '../context.js';
import { businessDate } from '../edge/fields.js';
import { type Route, route } from '../edge/route.js';
import { defaultParameters, requestRun } from './ask-for-run.js';
import { runRequestedSchema } from './run-fields.js';

const bodySchema = z
  .strictObject({
    date: businessDate.meta({ description: 'The date to settle; dates are settled in order.' }),
    gridSize: z.number().int().min(1).max(10_000).optional().meta({ description: 'Partitions of a new plan.' }),
    workers: z.number().int().min(1).max(64).optional().meta({ description: 'Threads of the runner that takes it.' }),
    chunkSize: z.number().int().min(1).max(50_000).optional().meta({ description: 'Entries per transaction.' }),
    allowEmpty: z.boolean().optional().meta({ description: 'Close the date though it has no entries.' }),
    allowUnfinishedDay: z
      .boolean()
      .optional()
      .meta({ description: 'Close the date though it is today, which is not over.' }),
  })
  .meta({ id: 'RunRequest' });

export const requestRunRoute = ({ config, redis }: ApiContext): Route =>
  route({
    method: 'post',
    path: '/v1/runs',
    operationId: 'requestRun',
    tag: 'Runs',
    summary: 'Ask for the settlement of a date',
    description:
      'A runner picks the request up; follow the run at the address in Location. A date has one run: while a request waits or the run is ' +
      'being worked on, asking again gives the same address and queues nothing. A stopped or failed run is resumed; a completed one ' +
      'tries its parked entries again, and if there are none the answer is 200 with `alreadyCompleted`.',
    permission: 'run.operate',
    body: bodySchema,
    example: { date: '2026-02-24', allowEmpty: true },
    answer: {
      status: 202,
      description: 'The run was requested, by this call or an earlier one.',
      schema: runRequestedSchema,
    },
    otherAnswer: {
      status: 200,
      description: 'The date is settled, and none of its entries is parked.',
      location: true,
    },
    refusals: [
      'DATE_NOT_OVER',
      'DATE_EMPTY',
      'EARLIER_DATE_OPEN',
      'IMPORT_IN_PROGRESS',
      'TIME_ZONE_DIFFERS',
      'CLOCK_DIFFERS',
    ],
    idempotent: true,
    handle: async (call) => {
      const asked = call.body;
      const defaults = defaultParameters(config, call.signedIn);
      const parameters = {
        gridSize: asked.gridSize ?? defaults.gridSize,
        workers: asked.workers ?? defaults.workers,
        chunkRows: asked.chunkSize ?? defaults.chunkRows,
        requestedBy: defaults.requestedBy,
        options: {
          ...(asked.allowEmpty === true && { allowEmpty: true }),
          ...(asked.allowUnfinishedDay === true && { allowUnfinishedDay: true }),
        } satisfies ClosingOptions,
      };
      return call.transact(async (tx) => {
        const now = await readPlatformTime(tx, config.timeZone);
        const notices =
          asked.date === now.date
            ? [`${now.date} is not over yet in ${now.timeZone}; a closed date takes no more entries.`]
            : [];
        const run = await askedRun(tx, asked.date, now, parameters.options);
        return requestRun(tx, run, 'run.request', parameters, call, redis, notices);
      });
    },
  });
