/** Approved payouts are left to a payout provider. A runner asks the provider; no route does. */
import * as z from 'zod';
import { providerSteps } from '../../core/payouts/provider-steps.js';
import { configuredPayoutProviders } from '../../core/payouts/providers/registry.js';
import { requestTransfers, TRANSFERS_MAX } from '../../core/payouts/request-transfers.js';
import { transferReference } from '../../core/payouts/rules/transfer-reference.js';
import { requestTransfer } from '../../core/payouts/send-payout.js';
import { readPayout } from '../../core/payouts/stores/payout.js';
import { readPlatformTime } from '../../infra/platform-time.js';
import { nameOf } from '../../kernel/access.js';
import { isRefusal } from '../../kernel/errors.js';
import { found } from '../../kernel/outcome.js';
import type { ApiContext } from '../context.js';
import { id, knownCurrency } from '../edge/fields.js';
import { accepted, ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import { changed } from './change-payouts.js';
import { payoutParams, payoutSchema, tag, transferNames } from './payout-fields.js';

const provider = z
  .string()
  .regex(/^[A-Z][A-Z0-9_]{0,19}$/, 'must be the name of a provider, such as TOSS_PAYOUT')
  .default('TOSS_PAYOUT')
  .meta({ description: 'The payout provider that transfers the money.' });

const SENT =
  'Two people have approved it, and the ledger has it as sent from now on. A runner sends the transfer within seconds and looks it up until it is paid or has failed; `GET /v1/payouts/{payoutId}` shows it in `transfers`.';

export const sendPayoutRoute = ({ config }: ApiContext): Route =>
  route({
    method: 'post',
    path: '/v1/payouts/{payoutId}/send',
    operationId: 'sendPayout',
    tag,
    summary: 'Leave an approved payout to a payout provider',
    description: `${SENT} Where its account or amount is not what was approved, the answer is PAYOUT_CHANGED and the approval is void.`,
    permission: 'payout.send',
    params: payoutParams,
    body: z.strictObject({ provider }).meta({ id: 'PayoutSending' }),
    example: { provider: 'TOSS_PAYOUT' },
    answer: { status: 200, description: 'The payout, sent.', schema: payoutSchema, etag: true },
    refusals: [
      'PAYOUT_NOT_FOUND',
      'PAYOUT_STATE_WRONG',
      'PAYOUT_NOT_DUE',
      'PAYOUT_CHANGED',
      'PAYOUT_PROVIDER_MISSING',
      'PAYOUT_CURRENCY_UNSUPPORTED',
      'LEDGER_ACCOUNT_CLOSED',
      'AMOUNT_OUT_OF_RANGE',
    ],
    idempotent: true,
    versioned: true,
    handle: (call) => {
      const { payoutId } = call.params;
      const context = { providers: configuredPayoutProviders(config), steps: providerSteps(config.timeZone) };
      return changed(call, 'send', call.body, async (tx) => {
        const requestedBy = nameOf(call.signedIn);
        const transfer = await requestTransfer(tx, context, { ...call.body, payoutId, requestedBy });
        return isRefusal(transfer) ? transfer : found(await readPayout(tx, payoutId), 'PAYOUT_NOT_FOUND', { payoutId });
      });
    },
  });

const sentSchema = z
  .object({
    transfers: z.array(z.object({ payoutId: id, ...transferNames })),
    leftOut: z.array(z.object({ payoutId: id, changed: z.array(z.string()) })).meta({
      description: 'Payouts that were not sent, because their approvals are void now. They have to be approved again.',
    }),
  })
  .meta({ id: 'PayoutsSent' });

export const sendAllPayoutsRoute = ({ db, config }: ApiContext): Route =>
  route({
    method: 'post',
    path: '/v1/payout-transfers',
    operationId: 'sendAllPayouts',
    tag,
    summary: 'Leave the approved payouts of a currency to a payout provider',
    description: `Those that are due today, up to ${TRANSFERS_MAX}; called again, it takes the next ones. For each payout: ${SENT}`,
    permission: 'payout.send',
    body: z.strictObject({ provider, currency: knownCurrency.default('KRW') }).meta({ id: 'PayoutsSending' }),
    example: { provider: 'TOSS_PAYOUT', currency: 'KRW' },
    answer: { status: 202, description: 'The transfers that a runner sends.', schema: sentSchema },
    otherAnswer: { status: 200, description: 'Nothing is sent: `transfers` is empty.', schema: sentSchema },
    refusals: ['PAYOUT_PROVIDER_MISSING', 'PAYOUT_CURRENCY_UNSUPPORTED', 'LEDGER_ACCOUNT_CLOSED'],
    idempotent: true,
    handle: async ({ body: { provider: name, currency }, signedIn, transact, audit }) => {
      const { date: sentOn } = await readPlatformTime(db, config.timeZone);
      return transact(async (tx) => {
        const context = { providers: configuredPayoutProviders(config) };
        const asked = { provider: name, currency, sentOn };
        const requested = await requestTransfers(tx, nameOf(signedIn), context, asked);
        if (isRefusal(requested)) return requested;
        const { sent, changed: leftOut } = requested;
        for (const { payoutId, status } of sent)
          await audit(tx, 'payout.send', ['payout', payoutId], { before: { status }, after: { provider: name } });
        const answer = {
          transfers: sent.map(({ payoutId, attempt }) => ({
            ...{ payoutId, attempt, provider: name },
            reference: transferReference(payoutId, attempt),
          })),
          leftOut: leftOut.map((one) => ({ ...one, changed: [...one.changed] })),
        };
        return sent.length === 0 ? ok(answer) : accepted('/v1/payouts?status=SENT', answer);
      });
    },
  });
