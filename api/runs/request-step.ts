/** Asks for a step of a date for all sellers: closing their statements, proposing their payouts. Rows that a runner picks up. */
import * as z from 'zod';
import { type ChainStep, CLOSE_STEP, PROPOSE_STEP } from '../../core/jobs/rules/chain.js';
import { askedStep } from '../../core/settlement/request-runs.js';
import { requireStatable } from '../../core/statements/closable.js';
import { readPlatformTime } from '../../infra/platform-time.js';
import type { ApiContext } from '../context.js';
import { businessDate } from '../edge/fields.js';
import { type Call, type Route, route } from '../edge/route.js';
import { defaultParameters, requestRun } from './ask-for-run.js';
import { runRequestedSchema } from './run-fields.js';

const FOLLOWED =
  'A runner carries it out; follow the run at the address in Location, and find it again with `GET /v1/runs?job=`. While a request waits or the run is being worked on, asking again queues nothing.';

const requesting = {
  method: 'post',
  answer: { status: 202, description: 'The run was asked for, now or before.', schema: runRequestedSchema },
  idempotent: true,
} as const;

const requestStep = (
  { config, redis }: ApiContext,
  call: Pick<Call<unknown, unknown, unknown>, 'signedIn' | 'transact' | 'audit' | 'afterCommit'>,
  { step, date, action }: { readonly step: ChainStep; readonly date: string; readonly action: string },
) =>
  call.transact(async (tx) => {
    const run = await askedStep(tx, step, date);
    return requestRun(tx, run, action, defaultParameters(config, call.signedIn), call, redis);
  });

export const requestClose = (context: ApiContext): Route =>
  route({
    ...requesting,
    path: '/v1/statements',
    operationId: 'closeAllStatements',
    tag: 'Statements',
    summary: 'Ask for the close of the periods of all sellers up to a date',
    description: `The run of the job \`close-statements\` issues the statements. ${FOLLOWED} Asked for again, it closes the periods of sellers who had no terms before.`,
    permission: 'statement.close',
    body: z
      .strictObject({ date: businessDate.meta({ description: 'Periods that end on this date or before it.' }) })
      .meta({ id: 'StatementsCloseRequest' }),
    example: { date: '2026-02-28' },
    refusals: [
      'STATEMENT_DATE_NOT_OVER',
      'STATEMENT_DATE_UNSETTLED',
      'STATEMENT_DATE_UNPOSTED',
      'TIME_ZONE_DIFFERS',
      'CLOCK_DIFFERS',
    ],
    handle: async (call) => {
      const { date } = call.body;
      await requireStatable(context.db, date, await readPlatformTime(context.db, context.config.timeZone));
      return requestStep(context, call, { step: CLOSE_STEP, date, action: 'statement.close' });
    },
  });

export const requestProposals = (context: ApiContext): Route =>
  route({
    ...requesting,
    path: '/v1/payouts',
    operationId: 'proposeAllPayouts',
    tag: 'Payouts',
    summary: 'Ask for the proposal of the payouts of all sellers on a date',
    description: `The run of the job \`propose-payouts\` proposes what \`GET /v1/payout-cases\` shows without \`notPaid\`. Whoever asks is the maker, so somebody else approves. ${FOLLOWED} Asked for again, it proposes what has become payable since.`,
    permission: 'payout.propose',
    body: z
      .strictObject({ date: businessDate.optional().meta({ description: 'The date to pay on; absent: today.' }) })
      .meta({ id: 'PayoutsProposalRequest' }),
    example: { date: '2026-03-05' },
    refusals: ['TIME_ZONE_DIFFERS', 'CLOCK_DIFFERS'],
    handle: async (call) => {
      const { db, config } = context;
      const date = call.body.date ?? (await readPlatformTime(db, config.timeZone)).date;
      return requestStep(context, call, { step: PROPOSE_STEP, date, action: 'payout.propose' });
    },
  });
