/** Drafts of the running period of a seller, and the close of its periods as they were previewed. */

import * as z from 'zod';
import { businessCalendar } from '../../core/business-days/keep-calendar.js';
import { requireStatable } from '../../core/statements/closable.js';
import { closeSellerIn } from '../../core/statements/close-seller.js';
import { previewSeller } from '../../core/statements/preview.js';
import { contentOf } from '../../core/statements/rules/sums.js';
import { readPlatformTime } from '../../infra/platform-time.js';
import { nameOf } from '../../kernel/access.js';
import type { ApiContext } from '../context.js';
import { businessDate, externalId, knownCurrency, minorOf } from '../edge/fields.js';
import { ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import { tag } from './read-statements.js';
import { draftFieldsOf, draftSchema, headBody, headSchema } from './statement-fields.js';

const sellerParams = z.strictObject({ sellerId: externalId.meta({ description: 'The seller.' }) });

export const previewStatements = ({ db, config }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/sellers/{sellerId}/statement-drafts',
    operationId: 'previewStatements',
    tag,
    summary: 'Preview the statement of the running period of a seller',
    description: 'By currency. The hash is the one that closing gives if nothing else comes. Nothing is stored.',
    permission: 'statement.read',
    params: sellerParams,
    query: z.strictObject({
      at: businessDate.optional().meta({ description: 'The period that holds this date; absent: today.' }),
    }),
    answer: {
      status: 200,
      description: 'The drafts.',
      schema: z.object({ sellerId: z.string(), drafts: z.array(draftSchema) }).meta({ id: 'StatementDrafts' }),
    },
    refusals: [
      'STATEMENT_SELLER_UNKNOWN',
      'STATEMENT_PERIOD_ENDLESS',
      'TERMS_MISSING',
      'TERMS_UNREADABLE',
      'BUSINESS_DAY_UNKNOWN',
      'AMOUNT_OUT_OF_RANGE',
    ],
    owner: ({ params: { sellerId } }) => ({ sellerId }),
    handle: async ({ params: { sellerId }, query }) => {
      const at = query.at ?? (await readPlatformTime(db, config.timeZone)).date;
      const previews = await previewSeller(db, { sellerId, at, calendar: await businessCalendar(db) });
      return ok({
        sellerId,
        drafts: previews.map(({ statement, draft }) => ({
          ...draftFieldsOf(statement),
          settlements: draft.settlements.map(contentOf).map(({ settledOn, generation, sales, refunds, figures }) => ({
            ...{ settledOn, generation, sales, refunds },
            netMinor: minorOf(figures.net),
          })),
          transactions: [...draft.items, ...draft.newItems].map(({ key, kind, amountMinor }) => ({
            ...{ key, kind, amountMinor: minorOf(amountMinor) },
          })),
        })),
      });
    },
  });

export const closeStatementsOfSeller = ({ db, config }: ApiContext): Route =>
  route({
    method: 'post',
    path: '/v1/sellers/{sellerId}/statements',
    operationId: 'closeStatements',
    tag,
    summary: 'Close the periods of a seller up to a date',
    description:
      'With `expectedHash` only if one of the statements has the hash that a preview showed; otherwise STATEMENT_MOVED says what changed. Closing again changes nothing. `POST /v1/statements` closes the periods of all sellers.',
    permission: 'statement.close',
    params: sellerParams,
    body: z
      .strictObject({
        date: businessDate.meta({ description: 'Periods that end on this date or before it.' }),
        currency: knownCurrency.optional().meta({ description: 'Only this currency; absent: all.' }),
        expectedHash: z
          .string()
          .regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits')
          .optional()
          .meta({ description: 'The hash of the preview.' }),
      })
      .meta({ id: 'StatementClose' }),
    example: { date: '2026-02-28' },
    answer: {
      status: 200,
      description: 'The statements whose period ends on the date.',
      schema: z
        .object({
          issued: z.number().int().min(0).meta({ description: 'How many were issued by this call.' }),
          statements: z.array(headSchema),
        })
        .meta({ id: 'StatementsClosed' }),
    },
    refusals: [
      'STATEMENT_SELLER_UNKNOWN',
      'STATEMENT_MOVED',
      'STATEMENT_DATE_NOT_OVER',
      'STATEMENT_DATE_UNSETTLED',
      'STATEMENT_DATE_UNPOSTED',
      'LEDGER_ACCOUNT_CLOSED',
      'TERMS_UNREADABLE',
      'BUSINESS_DAY_UNKNOWN',
      'AMOUNT_OUT_OF_RANGE',
    ],
    idempotent: true,
    handle: async ({ params: { sellerId }, body: { date, currency, expectedHash }, signedIn, transact, audit }) => {
      await requireStatable(db, date, await readPlatformTime(db, config.timeZone));
      const calendar = await businessCalendar(db);
      return transact(async (tx) => {
        const close = { sellerId, currency, through: date, calendar, expect: expectedHash, issuedBy: nameOf(signedIn) };
        const { issued, statements } = await closeSellerIn(tx, close);
        const ids = statements.map(({ statementId }) => statementId);
        await audit(tx, 'statement.close', ['seller', sellerId], {
          before: null,
          after: { date, currency, expectedHash, issued, statements: ids },
        });
        return ok({ issued, statements: statements.map(headBody) });
      });
    },
  });
