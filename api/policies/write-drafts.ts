/** Makes, rewrites and discards drafts of fee policies. A draft that would not be a valid policy file is refused, with every fault named. */

import { endDraft, insertDraft, updateDraft } from '../../core/policies/stores/policy-draft.js';
import { nameOf } from '../../kernel/access.js';
import { created, noContent, ok, tagged } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import {
  draftAddress,
  draftBody,
  draftContentSchema,
  draftContentShown,
  draftExample,
  draftParams,
  draftSchema,
  requireDraft,
  requireOpen,
  storablePolicies,
} from './draft-fields.js';

export const createDraft = (): Route =>
  route({
    method: 'post',
    path: '/v1/policy-drafts',
    operationId: 'createPolicyDraft',
    tag: 'Policies',
    summary: 'Draft fee policies',
    description: 'The policies of a policy file, under a name. Nothing is in force before the draft is applied.',
    permission: 'policy.edit',
    body: draftContentSchema,
    shownBody: draftContentShown,
    example: draftExample,
    answer: { status: 201, etag: true, description: 'The draft.', schema: draftSchema },
    refusals: ['POLICY_FILE_INVALID', 'POLICY_UNREADABLE'],
    idempotent: true,
    handle: async ({ body, signedIn, audit, transact }) => {
      const policies = storablePolicies(body.policies);
      return transact(async (tx) => {
        const draftId = await insertDraft(tx, { name: body.name, policies }, nameOf(signedIn));
        const after = { name: body.name, policies };
        await audit(tx, 'policy-draft.create', ['policy-draft', draftId], { before: null, after });
        const draft = await requireDraft(tx, draftId);
        return tagged(created(draftAddress(draftId), await draftBody(tx, draft)), draft.version);
      });
    },
  });

export const editDraft = (): Route =>
  route({
    method: 'put',
    path: '/v1/policy-drafts/{draftId}',
    operationId: 'replacePolicyDraft',
    tag: 'Policies',
    summary: 'Write a draft anew',
    permission: 'policy.edit',
    params: draftParams,
    body: draftContentSchema,
    shownBody: draftContentShown,
    example: draftExample,
    answer: { status: 200, etag: true, description: 'The draft.', schema: draftSchema },
    refusals: ['POLICY_DRAFT_NOT_FOUND', 'POLICY_DRAFT_CLOSED', 'POLICY_FILE_INVALID', 'POLICY_UNREADABLE'],
    versioned: true,
    handle: async ({ params: { draftId }, body, requireVersion, audit, transact }) => {
      const policies = storablePolicies(body.policies);
      return transact(async (tx) => {
        const before = await requireDraft(tx, draftId, true);
        requireVersion(before.version);
        requireOpen(before);
        await updateDraft(tx, draftId, { name: body.name, policies });
        await audit(tx, 'policy-draft.edit', ['policy-draft', draftId], {
          before: { name: before.name, policies: before.definition.policies },
          after: { name: body.name, policies },
        });
        const draft = await requireDraft(tx, draftId);
        return tagged(ok(await draftBody(tx, draft)), draft.version);
      });
    },
  });

export const discardDraft = (): Route =>
  route({
    method: 'delete',
    path: '/v1/policy-drafts/{draftId}',
    operationId: 'discardPolicyDraft',
    tag: 'Policies',
    summary: 'Discard a draft',
    description: 'It can still be read, as DISCARDED, with its checks.',
    permission: 'policy.edit',
    params: draftParams,
    answer: { status: 204, description: 'It is discarded.' },
    refusals: ['POLICY_DRAFT_NOT_FOUND', 'POLICY_DRAFT_CLOSED'],
    versioned: true,
    handle: async ({ params: { draftId }, requireVersion, audit, transact }) =>
      transact(async (tx) => {
        const draft = await requireDraft(tx, draftId, true);
        requireVersion(draft.version);
        requireOpen(draft);
        await endDraft(tx, draftId, 'DISCARDED');
        await audit(tx, 'policy-draft.discard', ['policy-draft', draftId], {
          before: { status: 'DRAFT' },
          after: { status: 'DISCARDED' },
        });
        return noContent();
      }),
  });
