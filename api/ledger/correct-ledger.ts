/** Corrections of the ledger: accounts are closed and opened again, transactions are reversed. They are for admins, and the audit log records them. */
import * as z from 'zod';
import { closeAccount, reopenAccount } from '../../core/ledger/close-account.js';
import { reverseAlone } from '../../core/ledger/reverse-transaction.js';
import { readBalances } from '../../core/ledger/stores/ledger-balance.js';
import { readTransaction } from '../../core/ledger/stores/ledger-transaction.js';
import { nameOf } from '../../kernel/access.js';
import { decided, found } from '../../kernel/outcome.js';
import { businessDate, text } from '../edge/fields.js';
import { created, ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import {
  accountBody,
  accountParams,
  accountSchema,
  transactionBody,
  transactionParams,
  transactionSchema,
} from './ledger-fields.js';

export const closeAccountRoute = (): Route =>
  statusRoute(
    'close',
    'Close an account',
    'Nothing is posted to it until it is opened again. Its balance has to be zero.',
  );

export const reopenAccountRoute = (): Route =>
  statusRoute(
    'reopen',
    'Open a closed account again',
    'Postings that were refused meanwhile are tried again, or replayed as dead letters.',
  );

const statusRoute = (verb: 'close' | 'reopen', summary: string, description: string): Route =>
  route({
    method: 'post',
    path: `/v1/ledger/accounts/{accountId}/${verb}`,
    operationId: `${verb}LedgerAccount`,
    tag: 'Ledger',
    summary,
    description,
    permission: 'ledger.correct',
    params: accountParams,
    answer: { status: 200, description: 'The account as it is now.', schema: accountSchema },
    refusals:
      verb === 'close'
        ? ['LEDGER_ACCOUNT_NOT_FOUND', 'LEDGER_ACCOUNT_NOT_EMPTY', 'AMOUNT_OUT_OF_RANGE']
        : ['LEDGER_ACCOUNT_NOT_FOUND', 'AMOUNT_OUT_OF_RANGE'],
    idempotent: true,
    handle: ({ params: { accountId }, transact, audit }) =>
      transact(async (tx) => {
        const account = decided(await (verb === 'close' ? closeAccount : reopenAccount)(tx, accountId));
        const { kind, owner, currency, closedAt } = account;
        await audit(tx, `ledger-account.${verb}`, ['ledger-account', accountId], {
          before: null,
          after: { kind, owner, currency, closedAt },
        });
        return ok(accountBody(account, (await readBalances(tx, [accountId])).get(accountId) ?? 0n));
      }),
  });

export const reverseTransactionRoute = (): Route =>
  route({
    method: 'post',
    path: '/v1/ledger/transactions/{transactionId}/reversal',
    operationId: 'reverseLedgerTransaction',
    tag: 'Ledger',
    summary: 'Reverse a transaction',
    description:
      'Posts the opposite. A transaction can be reversed once, and a reversal is final. Only payments, their cancellations and roundings can be reversed here; settlements, statements, payouts and entries of two people are corrected in other ways.',
    permission: 'ledger.correct',
    params: transactionParams,
    example: { effectiveOn: '2026-02-16', reason: 'The payment was recorded twice by hand.' },
    body: z.strictObject({
      effectiveOn: businessDate.meta({ description: 'The business date that the reversal counts for.' }),
      reason: text(255).meta({ description: 'Why it is reversed.' }),
    }),
    answer: { status: 201, description: 'The reversal.', schema: transactionSchema },
    refusals: [
      'LEDGER_TRANSACTION_NOT_FOUND',
      'LEDGER_REVERSAL_ELSEWHERE',
      'LEDGER_REVERSAL_FINAL',
      'LEDGER_ALREADY_REVERSED',
      'LEDGER_ACCOUNT_CLOSED',
      'LEDGER_LIMIT_EXCEEDED',
      'AMOUNT_OUT_OF_RANGE',
    ],
    idempotent: true,
    handle: ({ params: { transactionId }, body: { effectiveOn, reason }, signedIn, transact, audit }) =>
      transact(async (tx) => {
        const reversal = { effectiveOn, reason, requestedBy: nameOf(signedIn) };
        const posted = decided(await reverseAlone(tx, transactionId, reversal));
        await audit(tx, 'ledger-transaction.reverse', ['ledger-transaction', transactionId], {
          before: null,
          after: { reversalId: posted.transactionId, effectiveOn, reason },
        });
        const made = found(await readTransaction(tx, posted.transactionId), 'LEDGER_TRANSACTION_NOT_FOUND');
        return created(`/v1/ledger/transactions/${made.transactionId}`, transactionBody(made));
      }),
  });
