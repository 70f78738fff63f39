/** Issued statements, and what they are made of. A seller sees its own. */
import * as z from 'zod';
import { readStatementLines } from '../../core/statements/statement-lines.js';
import {
  listStatements,
  readStatement,
  readStatementHead,
  readStatementItems,
  readStatementSettlements,
} from '../../core/statements/stores/statement.js';
import type { Db } from '../../infra/database.js';
import type { Owner } from '../../kernel/access.js';
import { MagamError } from '../../kernel/errors.js';
import { found } from '../../kernel/outcome.js';
import type { ApiContext } from '../context.js';
import { paged, pageOf, pageQuery } from '../edge/cursor.js';
import { businessDate, externalId, id, knownCurrency, minorOf } from '../edge/fields.js';
import { ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import {
  headBody,
  headSchema,
  lineSchema,
  settlementBody,
  settlementSchema,
  statementBody,
  statementParams,
  statementSchema,
  transactionBody,
  transactionSchema,
} from './statement-fields.js';

export const tag = 'Statements';

/** Throws STATEMENT_NOT_FOUND. */
const requireStatement = async (db: Db, statementId: number) =>
  found(await readStatementHead(db, statementId), 'STATEMENT_NOT_FOUND', { statementId });

/** The owner of a statement. Throws STATEMENT_NOT_FOUND. */
export const ownerOf =
  (db: Db) =>
  async ({ params }: { readonly params: { readonly statementId: number } }): Promise<Owner> => {
    const { sellerId } = await requireStatement(db, params.statementId);
    return { sellerId };
  };

export const listStatementsRoute = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/statements',
    operationId: 'listStatements',
    tag,
    summary: 'List issued statements',
    description: 'The latest period first. A seller sees its own.',
    permission: 'statement.read',
    query: z
      .strictObject({
        ...pageQuery,
        sellerId: externalId.optional().meta({ description: 'Only those of this seller.' }),
        currency: knownCurrency.optional().meta({ description: 'Only those in this currency (ISO 4217).' }),
        state: z.enum(['issued', 'paid']).optional().meta({ description: 'Only those in this state.' }),
        from: businessDate.optional().meta({ description: 'Only periods that end on this date or later.' }),
        to: businessDate.optional().meta({ description: 'Only periods that end on this date or earlier.' }),
      })
      .refine(({ from, to }) => from === undefined || to === undefined || from <= to, {
        path: ['to'],
        message: 'must not be before from',
      }),
    answer: { status: 200, description: 'A page of statements.', schema: pageOf(headSchema) },
    refusals: ['AMOUNT_OUT_OF_RANGE'],
    handle: async ({ query: { limit, cursor, ...filter }, own }) => {
      if (own !== null && filter.sellerId !== undefined && filter.sellerId !== own.sellerId)
        throw new MagamError('FORBIDDEN');
      const sellerId = own === null ? filter.sellerId : (own.sellerId ?? '');
      return paged(
        { limit, cursor },
        {
          name: `statements ${JSON.stringify({ ...filter, sellerId })}`,
          key: z.tuple([businessDate, id]),
          read: (after, rows) =>
            listStatements(db, { ...filter, sellerId }, after && { closesOn: after[0], statementId: after[1] }, rows),
          keyOf: ({ closesOn, statementId }) => [closesOn, statementId],
          itemOf: headBody,
        },
      );
    },
  });

export const showStatement = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/statements/{statementId}',
    operationId: 'readStatement',
    tag,
    summary: 'Show a statement with its sums',
    permission: 'statement.read',
    params: statementParams,
    answer: { status: 200, description: 'The statement.', schema: statementSchema },
    refusals: ['STATEMENT_NOT_FOUND', 'AMOUNT_OUT_OF_RANGE'],
    owner: ownerOf(db),
    handle: async ({ params }) =>
      ok(statementBody(found(await readStatement(db, params.statementId), 'STATEMENT_NOT_FOUND', params))),
  });

export const listSettlementsOfStatement = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/statements/{statementId}/settlements',
    operationId: 'listStatementSettlements',
    tag,
    summary: 'List the settlements of a statement',
    description: 'By date and generation, each with its certificate.',
    permission: 'statement.read',
    params: statementParams,
    query: z.strictObject(pageQuery),
    answer: { status: 200, description: 'A page of settlements.', schema: pageOf(settlementSchema) },
    refusals: ['STATEMENT_NOT_FOUND', 'AMOUNT_OUT_OF_RANGE'],
    owner: ownerOf(db),
    handle: async ({ params: { statementId }, query }) => {
      await requireStatement(db, statementId);
      return paged(query, {
        name: `statement-settlements ${statementId}`,
        key: z.tuple([businessDate, z.number().int()]),
        read: (after, limit) =>
          readStatementSettlements(db, statementId, after && { settledOn: after[0], generation: after[1] }, limit),
        keyOf: ({ settledOn, generation }) => [settledOn, generation],
        itemOf: settlementBody,
      });
    },
  });

export const listTransactionsOfStatement = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/statements/{statementId}/transactions',
    operationId: 'listStatementTransactions',
    tag,
    summary: 'List the other transactions of a statement',
    description: 'Payouts, adjustments, chargebacks, reserves, reversals, by id.',
    permission: 'statement.read',
    params: statementParams,
    query: z.strictObject(pageQuery),
    answer: { status: 200, description: 'A page of transactions.', schema: pageOf(transactionSchema) },
    refusals: ['STATEMENT_NOT_FOUND', 'AMOUNT_OUT_OF_RANGE'],
    owner: ownerOf(db),
    handle: async ({ params: { statementId }, query }) => {
      await requireStatement(db, statementId);
      return paged(query, {
        name: `statement-transactions ${statementId}`,
        key: z.tuple([id]),
        read: (after, limit) => readStatementItems(db, statementId, after?.[0] ?? 0, limit),
        keyOf: ({ transactionId }) => [transactionId],
        itemOf: transactionBody,
      });
    },
  });

export const listLinesOfStatement = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/statements/{statementId}/lines',
    operationId: 'listStatementLines',
    tag,
    summary: 'List every line of a statement',
    description:
      'By date, generation, sales before refunds. `/v1/lines/explanation` says how the amounts of a line came about.',
    permission: 'statement.read',
    params: statementParams,
    query: z.strictObject(pageQuery),
    answer: { status: 200, description: 'A page of lines.', schema: pageOf(lineSchema) },
    refusals: ['STATEMENT_NOT_FOUND', 'AMOUNT_OUT_OF_RANGE'],
    owner: ownerOf(db),
    handle: async ({ params: { statementId }, query }) =>
      paged(query, {
        name: `statement-lines ${statementId}`,
        key: z.tuple([businessDate, z.number().int(), z.number().int(), id]),
        read: (after, limit) =>
          readStatementLines(
            db,
            statementId,
            after && { settledOn: after[0], generation: after[1], leg: after[2], entryId: after[3] },
            limit,
          ),
        keyOf: ({ at: { settledOn, generation, leg, entryId } }) => [settledOn, generation, leg, entryId],
        itemOf: ({ at: { leg, ...at }, certificate, row }): z.input<typeof lineSchema> => ({
          ...at,
          leg: leg === 0 ? 'sale' : 'refund',
          orderId: String(row.order_id),
          lineId: String(row.line_id),
          refundId: leg === 0 ? null : String(row.refund_id),
          netMinor: minorOf(BigInt(row.net as string | number)),
          certificate,
        }),
      }),
  });
