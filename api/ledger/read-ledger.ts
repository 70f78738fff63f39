/** Accounts, balances and transactions of the ledger. */
import * as z from 'zod';
import { onNormalSide } from '../../core/ledger/rules/accounts.js';
import { listAccounts, readAccount } from '../../core/ledger/stores/ledger-account.js';
import { readBalance, readBalances } from '../../core/ledger/stores/ledger-balance.js';
import { listTransactionsOf, readTransaction } from '../../core/ledger/stores/ledger-transaction.js';
import { found } from '../../kernel/outcome.js';
import type { ApiContext } from '../context.js';
import { momentKey, paged, pageOf, pageQuery } from '../edge/cursor.js';
import { businessDate, id, knownCurrency, minorOf, namedMoment } from '../edge/fields.js';
import { ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import {
  accountBody,
  accountKind,
  accountParams,
  accountSchema,
  balanceSchema,
  ownerQuery,
  transactionBody,
  transactionParams,
  transactionSchema,
} from './ledger-fields.js';

export const listAccountsRoute = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/ledger/accounts',
    operationId: 'listLedgerAccounts',
    tag: 'Ledger',
    summary: 'List accounts with their present balances',
    permission: 'ledger.read',
    query: z.strictObject({
      ...pageQuery,
      kind: accountKind.optional().meta({ description: 'Only accounts of this kind.' }),
      owner: ownerQuery,
      currency: knownCurrency.optional().meta({ description: 'Only accounts in this currency (ISO 4217).' }),
    }),
    answer: { status: 200, description: 'A page of accounts.', schema: pageOf(accountSchema) },
    refusals: ['CURSOR_INVALID', 'AMOUNT_OUT_OF_RANGE'],
    handle: async ({ query: { kind, owner, currency, ...asked } }) =>
      paged(asked, {
        name: `ledger-accounts ${kind ?? ''} ${owner ?? ''} ${currency ?? ''}`,
        key: z.tuple([id]),
        read: async (after, limit) => {
          const accounts = await listAccounts(db, { kind, owner, currency }, after?.[0] ?? 0, limit);
          const balances = await readBalances(
            db,
            accounts.map(({ accountId }) => accountId),
          );
          return accounts.map((account) => ({ account, balance: balances.get(account.accountId) ?? 0n }));
        },
        keyOf: ({ account }) => [account.accountId],
        itemOf: ({ account, balance }) => accountBody(account, balance),
      }),
  });

export const showBalance = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/ledger/accounts/{accountId}/balance',
    operationId: 'readLedgerBalance',
    tag: 'Ledger',
    summary: 'Show a balance: now, as of a date, or as it was known at a moment',
    permission: 'ledger.read',
    params: accountParams,
    query: z.strictObject({
      asOf: businessDate
        .optional()
        .meta({ description: 'Only postings that count for this business date or an earlier one.' }),
      recordedAt: namedMoment
        .optional()
        .meta({ description: 'Only postings that were recorded at this moment or earlier.' }),
    }),
    answer: { status: 200, description: 'The balance.', schema: balanceSchema },
    refusals: ['LEDGER_ACCOUNT_NOT_FOUND', 'AMOUNT_OUT_OF_RANGE'],
    handle: async ({ params: { accountId }, query: { asOf, recordedAt } }) => {
      const { kind, currency } = found(await readAccount(db, accountId), 'LEDGER_ACCOUNT_NOT_FOUND', { accountId });
      const balance = await readBalance(db, accountId, { asOf, recordedAt });
      const balanceMinor = minorOf(onNormalSide(kind, balance));
      return ok({ accountId, currency, asOf: asOf ?? null, recordedAt: recordedAt ?? null, balanceMinor });
    },
  });

export const listTransactionsRoute = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/ledger/accounts/{accountId}/transactions',
    operationId: 'listLedgerTransactions',
    tag: 'Ledger',
    summary: 'List the transactions of an account',
    description: 'Newest first, each with all its postings.',
    permission: 'ledger.read',
    params: accountParams,
    query: z.strictObject(pageQuery),
    answer: { status: 200, description: 'A page of transactions.', schema: pageOf(transactionSchema) },
    refusals: ['LEDGER_ACCOUNT_NOT_FOUND', 'CURSOR_INVALID', 'AMOUNT_OUT_OF_RANGE'],
    handle: async ({ params: { accountId }, query }) => {
      found(await readAccount(db, accountId), 'LEDGER_ACCOUNT_NOT_FOUND', { accountId });
      return paged(query, {
        name: `ledger-transactions ${accountId}`,
        key: z.tuple([momentKey, id]),
        read: (after, limit) =>
          listTransactionsOf(db, accountId, after && { recordedAt: after[0], transactionId: after[1] }, limit),
        keyOf: ({ recordedAt, transactionId }) => [recordedAt, transactionId],
        itemOf: transactionBody,
      });
    },
  });

export const showTransaction = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/ledger/transactions/{transactionId}',
    operationId: 'readLedgerTransaction',
    tag: 'Ledger',
    summary: 'Show a transaction',
    permission: 'ledger.read',
    params: transactionParams,
    answer: { status: 200, description: 'The transaction with its postings.', schema: transactionSchema },
    refusals: ['LEDGER_TRANSACTION_NOT_FOUND', 'AMOUNT_OUT_OF_RANGE'],
    handle: async ({ params }) =>
      ok(
        transactionBody(found(await readTransaction(db, params.transactionId), 'LEDGER_TRANSACTION_NOT_FOUND', params)),
      ),
  });
