/** The trial balance: GET /v1/ledger/balances */
import * as z from 'zod';
import { readKindBalances, type TrialBalance, trialBalancesOf } from '../../core/ledger/stores/ledger-balance.js';
import type { ApiContext } from '../context.js';
import { amountMinor, businessDate, currency, minorOf } from '../edge/fields.js';
import { ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import { accountKind, ownerQuery } from './ledger-fields.js';

const sides = {
  debitMinor: amountMinor.meta({ description: 'The sum of the accounts whose balance is a debit.' }),
  creditMinor: amountMinor.meta({ description: 'The sum of the accounts whose balance is a credit.' }),
};

const trialBalanceSchema = z
  .object({
    asOf: businessDate.nullable(),
    owner: z.string().nullable(),
    balances: z.array(z.object({ kind: accountKind, currency, accounts: z.number().int(), ...sides })),
    totals: z
      .array(z.object({ currency, ...sides }))
      .meta({ description: 'By currency. The two sides are equal, unless only one owner was asked for.' }),
  })
  .meta({ id: 'TrialBalance' });

export const showTrialBalance = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/ledger/balances',
    operationId: 'readTrialBalance',
    tag: 'Ledger',
    summary: 'Show the trial balance: the debits and credits of each kind of account',
    description: 'As `magam ledger balances` shows it.',
    permission: 'ledger.read',
    query: z.strictObject({
      asOf: businessDate.optional().meta({
        description: 'Only what counts for this business date or an earlier one; absent: all that is posted.',
      }),
      owner: ownerQuery,
    }),
    answer: { status: 200, description: 'The trial balance.', schema: trialBalanceSchema },
    refusals: ['AMOUNT_OUT_OF_RANGE'],
    handle: async ({ query: { asOf, owner } }) => {
      const balances = await readKindBalances(db, { asOf, owner });
      return ok({
        asOf: asOf ?? null,
        owner: owner ?? null,
        balances: balances.map((one) => ({ kind: one.kind, accounts: one.accounts, ...amountsOf(one) })),
        totals: trialBalancesOf(balances).map(amountsOf),
      });
    },
  });

const amountsOf = ({ currency: code, debitMinor, creditMinor }: TrialBalance) => ({
  currency: code,
  debitMinor: minorOf(debitMinor),
  creditMinor: minorOf(creditMinor),
});
