/** The stored fee policies: every version of each, and one with all its versions. */
import * as z from 'zod';
import { policyToFile } from '../../core/policies/rules/fee-policy.js';
import { type PolicyRecord, readPolicyPage, readPolicyRecords } from '../../core/policies/stores/fee-policy.js';
import { MagamError } from '../../kernel/errors.js';
import { isPolicyCode } from '../../kernel/external-id.js';
import type { ApiContext } from '../context.js';
import { paged, pageOf, pageQuery } from '../edge/cursor.js';
import { businessDate, externalId, knownCurrency, moment } from '../edge/fields.js';
import { ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import { policySchema } from './policy-fields.js';

const policySummarySchema = z
  .object({
    code: z.string(),
    version: z.number().int(),
    currency: z.string(),
    scope: z.object({ seller: z.string().nullable(), category: z.string().nullable(), product: z.string().nullable() }),
    effectiveFrom: businessDate,
    effectiveTo: businessDate.nullable().meta({ description: 'As the version states it.' }),
    inForceThrough: businessDate.nullable().meta({
      description:
        'The last day in force, including a recorded end; null: open. A day before effectiveFrom: it was never in force.',
    }),
    endedByVersion: z.number().int().nullable().meta({ description: 'The later version that ended it.' }),
    revision: z.number().int().meta({ description: 'The revision of the policy book that brought it.' }),
    appliedBy: z.string(),
    appliedAt: moment,
  })
  .meta({ id: 'PolicyVersionSummary' });

const policyVersionSchema = policySummarySchema
  .extend({
    definition: policySchema.meta({ description: 'As in a policy file, with every default spelled out.' }),
  })
  .meta({ id: 'PolicyVersion' });

const policySummaryBody = ({ policy, endsOn, end, ...record }: PolicyRecord): z.input<typeof policySummarySchema> => ({
  code: policy.code,
  version: policy.version,
  currency: policy.currency,
  scope: { ...policy.scope },
  effectiveFrom: policy.effectiveFrom,
  effectiveTo: policy.effectiveTo,
  inForceThrough: endsOn,
  endedByVersion: end?.byVersion ?? null,
  revision: record.revision,
  appliedBy: record.appliedBy,
  appliedAt: record.appliedAt,
});

/** For the key of a page: a malformed code matches nothing, so the database is not asked. */
const policyCode = z
  .string()
  .refine(isPolicyCode, 'must be a code of a policy')
  .meta({ description: 'The code of the policy.', example: 'seed-standard' });

const querySchema = z.strictObject({
  currency: knownCurrency.optional().meta({ description: 'Only policies in this currency (ISO 4217).' }),
  sellerId: externalId.optional().meta({ description: 'Only those whose scope names this seller.' }),
  inForceOn: businessDate.optional().meta({ description: 'Only those in force on a day.' }),
  ...pageQuery,
});

export const listPolicies = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/policies',
    operationId: 'listPolicies',
    tag: 'Policies',
    summary: 'List every version of every fee policy, by code and version',
    permission: 'policy.read',
    query: querySchema,
    answer: { status: 200, description: 'A page of versions.', schema: pageOf(policySummarySchema) },
    refusals: ['POLICY_UNREADABLE'],
    handle: ({ query: { limit, cursor, ...filter } }) =>
      paged(
        { limit, cursor },
        {
          name: `policies ${filter.currency ?? ''} ${filter.sellerId ?? ''} ${filter.inForceOn ?? ''}`,
          key: z.tuple([policyCode, z.number().int()]),
          read: (after, rows) => readPolicyPage(db, filter, { code: after?.[0] ?? '', version: after?.[1] ?? 0 }, rows),
          keyOf: ({ policy }) => [policy.code, policy.version],
          itemOf: policySummaryBody,
        },
      ),
  });

export const showPolicy = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/policies/{code}',
    operationId: 'readPolicy',
    tag: 'Policies',
    summary: 'Show a fee policy with all its versions',
    permission: 'policy.read',
    params: z.strictObject({ code: policyCode }),
    answer: {
      status: 200,
      description: 'The versions, the first one first.',
      schema: z.object({ code: z.string(), versions: z.array(policyVersionSchema) }),
    },
    refusals: ['POLICY_NOT_FOUND', 'POLICY_UNREADABLE'],
    handle: async ({ params: { code } }) => {
      const records = await readPolicyRecords(db, code);
      if (records.length === 0) throw new MagamError('POLICY_NOT_FOUND', undefined, { code });
      const versions = records.map((record) => ({
        ...policySummaryBody(record),
        definition: policyToFile(record.policy) as z.input<typeof policySchema>,
      }));
      return ok({ code, versions });
    },
  });
