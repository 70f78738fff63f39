/** Applies a draft: its policies become versions that never change, all of them or none. */
import * as z from 'zod';
import { applyPoliciesIn } from '../../core/policies/apply-policies.js';
import { endDraft, type PolicyDraft } from '../../core/policies/stores/policy-draft.js';
import { POLICY_CHECK } from '../../core/settlement/rules/policy-check-task.js';
import { listTasks } from '../../core/tasks/stores/background-task.js';
import type { Db } from '../../infra/database.js';
import { nameOf } from '../../kernel/access.js';
import { businessDate, id, moment } from '../edge/fields.js';
import { withFewFaults } from '../edge/file-faults.js';
import { ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import { draftBody, draftParams, draftSchema, policiesOf, requireDraft, requireOpen } from './draft-fields.js';

const keySchema = z.object({ code: z.string(), version: z.number().int() });

const appliedDraftSchema = z
  .object({
    draft: draftSchema,
    applied: z.array(keySchema),
    unchanged: z.array(keySchema).meta({ description: 'Already stored with the same content.' }),
    ended: z
      .array(keySchema.extend({ endsOn: businessDate, byVersion: z.number().int() }))
      .meta({ description: 'Open versions that a version of the draft ended.' }),
    checked: z
      .object({ checkId: id, date: businessDate, endedAt: moment })
      .nullable()
      .meta({ description: 'The latest completed check of the draft as it was applied; null: nobody checked it.' }),
  })
  .meta({ id: 'AppliedDraft' });

/** The number of checks that are searched for one of the draft's last version. */
const CHECKS_SEEN = 50;

export const applyDraft = (): Route =>
  route({
    method: 'post',
    path: '/v1/policy-drafts/{draftId}/apply',
    operationId: 'applyPolicyDraft',
    tag: 'Policies',
    summary: 'Apply a draft',
    description:
      'As `magam policies apply` does: in one transaction and under one new revision of the policy book. With If-Match the draft ' +
      'is applied only in the version that was seen. A check is not required; the answer says whether there was one.',
    permission: 'policy.edit',
    params: draftParams,
    answer: { status: 200, etag: true, description: 'The policies are stored.', schema: appliedDraftSchema },
    refusals: [
      'POLICY_DRAFT_NOT_FOUND',
      'POLICY_DRAFT_CLOSED',
      'POLICY_IMMUTABLE',
      'POLICY_OVERLAP',
      'POLICY_FILE_INVALID',
      'POLICY_UNREADABLE',
    ],
    idempotent: true,
    versioned: true,
    handle: async ({ params: { draftId }, signedIn, requireVersion, audit, transact }) =>
      transact(async (tx) => {
        const draft = await requireDraft(tx, draftId, true);
        requireVersion(draft.version);
        requireOpen(draft);
        const result = await applyPoliciesIn(tx, policiesOf(draft), nameOf(signedIn)).catch((error: unknown) => {
          throw withFewFaults(error);
        });
        await endDraft(tx, draftId, 'APPLIED');
        await audit(tx, 'policy-draft.apply', ['policy-draft', draftId], {
          before: { status: 'DRAFT', version: draft.version },
          after: { status: 'APPLIED', ...result },
        });
        const shown = await requireDraft(tx, draftId);
        return ok({ draft: await draftBody(tx, shown), ...result, checked: await lastCheck(tx, draft) }, shown.version);
      }),
  });

async function lastCheck(
  db: Db,
  { draftId, version }: PolicyDraft,
): Promise<z.input<typeof appliedDraftSchema>['checked']> {
  const tasks = await listTasks(db, POLICY_CHECK, { subject: String(draftId), limit: CHECKS_SEEN });
  for (const task of tasks) {
    const { taskId, status, endedAt } = task;
    const { draftVersion, date } = POLICY_CHECK.parametersOf(task);
    if (status === 'COMPLETED' && endedAt !== null && draftVersion === version)
      return { checkId: taskId, date, endedAt };
  }
  return null;
}
