/** POST /v1/webhook-endpoints/{endpointId}/test: sends a `ping` at once, so that the developer of a receiver need not wait for an event. */
import * as z from 'zod';
import { openSecret } from '../../core/webhooks/secrets.js';
import { sendWebhook } from '../../core/webhooks/send-webhook.js';
import { readSecrets } from '../../core/webhooks/stores/webhook-endpoint.js';
import { found } from '../../kernel/outcome.js';
import type { ApiContext } from '../context.js';
import { ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import { endpointParams, ownerOf, requireEndpoint, tag } from './endpoint-fields.js';

const testedSchema = z
  .object({
    delivered: z.boolean(),
    status: z.number().int().nullable().meta({ description: 'The status of the answer; null: there was none.' }),
    error: z.string().nullable().meta({ description: 'Why it was not delivered.' }),
    durationMs: z.number().int(),
  })
  .meta({ id: 'WebhookTest' });

export const testEndpoint = ({ config, db }: ApiContext): Route =>
  route({
    method: 'post',
    path: '/v1/webhook-endpoints/{endpointId}/test',
    operationId: 'testWebhookEndpoint',
    tag,
    summary: 'Send a test to a webhook endpoint',
    description:
      'Sends an event of the type `ping` with the id 0, signed like every other. It is sent immediately and only once, even to a disabled endpoint, and is not listed among the deliveries.',
    permission: 'webhook-endpoint.edit',
    params: endpointParams,
    answer: { status: 200, description: 'The result of the delivery.', schema: testedSchema },
    refusals: ['WEBHOOK_ENDPOINT_NOT_FOUND'],
    owner: ownerOf(db),
    handle: async ({ params: { endpointId } }) => {
      const { url } = await requireEndpoint(db, endpointId);
      const sealed = found(await readSecrets(db, endpointId), 'WEBHOOK_ENDPOINT_NOT_FOUND', { endpointId });
      const secrets = sealed.map((one) => openSecret(config.encryptionKeys, endpointId, one));
      const ping = { id: 0, type: 'ping', happenedAt: new Date().toISOString(), data: { endpointId } } as const;
      const sent = await sendWebhook(ping, { url, secrets, privateAllowed: config.integrations.webhookPrivate });
      return ok({ ...sent, durationMs: Math.round(sent.durationMs) });
    },
  });
