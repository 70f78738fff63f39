/** Making, showing, changing and deleting webhook endpoints. */
import * as z from 'zod';
import { lockAccount } from '../../core/accounts/stores/account.js';
import { lockSeller } from '../../core/accounts/stores/seller.js';
import { numberEvents } from '../../core/event-feed/number-events.js';
import { readBounds } from '../../core/event-feed/stores/feed-event.js';
import { requireAllowedUrl } from '../../core/webhooks/allowed-url.js';
import { ENDPOINTS_MAX, FORMER_SECRET_HOURS } from '../../core/webhooks/rules/endpoint.js';
import { sealSecret } from '../../core/webhooks/secrets.js';
import {
  countEndpoints,
  deleteEndpoint,
  insertEndpoint,
  listEndpoints,
  lockEndpoint,
  replaceSecret,
  storeSecret,
  updateEndpoint,
} from '../../core/webhooks/stores/webhook-endpoint.js';
import { newWebhookSecret } from '../../infra/webhook-signature.js';
import { MagamError } from '../../kernel/errors.js';
import { found } from '../../kernel/outcome.js';
import type { ApiContext } from '../context.js';
import { paged, pageOf, pageQuery } from '../edge/cursor.js';
import { requireTypes } from '../edge/event-fields.js';
import { id } from '../edge/fields.js';
import { ownSeller } from '../edge/own-seller.js';
import { created, noContent, ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import {
  bodySchema,
  editSchema,
  endpointAddress,
  endpointBody,
  endpointParams,
  endpointSchema,
  newEndpointSchema,
  newSecretSchema,
  ownerOf,
  requireEndpoint,
  tag,
} from './endpoint-fields.js';

export const makeEndpoint = ({ config, db }: ApiContext): Route =>
  route({
    method: 'post',
    path: '/v1/webhook-endpoints',
    operationId: 'createWebhookEndpoint',
    tag,
    summary: 'Make a webhook endpoint',
    description:
      'Events that happen from now on are sent to it, in order, signed and tried again until they are taken. Operators make endpoints for the platform, sellers for their ' +
      'business.',
    permission: 'webhook-endpoint.edit',
    body: bodySchema,
    example: { url: 'https://erp.example.com/magam', types: ['run.completed'] },
    answer: { status: 201, etag: true, description: 'The endpoint, with its secret.', schema: newEndpointSchema },
    refusals: [
      'WEBHOOK_URL_REFUSED',
      'WEBHOOK_ENDPOINTS_EXHAUSTED',
      'WEBHOOK_ENDPOINT_NOT_FOUND',
      'EVENT_TYPE_REFUSED',
    ],
    handle: async ({ body: { url: given, description, types }, signedIn, transact, audit }) => {
      const { sellerId, accountId: createdBy } = signedIn;
      requireTypes(types, sellerId);
      const url = await requireAllowedUrl(given, config);
      await numberEvents(db); // earlier events are not sent
      return transact(async (tx) => {
        await lockAccount(tx, createdBy); // two calls that make the last endpoint at the same moment take turns
        if (sellerId !== null) await lockSeller(tx, sellerId);
        if ((await countEndpoints(tx, sellerId)) >= ENDPOINTS_MAX)
          throw new MagamError('WEBHOOK_ENDPOINTS_EXHAUSTED', undefined, { most: ENDPOINTS_MAX });
        const { last: after } = await readBounds(tx);
        const endpointId = await insertEndpoint(tx, { sellerId, createdBy, url, description, types, after });
        const secret = newWebhookSecret();
        await storeSecret(tx, endpointId, sealSecret(config.encryptionKey, endpointId, secret));
        const made = await requireEndpoint(tx, endpointId);
        await audit(tx, 'webhook-endpoint.create', ['webhook-endpoint', endpointId], { before: null, after: made });
        return created(endpointAddress(endpointId), { ...endpointBody(made), secret }, made.version);
      });
    },
  });

export const listEndpointsRoute = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/webhook-endpoints',
    operationId: 'listWebhookEndpoints',
    tag,
    summary: 'List webhook endpoints',
    description: 'Newest first. A seller sees those of the business, staff see all.',
    permission: 'webhook-endpoint.read',
    query: z.strictObject(pageQuery),
    answer: { status: 200, description: 'A page of endpoints.', schema: pageOf(endpointSchema) },
    handle: ({ query, own }) => {
      const sellerId = ownSeller(own);
      return paged(query, {
        name: `webhook-endpoints ${sellerId ?? ''}`,
        key: z.tuple([id]),
        read: (before, limit) => listEndpoints(db, sellerId, before?.[0], limit),
        keyOf: ({ endpointId }) => [endpointId],
        itemOf: endpointBody,
      });
    },
  });

export const showEndpoint = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/webhook-endpoints/{endpointId}',
    operationId: 'readWebhookEndpoint',
    tag,
    summary: 'Show a webhook endpoint',
    permission: 'webhook-endpoint.read',
    params: endpointParams,
    answer: { status: 200, description: 'The endpoint, without its secret.', schema: endpointSchema },
    refusals: ['WEBHOOK_ENDPOINT_NOT_FOUND'],
    owner: ownerOf(db),
    handle: async ({ params: { endpointId } }) => {
      const endpoint = await requireEndpoint(db, endpointId);
      return ok(endpointBody(endpoint), endpoint.version);
    },
  });

export const editEndpoint = ({ config, db }: ApiContext): Route =>
  route({
    method: 'patch',
    path: '/v1/webhook-endpoints/{endpointId}',
    operationId: 'updateWebhookEndpoint',
    tag,
    summary: 'Change a webhook endpoint',
    description: 'A delivery that was failing is tried again at once.',
    permission: 'webhook-endpoint.edit',
    params: endpointParams,
    body: editSchema,
    example: { status: 'ACTIVE' },
    answer: { status: 200, etag: true, description: 'The endpoint.', schema: endpointSchema },
    refusals: ['WEBHOOK_ENDPOINT_NOT_FOUND', 'WEBHOOK_URL_REFUSED', 'EVENT_TYPE_REFUSED'],
    versioned: true,
    owner: ownerOf(db),
    handle: async ({ params: { endpointId }, body, transact, audit, requireVersion }) => {
      const url = body.url === undefined ? undefined : await requireAllowedUrl(body.url, config);
      return transact(async (tx) => {
        const before = found(await lockEndpoint(tx, endpointId), 'WEBHOOK_ENDPOINT_NOT_FOUND', { endpointId });
        requireVersion(before.version);
        const { description = before.description, types = before.types, status = before.status } = body;
        requireTypes(types, before.sellerId);
        await updateEndpoint(tx, endpointId, { url: url ?? before.url, description, types, status });
        const after = await requireEndpoint(tx, endpointId);
        await audit(tx, 'webhook-endpoint.edit', ['webhook-endpoint', endpointId], { before, after });
        return ok(endpointBody(after), after.version);
      });
    },
  });

export const deleteEndpointRoute = ({ db }: ApiContext): Route =>
  route({
    method: 'delete',
    path: '/v1/webhook-endpoints/{endpointId}',
    operationId: 'deleteWebhookEndpoint',
    tag,
    summary: 'Delete a webhook endpoint',
    description: 'Nothing is sent to it any more, and the record of its deliveries is deleted.',
    permission: 'webhook-endpoint.edit',
    params: endpointParams,
    answer: { status: 204, description: 'It is deleted.' },
    refusals: ['WEBHOOK_ENDPOINT_NOT_FOUND'],
    owner: ownerOf(db),
    handle: ({ params: { endpointId }, transact, audit }) =>
      transact(async (tx) => {
        const before = found(await lockEndpoint(tx, endpointId), 'WEBHOOK_ENDPOINT_NOT_FOUND', { endpointId });
        await deleteEndpoint(tx, endpointId);
        await audit(tx, 'webhook-endpoint.delete', ['webhook-endpoint', endpointId], { before, after: null });
        return noContent();
      }),
  });

export const rotateSecret = ({ config, db }: ApiContext): Route =>
  route({
    method: 'post',
    path: '/v1/webhook-endpoints/{endpointId}/secret',
    operationId: 'rotateWebhookSecret',
    tag,
    summary: 'Replace the secret of a webhook endpoint',
    description: `For ${FORMER_SECRET_HOURS} hours deliveries are signed with both secrets, so that the receiver can change to the new one meanwhile.`,
    permission: 'webhook-endpoint.edit',
    params: endpointParams,
    answer: { status: 200, description: 'The new secret.', schema: newSecretSchema },
    refusals: ['WEBHOOK_ENDPOINT_NOT_FOUND'],
    owner: ownerOf(db),
    handle: ({ params: { endpointId }, transact, audit }) =>
      transact(async (tx) => {
        found(await lockEndpoint(tx, endpointId), 'WEBHOOK_ENDPOINT_NOT_FOUND', { endpointId });
        const secret = newWebhookSecret();
        await replaceSecret(tx, endpointId, sealSecret(config.encryptionKey, endpointId, secret));
        await audit(tx, 'webhook-endpoint.rotate-secret', ['webhook-endpoint', endpointId], {
          before: null,
          after: null,
        });
        return ok({ endpointId, secret, formerSecretHours: FORMER_SECRET_HOURS });
      }),
  });
