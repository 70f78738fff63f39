/** Webhook endpoints as they are shown, and as their owners set them. */
import * as z from 'zod';
import { URL_MAX } from '../../core/webhooks/rules/endpoint.js';
import type { AttemptRecord } from '../../core/webhooks/stores/webhook-delivery.js';
import type { EndpointRecord } from '../../core/webhooks/stores/webhook-endpoint.js';
import { readEndpoint } from '../../core/webhooks/stores/webhook-endpoint.js';
import type { Db } from '../../infra/database.js';
import type { Owner } from '../../kernel/access.js';
import { found } from '../../kernel/outcome.js';
import { eventType } from '../edge/event-fields.js';
import { externalId, id, idText, moment, note } from '../edge/fields.js';

export const tag = 'Webhooks';
export const endpointParams = z.strictObject({ endpointId: idText.meta({ description: 'The endpoint.' }) });
export const endpointAddress = (endpointId: number): string => `/v1/webhook-endpoints/${endpointId}`;

const endpointFields = {
  endpointId: id,
  sellerId: externalId.nullable().meta({ description: 'Null: it belongs to the platform.' }),
  url: z.string().meta({ example: 'https://erp.example.com/magam' }),
  description: z.string(),
  types: z.array(eventType).meta({ description: 'Empty: all types that its owner may get.' }),
  status: z.enum(['ACTIVE', 'DISABLED']),
  makerLocked: z.boolean().meta({
    description:
      'The account that made it is locked. Nothing is sent until it is unlocked; then the waiting events are sent.',
  }),
  version: z.number().int(),
  deliveredThrough: z.number().int().min(0).meta({
    description: 'Every event up to this id was delivered or is not of a type that it wants.',
  }),
  attempts: z.number().int().min(0).meta({ description: 'Failed attempts for the next event.' }),
  failingSince: moment.nullable().meta({ description: 'Null: the last delivery succeeded.' }),
  nextTryAt: moment.nullable().meta({ description: 'When it is tried again; null: nothing has failed.' }),
  createdAt: moment,
};
export const endpointSchema = z.object(endpointFields).meta({ id: 'WebhookEndpoint' });
const secret = z.string().meta({
  description: 'The secret that signs deliveries. It is shown only once.',
  example: 'whsec_0Yq1y5nGm3R5b0y7cQ1Jb3V9dX8k2s4u6w8z0A2C4E6',
});
export const newEndpointSchema = z.object({ ...endpointFields, secret }).meta({ id: 'NewWebhookEndpoint' });
export const newSecretSchema = z
  .object({
    endpointId: id,
    secret,
    formerSecretHours: z.number().int().meta({ description: 'Until when the former secret is also valid.' }),
  })
  .meta({ id: 'NewWebhookSecret' });

export const endpointBody = ({ types, ...endpoint }: EndpointRecord): z.input<typeof endpointSchema> => ({
  ...endpoint,
  types: [...types],
});

const url = z.string().max(URL_MAX).meta({
  description: 'Where events are sent: https, and an address that everybody in the internet can reach.',
  example: 'https://erp.example.com/magam',
});
const types = z
  .array(eventType)
  .meta({ description: 'The types of events that are sent; empty: all that you may get.' });
export const bodySchema = z.strictObject({ url, description: note(200).default(''), types: types.default([]) });
export const editSchema = z.strictObject({
  url: url.optional(),
  description: note(200).optional(),
  types: types.optional(),
  status: z.enum(['ACTIVE', 'DISABLED']).optional().meta({
    description: 'ACTIVE continues after the last event that was delivered.',
    example: 'ACTIVE',
  }),
});

export const attemptSchema = z
  .object({
    deliveryId: id,
    eventId: id,
    type: eventType,
    replayed: z.boolean().meta({ description: 'Somebody had asked for this event to be sent again.' }),
    attemptedAt: moment,
    durationMs: z.number().int(),
    delivered: z.boolean(),
    status: z.number().int().nullable().meta({ description: 'The status of the answer; null: there was none.' }),
    error: z.string().nullable().meta({ description: 'Why it was not delivered.' }),
  })
  .meta({ id: 'WebhookDelivery' });

export const attemptBody = ({
  attemptId,
  endpointId: _,
  ...attempt
}: AttemptRecord): z.input<typeof attemptSchema> => ({
  deliveryId: attemptId,
  ...attempt,
  type: attempt.type as z.input<typeof eventType>,
});

/** Throws WEBHOOK_ENDPOINT_NOT_FOUND. */
export const requireEndpoint = async (db: Db, endpointId: number): Promise<EndpointRecord> =>
  found(await readEndpoint(db, endpointId), 'WEBHOOK_ENDPOINT_NOT_FOUND', { endpointId });

/** The owner of an endpoint; those of the platform have none. */
export const ownerOf =
  (db: Db) =>
  async ({ params: { endpointId } }: { readonly params: { readonly endpointId: number } }): Promise<Owner> => {
    const { sellerId } = await requireEndpoint(db, endpointId);
    return sellerId === null ? {} : { sellerId };
  };
