/** Asks for a step of the chain for all sellers: posting settled dates, closing statements, proposing payouts. Rows that a runner picks up. */
import * as z from 'zod';
import { type ChainStep, CLOSE_STEP, POST_STEP, PROPOSE_STEP } from '../../core/jobs/rules/chain.js';
import { datesToPost } from '../../core/postings/dates-to-post.js';
import { askedStep } from '../../core/settlement/request-runs.js';
import { requireExportable } from '../../core/settlement/settlement-export.js';
import { requireStatable } from '../../core/statements/closable.js';
import type { Tx } from '../../infra/database.js';
import { readPlatformTime } from '../../infra/platform-time.js';
import { addDays } from '../../kernel/business-date.js';
import type { ApiContext } from '../context.js';
import { businessDate } from '../edge/fields.js';
import { ok, type Reply } from '../edge/reply.js';
import { type Call, type Route, route } from '../edge/route.js';
import { defaultParameters, requestRun } from './ask-for-run.js';
import { runAddress, runRequestedSchema } from './run-fields.js';

const FOLLOWED =
  'A runner carries it out; follow the run at the address in Location, and find it again with `GET /v1/runs?job=`. While a request waits or the run is being worked on, asking again queues nothing.';

const requesting = {
  method: 'post',
  answer: { status: 202, description: 'The run was asked for, now or before.', schema: runRequestedSchema },
  idempotent: true,
} as const;

type Asking = Pick<Call<unknown, unknown, unknown>, 'signedIn' | 'transact' | 'audit' | 'afterCommit'>;

interface AskedStep {
  readonly step: ChainStep;
  readonly date: string;
  /** In the audit log. */
  readonly action: string;
}

async function requestStepIn(
  tx: Tx,
  { config, redis }: ApiContext,
  call: Asking,
  { step, date, action }: AskedStep,
): Promise<Reply<z.input<typeof runRequestedSchema>>> {
  const run = await askedStep(tx, step, date);
  return requestRun(tx, run, action, defaultParameters(config, call.signedIn), call, redis);
}

const requestStep = (context: ApiContext, call: Asking, asked: AskedStep) =>
  call.transact((tx) => requestStepIn(tx, context, call, asked));

/** The dates of one request at most: about a year. */
const DATES_MAX = 366;

const postingRange = z
  .strictObject({
    date: businessDate.optional().meta({ description: 'The settled date; or `from` and `to`.' }),
    from: businessDate.optional().meta({ description: 'The first date of a range, instead of `date`.' }),
    to: businessDate.optional().meta({ description: 'The last date of the range; absent: `from`.' }),
  })
  .refine(({ date, from }) => (date === undefined) !== (from === undefined), {
    path: ['date'],
    message: 'give either date, or from and to',
  })
  .refine(({ from, to }) => to === undefined || from !== undefined, { path: ['to'], message: 'goes with from' })
  .refine(({ from, to }) => from === undefined || to === undefined || from <= to, {
    path: ['to'],
    message: 'must not be before from',
  })
  .refine(({ from, to }) => from === undefined || to === undefined || to < addDays(from, DATES_MAX), {
    path: ['to'],
    message: `must not be more than ${DATES_MAX} dates from from`,
  })
  .meta({ id: 'PostingsRequest' });

const rangeOf = ({ date, from, to }: z.output<typeof postingRange>): { readonly from: string; readonly to: string } => {
  const first = (date ?? from) as string;
  return { from: first, to: to ?? first };
};

const postingsSchema = z
  .object({
    runs: z.array(runRequestedSchema).meta({ description: 'Of the dates that have something to post, by date.' }),
  })
  .meta({ id: 'PostingsRequested' });

export const requestPostings = (context: ApiContext): Route =>
  route({
    ...requesting,
    path: '/v1/ledger/postings',
    operationId: 'requestPostings',
    tag: 'Ledger',
    summary: 'Ask for the posting of settled dates to the ledger',
    description:
      'For each date of the range that has something to post a run of the job `post`, as `magam ledger post` carries them out. Runners do so by themselves after a settlement; ask for it where a run was stopped or has failed. A runner carries the runs out, each date on its own; find them with `GET /v1/runs?job=post`. While a request waits or a run is being worked on, asking again queues nothing.',
    permission: 'ledger.post',
    body: postingRange,
    example: { date: '2026-02-16' },
    answer: { ...requesting.answer, description: 'The runs were asked for, now or before.', schema: postingsSchema },
    otherAnswer: { status: 200, description: 'Every date of the range is in the ledger.' },
    refusals: ['DATE_NOT_SETTLED'],
    handle: async (call) => {
      const { from, to } = rangeOf(call.body);
      await requireExportable(context.db, from, to);
      return call.transact(async (tx) => {
        const runs: z.input<typeof runRequestedSchema>[] = [];
        for (const date of await datesToPost(tx, from, to)) {
          const { body } = await requestStepIn(tx, context, call, { step: POST_STEP, date, action: 'ledger.post' });
          if (body !== undefined) runs.push(body);
        }
        const [first, ...more] = runs;
        if (first === undefined) return ok({ runs });
        const location = more.length === 0 ? runAddress(first.runId) : `/v1/runs?job=post&from=${from}&to=${to}`;
        return { status: 202, body: { runs }, headers: { Location: location } };
      });
    },
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
