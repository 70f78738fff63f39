/** When a seller is paid next, and why it is not: GET /v1/sellers/{sellerId}/next-payout and GET /v1/payout-cases */
import * as z from 'zod';
import { nextPayouts } from '../../core/payouts/next-payout.js';
import { type Candidate, payCases } from '../../core/payouts/pay-cases.js';
import { readPayablePage, readPayablesOf } from '../../core/statements/stores/payable-account.js';
import type { Db } from '../../infra/database.js';
import { readPlatformTime } from '../../infra/platform-time.js';
import type { ApiContext } from '../context.js';
import { paged, pageOf, pageQuery } from '../edge/cursor.js';
import { amountMinor, businessDate, currency, externalId, id, minorOf } from '../edge/fields.js';
import { ownSeller } from '../edge/own-seller.js';
import { ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import {
  caseBody,
  caseSchema,
  detailsOf,
  notPaidSchema,
  payoutBody,
  payoutSchema,
  sellerParams,
  tag,
} from './payout-fields.js';

const nextSchema = z
  .object({
    sellerId: z.string(),
    currencies: z.array(
      z.object({
        currency,
        underWay: z.array(payoutSchema).meta({ description: 'Payouts that are neither paid nor cancelled.' }),
        next: z
          .object({
            payoutOn: businessDate,
            amountMinor,
            notPaid: notPaidSchema.nullable().meta({ description: 'Why nothing would be paid, as it is known now.' }),
            parts: z.array(
              z.object({
                statementId: id.nullable().meta({ description: 'Null: the draft of a period that is not closed.' }),
                periodFrom: businessDate,
                closesOn: businessDate,
                payoutOn: businessDate,
                earnedMinor: amountMinor,
                hash: z.string(),
              }),
            ),
          })
          .nullable()
          .meta({ description: 'Null: nothing falls due.' }),
        mayChange: z
          .array(z.object({ code: z.string(), details: z.record(z.string(), z.unknown()) }))
          .meta({ description: 'What could still change it. docs/payouts.md lists the codes.' }),
      }),
    ),
  })
  .meta({ id: 'NextPayout' });

async function nextBody(
  { db, config }: ApiContext,
  sellerId: string,
  forStaff: boolean,
): Promise<z.input<typeof nextSchema>> {
  const { date } = await readPlatformTime(db, config.timeZone);
  const currencies = await nextPayouts(db, sellerId, date);
  return {
    sellerId,
    currencies: currencies.map(({ currency: code, underWay, next, mayChange }) => ({
      currency: code,
      underWay: underWay.map((payout) => payoutBody(payout, forStaff)),
      next: next && {
        payoutOn: next.payoutOn,
        amountMinor: minorOf(next.amountMinor),
        notPaid: next.notPaid && {
          reason: next.notPaid.reason,
          details: detailsOf(next.notPaid.details, forStaff),
        },
        parts: next.parts.map((part) => ({ ...part, earnedMinor: minorOf(part.earnedMinor) })),
      },
      mayChange: mayChange.map(({ code: change, details }) => ({
        code: change,
        details: detailsOf(details, forStaff),
      })),
    })),
  };
}

const showing = {
  method: 'get',
  tag,
  permission: 'payout.read',
  answer: { status: 200, description: 'By currency; empty where nothing was ever posted.', schema: nextSchema },
  refusals: ['TERMS_UNREADABLE', 'AMOUNT_OUT_OF_RANGE'],
} as const;

export const showNextPayout = (context: ApiContext): Route =>
  route({
    ...showing,
    path: '/v1/sellers/{sellerId}/next-payout',
    operationId: 'readNextPayout',
    summary: 'Show when a seller is paid next, how much, and of what',
    description: 'With what could still change it.',
    params: sellerParams,
    owner: ({ params: { sellerId } }) => ({ sellerId }),
    handle: async ({ params: { sellerId }, own }) => ok(await nextBody(context, sellerId, own === null)),
  });

export const showOwnNextPayout = (context: ApiContext): Route =>
  route({
    ...showing,
    path: '/v1/me/next-payout',
    operationId: 'readOwnNextPayout',
    summary: 'Show my next payout',
    permission: 'payout.read-own',
    description: 'For sellers: the same as at `/v1/sellers/{sellerId}/next-payout`.',
    handle: async ({ signedIn }) => ok(await nextBody(context, ownSeller(signedIn) as string, false)),
  });

/** The unclaimed statements as of a date, of one seller or of all, in the order of the accounts of the ledger. */
async function casesAfter(db: Db, date: string, sellerId: string | undefined, after: number, limit: number) {
  const found: Candidate[] = [];
  if (sellerId !== undefined) {
    const accounts = (await readPayablesOf(db, sellerId)).filter(({ accountId }) => accountId > after);
    return (await payCases(db, accounts, date)).sort((a, b) => a.accountId - b.accountId).slice(0, limit);
  }
  for (let last = after; found.length < limit; ) {
    const page = await readPayablePage(db, last, Number.MAX_SAFE_INTEGER, PAGE);
    found.push(...(await payCases(db, page, date)));
    last = page.at(-1)?.accountId ?? last;
    if (page.length < PAGE) break;
  }
  return found.slice(0, limit);
}

const PAGE = 500;

export const listPayoutCases = ({ db, config }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/payout-cases',
    operationId: 'listPayoutCases',
    tag,
    summary: 'List what would be proposed for a date, and why the rest is not paid',
    description:
      'One case for each seller and currency with statements that no payout has claimed. A seller sees its own.',
    permission: 'payout.read',
    query: z.strictObject({
      ...pageQuery,
      date: businessDate.optional().meta({ description: 'The date of the proposal; absent: today.' }),
      sellerId: externalId
        .optional()
        .meta({ description: 'Only those of this seller; a seller sees its own without saying so.' }),
    }),
    answer: { status: 200, description: 'A page of cases.', schema: pageOf(caseSchema) },
    refusals: ['TERMS_UNREADABLE', 'AMOUNT_OUT_OF_RANGE'],
    owner: ({ query: { sellerId } }) => (sellerId === undefined ? undefined : { sellerId }),
    handle: async ({ query: { limit, cursor, ...query }, own }) => {
      const date = query.date ?? (await readPlatformTime(db, config.timeZone)).date;
      const sellerId = ownSeller(own) ?? query.sellerId;
      return paged(
        { limit, cursor },
        {
          name: `payout-cases ${date} ${sellerId ?? ''}`,
          key: z.tuple([id]),
          read: (after, rows) => casesAfter(db, date, sellerId, after?.[0] ?? 0, rows),
          keyOf: ({ accountId }) => [accountId],
          itemOf: (one) => caseBody(one, date, own === null),
        },
      );
    },
  });
