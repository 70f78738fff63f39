/** API keys: with one, another system calls as the account that made it, within the permissions of the key. */
import * as z from 'zod';
import { lockAccount } from '../../core/accounts/stores/account.js';
import { lockSeller } from '../../core/accounts/stores/seller.js';
import { newApiKey } from '../../core/api-keys/new-key.js';
import { beginningOf, grantedPermissions, KEYS_MAX } from '../../core/api-keys/rules/api-key.js';
import {
  type ApiKeyRecord,
  countApiKeys,
  insertApiKey,
  listApiKeys,
  readApiKey,
  revokeApiKey,
} from '../../core/api-keys/stores/api-key.js';
import { sha256 } from '../../infra/sha256.js';
import { keyPermissions, type Permission } from '../../kernel/access.js';
import { MagamError } from '../../kernel/errors.js';
import { decided, found } from '../../kernel/outcome.js';
import type { ApiContext } from '../context.js';
import { paged, pageOf, pageQuery } from '../edge/cursor.js';
import { externalId, id, idText, moment, namedMoment, text } from '../edge/fields.js';
import { ownSeller } from '../edge/own-seller.js';
import { created, noContent } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';

const tag = 'API keys';
const keyParams = z.strictObject({ keyId: idText.meta({ description: 'The key, by its number.' }) });
const permission = z.enum(keyPermissions('admin') as [Permission, ...Permission[]]);

const keyFields = {
  keyId: id,
  name: z.string().meta({ example: 'Warehouse' }),
  beginning: z.string().meta({ description: 'The first characters of the key.', example: 'mgm_live_R4nd0m' }),
  accountId: id.meta({ description: 'The account that made it; calls are made as this account.' }),
  sellerId: externalId.nullable().meta({ description: 'Null: it belongs to the platform.' }),
  permissions: z.array(z.string()),
  requestsPerMinute: z.number().int().nullable().meta({ description: 'Null: the same limit as an account.' }),
  createdAt: moment,
  expiresAt: moment.nullable().meta({ description: 'Null: never.' }),
  lastUsedAt: moment.nullable().meta({ description: 'Recorded at most once a minute; null: it was never used.' }),
  status: z.enum(['ACTIVE', 'EXPIRED', 'REVOKED']),
};
const keySchema = z.object(keyFields).meta({ id: 'ApiKey' });
const newKeySchema = z
  .object({ ...keyFields, key: z.string().meta({ description: 'The key. It is shown only once.' }) })
  .meta({ id: 'NewApiKey' });

const bodySchema = z.strictObject({
  name: text(100).meta({ description: 'The purpose of the key.', example: 'Warehouse' }),
  permissions: z
    .array(permission)
    .min(1)
    .meta({
      description: 'Its permissions, which are some of those of its maker.',
      example: ['event.read', 'settlement.read'],
    }),
  requestsPerMinute: z.number().int().min(1).max(1_000_000).nullable().default(null).meta({
    description: 'The limit of this key; null: that of an account. It cannot be higher than that.',
    example: 120,
  }),
  expiresAt: namedMoment
    .nullable()
    .default(null)
    .meta({ description: 'Null: never.', example: '2027-12-31T15:00:00.000Z' }),
});

function keyBody({ revokedAt, expired, permissions, ...key }: ApiKeyRecord): z.input<typeof keySchema> {
  const status = revokedAt !== null ? 'REVOKED' : expired ? 'EXPIRED' : 'ACTIVE';
  return { ...key, permissions: [...permissions], status };
}

const makeKey = ({ config }: ApiContext): Route =>
  route({
    method: 'post',
    path: '/v1/api-keys',
    operationId: 'createApiKey',
    tag,
    summary: 'Make an API key',
    description:
      'For another system. Send it as a bearer token, like an access token. Operators make keys for the platform, sellers for their business.',
    permission: 'api-key.edit',
    body: bodySchema,
    example: { name: 'Warehouse', permissions: ['event.read', 'settlement.read'], requestsPerMinute: 120 },
    answer: { status: 201, description: 'The key, which is shown only once.', schema: newKeySchema },
    refusals: ['API_KEY_PERMISSIONS_REFUSED', 'API_KEYS_EXHAUSTED', 'API_KEY_NOT_FOUND', 'REQUEST_INVALID'],
    handle: ({ body, signedIn, transact, audit }) =>
      transact(async (tx) => {
        const { accountId, role, sellerId } = signedIn;
        const permissions = decided(grantedPermissions(role, body.permissions));
        await lockAccount(tx, accountId); // two calls that make the last key at the same moment take turns
        if (sellerId !== null) await lockSeller(tx, sellerId);
        if ((await countApiKeys(tx, { accountId, sellerId })) >= KEYS_MAX)
          throw new MagamError('API_KEYS_EXHAUSTED', undefined, { most: KEYS_MAX });
        const key = newApiKey();
        const { name, expiresAt, requestsPerMinute: asked } = body;
        const requestsPerMinute = asked === null ? null : Math.min(asked, config.rateLimit);
        const keyId = await insertApiKey(tx, {
          ...{ keyHash: sha256(key), beginning: beginningOf(key), name, accountId, sellerId },
          ...{ permissions, requestsPerMinute, expiresAt },
        });
        const made = keyBody(found(await readApiKey(tx, keyId), 'API_KEY_NOT_FOUND', { keyId }));
        if (made.status === 'EXPIRED')
          throw new MagamError('REQUEST_INVALID', 'expiresAt has passed already.', { expiresAt });
        await audit(tx, 'api-key.create', ['api-key', keyId], { before: null, after: made });
        return created(`/v1/api-keys/${keyId}`, { ...made, key });
      }),
  });

const listKeys = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/api-keys',
    operationId: 'listApiKeys',
    tag,
    summary: 'List API keys',
    description:
      'Newest first, including revoked and expired keys. A seller sees those of the business, staff see all.',
    permission: 'api-key.read',
    query: z.strictObject(pageQuery),
    answer: { status: 200, description: 'A page of keys.', schema: pageOf(keySchema) },
    handle: ({ query, own }) => {
      const sellerId = ownSeller(own);
      return paged(query, {
        name: `api-keys ${sellerId ?? ''}`,
        key: z.tuple([id]),
        read: (before, limit) => listApiKeys(db, sellerId, before?.[0], limit),
        keyOf: ({ keyId }) => [keyId],
        itemOf: keyBody,
      });
    },
  });

const revokeKey = ({ db }: ApiContext): Route =>
  route({
    method: 'delete',
    path: '/v1/api-keys/{keyId}',
    operationId: 'revokeApiKey',
    tag,
    summary: 'Revoke an API key',
    description: 'Every server refuses the next call with it. A key that was revoked before stays revoked.',
    permission: 'api-key.edit',
    params: keyParams,
    answer: { status: 204, description: 'It is revoked.' },
    refusals: ['API_KEY_NOT_FOUND'],
    owner: async ({ params: { keyId } }) => {
      const { sellerId } = found(await readApiKey(db, keyId), 'API_KEY_NOT_FOUND', { keyId });
      return sellerId === null ? {} : { sellerId };
    },
    handle: ({ params: { keyId }, signedIn, transact, audit }) =>
      transact(async (tx) => {
        const before = found(await readApiKey(tx, keyId), 'API_KEY_NOT_FOUND', { keyId });
        if (await revokeApiKey(tx, keyId, signedIn.accountId)) {
          const change = { before: keyBody(before), after: { status: 'REVOKED' } };
          await audit(tx, 'api-key.revoke', ['api-key', keyId], change);
        }
        return noContent();
      }),
  });

export const apiKeyRoutes = (context: ApiContext): Route[] => [makeKey(context), listKeys(context), revokeKey(context)];
