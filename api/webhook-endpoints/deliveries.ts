/** What was sent to a webhook endpoint, and sending it again. */
import * as z from 'zod';
import { numberEvents } from '../../core/event-feed/number-events.js';
import { readBounds, readEvent } from '../../core/event-feed/stores/feed-event.js';
import { listAttempts } from '../../core/webhooks/stores/webhook-delivery.js';
import {
  type EndpointRecord,
  lockEndpoint,
  replayAfter,
  replayOne,
} from '../../core/webhooks/stores/webhook-endpoint.js';
import type { Tx } from '../../infra/database.js';
import { wakeRunnersOver } from '../../infra/wake.js';
import { MagamError } from '../../kernel/errors.js';
import { found } from '../../kernel/outcome.js';
import type { ApiContext } from '../context.js';
import { paged, pageOf, pageQuery } from '../edge/cursor.js';
import { id } from '../edge/fields.js';
import { accepted } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import { attemptBody, attemptSchema, endpointAddress, endpointParams, ownerOf, tag } from './endpoint-fields.js';

export const listDeliveries = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/webhook-endpoints/{endpointId}/deliveries',
    operationId: 'listWebhookDeliveries',
    tag,
    summary: 'List what was sent to a webhook endpoint',
    description: 'Every attempt, newest first, with its answer.',
    permission: 'webhook-endpoint.read',
    params: endpointParams,
    query: z.strictObject(pageQuery),
    answer: { status: 200, description: 'A page of attempts.', schema: pageOf(attemptSchema) },
    refusals: ['WEBHOOK_ENDPOINT_NOT_FOUND'],
    owner: ownerOf(db),
    handle: ({ params: { endpointId }, query }) =>
      paged(query, {
        name: `webhook-deliveries ${endpointId}`,
        key: z.tuple([id]),
        read: (before, limit) => listAttempts(db, endpointId, before?.[0], limit),
        keyOf: ({ attemptId }) => [attemptId],
        itemOf: attemptBody,
      }),
  });

const replaySchema = z
  .strictObject({
    eventId: id.optional().meta({ description: 'Send this event once more.', example: 11 }),
    after: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional().meta({
      description: 'Send everything after this id once more, in order; 0: everything that is kept.',
    }),
  })
  .refine(
    ({ eventId, after }) => (eventId === undefined) !== (after === undefined),
    'must have either eventId or after',
  );
const replayedSchema = z.object({ endpointId: id }).meta({ id: 'WebhookReplay' });

export const replayEvents = ({ db, redis }: ApiContext): Route =>
  route({
    method: 'post',
    path: '/v1/webhook-endpoints/{endpointId}/replay',
    operationId: 'replayWebhookEvents',
    tag,
    summary: 'Send events again',
    description:
      'Sends one event, whatever types the endpoint wants, or all events after an id. If `after` lies ahead of the last delivery, the events in between are skipped. Receivers recognise by its id ' +
      'an event that they have had before.',
    permission: 'webhook-endpoint.edit',
    params: endpointParams,
    body: replaySchema,
    example: { after: 0 },
    answer: { status: 202, description: 'A runner sends them.', schema: replayedSchema },
    refusals: [
      'WEBHOOK_ENDPOINT_NOT_FOUND',
      'WEBHOOK_ENDPOINT_DISABLED',
      'EVENT_NOT_FOUND',
      'EVENT_ID_UNKNOWN',
      'EVENTS_GONE',
    ],
    owner: ownerOf(db),
    handle: async ({ params: { endpointId }, body, transact, audit, afterCommit }) => {
      await numberEvents(db);
      return transact(async (tx) => {
        const endpoint = found(await lockEndpoint(tx, endpointId), 'WEBHOOK_ENDPOINT_NOT_FOUND', { endpointId });
        if (endpoint.status !== 'ACTIVE') throw new MagamError('WEBHOOK_ENDPOINT_DISABLED', undefined, { endpointId });
        if (body.eventId === undefined) await askForAll(tx, endpoint, body.after ?? 0);
        else await askForOne(tx, endpoint, body.eventId);
        await audit(tx, 'webhook-endpoint.replay', ['webhook-endpoint', endpointId], {
          before: { deliveredThrough: endpoint.deliveredThrough },
          after: body,
        });
        afterCommit(() => wakeRunnersOver(redis));
        return accepted(`${endpointAddress(endpointId)}/deliveries`, { endpointId });
      });
    },
  });

async function askForOne(tx: Tx, { endpointId, sellerId }: EndpointRecord, eventId: number): Promise<void> {
  found(await readEvent(tx, { sellerId, types: [] }, eventId), 'EVENT_NOT_FOUND', { eventId });
  await replayOne(tx, endpointId, eventId);
}

async function askForAll(tx: Tx, { endpointId }: EndpointRecord, after: number): Promise<void> {
  const { last, purgedThrough } = await readBounds(tx);
  if (after > last) throw new MagamError('EVENT_ID_UNKNOWN', undefined, { lastId: last });
  if (after > 0 && after < purgedThrough)
    throw new MagamError('EVENTS_GONE', undefined, { oldestId: purgedThrough + 1 });
  await replayAfter(tx, endpointId, after);
}
