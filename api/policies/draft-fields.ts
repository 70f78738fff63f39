/** Policy drafts as they are sent and shown. */

import * as z from 'zod';
import { findPolicyFaults } from '../../core/policies/apply-policies.js';
import { type FeePolicy, policyToFile } from '../../core/policies/rules/fee-policy.js';
import { DRAFT_STATUSES } from '../../core/policies/rules/policy-draft.js';
import { checkPolicyFile } from '../../core/policies/rules/policy-file.js';
import { type PolicyDraft, type PolicyDraftSummary, readDraft } from '../../core/policies/stores/policy-draft.js';
import type { Db } from '../../infra/database.js';
import { MagamError } from '../../kernel/errors.js';
import { found } from '../../kernel/outcome.js';
import { id, idText, moment, text } from '../edge/fields.js';
import { FAULTS_SHOWN, invalidFile } from '../edge/file-faults.js';
import { policySchema, sentPolicySchema } from './policy-fields.js';

export const draftParams = z.strictObject({ draftId: idText.meta({ description: 'The draft.' }) });
export const draftAddress = (draftId: number): string => `/v1/policy-drafts/${draftId}`;

/** Every policy is compared with every other one of its scope, so longer files have to be applied at the command line. */
const POLICIES_MAX = 500;

const name = text(100).meta({ example: 'Summer campaign' });

/** Policies have a reader of their own, which names every fault of all of them. */
export const draftContentSchema = z.strictObject({ name, policies: z.array(z.unknown()).max(POLICIES_MAX) });

/** The input of that reader. */
export const draftContentShown = z
  .strictObject({
    name,
    policies: z
      .array(sentPolicySchema)
      .max(POLICIES_MAX)
      .meta({ description: 'As in a policy file: section 5 of the settlement rules.' }),
  })
  .meta({ id: 'PolicyDraftBody' });

export const draftExample: z.input<typeof draftContentShown> = {
  name: 'Summer campaign',
  policies: [
    {
      code: 'summer',
      scope: { category: 'shoes' },
      currency: 'KRW',
      effectiveFrom: '2027-07-01',
      commission: { components: [{ type: 'percent', rate: '7.5' }] },
    },
  ],
};

const conflictSchema = z
  .object({
    path: z.string().meta({ example: 'policies[0]' }),
    code: z.string().meta({ example: 'POLICY_OVERLAP' }),
    message: z.string(),
  })
  .meta({ id: 'PolicyConflict' });

export const draftSummarySchema = z
  .object({
    draftId: id,
    name: z.string(),
    status: z.enum(DRAFT_STATUSES),
    version: z.number().int().meta({ description: 'Raised by every change; If-Match takes it as "v3".' }),
    policyCount: z.number().int(),
    createdBy: z.string(),
    createdAt: moment,
    updatedAt: moment,
    endedAt: moment.nullable().meta({ description: 'When it was applied or discarded.' }),
  })
  .meta({ id: 'PolicyDraftSummary' });

export const draftSchema = draftSummarySchema
  .extend({
    policies: z.array(policySchema).meta({ description: 'With every default spelled out.' }),
    conflicts: z.array(conflictSchema).meta({
      description: 'Why the draft cannot be applied to the policies that are stored now; empty if it can.',
    }),
  })
  .meta({ id: 'PolicyDraft' });

export const draftSummaryBody = (draft: PolicyDraftSummary): z.input<typeof draftSummarySchema> => ({ ...draft });

/** The draft with its conflicts with the stored policies. */
export async function draftBody(db: Db, draft: PolicyDraft): Promise<z.input<typeof draftSchema>> {
  const { definition, ...rest } = draft;
  const sound = policiesOf(draft).map((one, index) => ({ index, policy: one }));
  return {
    ...rest,
    policyCount: definition.policies.length,
    policies: definition.policies as z.input<typeof policySchema>[],
    conflicts: draft.status === 'DRAFT' ? (await findPolicyFaults(db, sound)).slice(0, FAULTS_SHOWN) : [],
  };
}

/** The policies of a stored draft. */
export function policiesOf({ draftId, definition }: PolicyDraft): FeePolicy[] {
  const read = checkPolicyFile(definition);
  if ('policies' in read) return read.policies;
  throw new MagamError('POLICY_UNREADABLE', undefined, { draftId, faults: read.faults });
}

/** The draft. Throws POLICY_DRAFT_NOT_FOUND. */
export async function requireDraft(db: Db, draftId: number, lock = false): Promise<PolicyDraft> {
  return found(await readDraft(db, draftId, lock), 'POLICY_DRAFT_NOT_FOUND', { draftId });
}

/** Throws POLICY_DRAFT_CLOSED unless the draft may be changed and applied. */
export function requireOpen({ draftId, status }: PolicyDraft): void {
  if (status !== 'DRAFT') throw new MagamError('POLICY_DRAFT_CLOSED', undefined, { draftId, status });
}

/** The policies of a body in the form in which drafts are stored. Throws POLICY_FILE_INVALID, which names every place. */
export function storablePolicies(policies: readonly unknown[]): object[] {
  const read = checkPolicyFile({ policies });
  if ('policies' in read) return read.policies.map(policyToFile);
  throw invalidFile('POLICY_FILE_INVALID', read.faults);
}
