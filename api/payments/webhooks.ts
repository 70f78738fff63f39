/** Webhooks of payment providers. They have no account; their signature, or a look-up that follows, says whether they are true. */
import type { IncomingHttpHeaders } from 'node:http';
import * as z from 'zod';
import { receiveWebhook } from '../../core/payments/receive-webhook.js';
import { MagamError } from '../../kernel/errors.js';
import { found } from '../../kernel/outcome.js';
import type { ApiContext } from '../context.js';
import { limitOf } from '../edge/request-limit.js';
import { type Route, route } from '../edge/route.js';

/** The webhooks of the providers have some hundred bytes, or a few thousand. */
const BYTES_MAX = 64 * 1_024;

export const webhookRoute = ({ config, redis, providers }: ApiContext): Route => {
  /** Names that no provider has are counted together. */
  const counted = (name: unknown): string => {
    const provider = String(name).toUpperCase();
    return providers.has(provider) ? provider : 'OTHER';
  };
  return route({
    method: 'post',
    path: '/v1/webhooks/{provider}',
    operationId: 'receiveProviderWebhook',
    tag: 'Payments',
    summary: 'Take a webhook of a payment provider',
    description:
      'Only for the provider. The payment that it names is looked up at the provider soon after; the rest of its content is not trusted. A webhook that comes twice counts once. It has a ' +
      'limit of its own, per minute, for each provider and address.',
    permission: 'webhook.receive',
    params: z.strictObject({
      provider: z
        .string()
        .regex(/^[A-Za-z]{1,16}$/)
        .meta({ description: 'The payment provider.', example: 'toss' }),
    }),
    rawBody: { contentType: 'application/json', description: 'As the provider sends it.', bytesMax: BYTES_MAX },
    provesIdentity: true,
    essential: true,
    limit: limitOf(redis, 'webhook', config.webhookRateLimit, (req) => counted(req.params.provider)),
    answer: { status: 200, description: 'The webhook was accepted, now or before.' },
    refusals: ['PROVIDER_NOT_CONFIGURED', 'WEBHOOK_INVALID'],
    handle: async (call) => {
      const name = call.params.provider.toUpperCase();
      const provider = found(providers.get(name), 'PROVIDER_NOT_CONFIGURED', { provider: name });
      const event = provider.readWebhook({ headers: textHeaders(call.request.headers), body: call.bytes });
      if (event === undefined) throw new MagamError('WEBHOOK_INVALID');
      return call.transact(async (tx) => {
        await receiveWebhook(tx, provider.name, event, call.requestId);
        return { status: 200 };
      });
    },
  });
};

const textHeaders = (headers: IncomingHttpHeaders): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
