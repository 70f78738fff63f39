/** Drafts of fee policies: the latest of them, and one with its policies and what it conflicts with. */

import * as z from 'zod';
import { DRAFT_STATUSES } from '../../core/policies/rules/policy-draft.js';
import { listDrafts } from '../../core/policies/stores/policy-draft.js';
import type { ApiContext } from '../context.js';
import { paged, pageOf, pageQuery } from '../edge/cursor.js';
import { id } from '../edge/fields.js';
import { ok, tagged } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import {
  draftBody,
  draftParams,
  draftSchema,
  draftSummaryBody,
  draftSummarySchema,
  requireDraft,
} from './draft-fields.js';

export const listDraftsRoute = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/policy-drafts',
    operationId: 'listPolicyDrafts',
    tag: 'Policies',
    summary: 'List drafts of fee policies, the newest first',
    permission: 'policy.read',
    query: z.strictObject({
      status: z.enum(DRAFT_STATUSES).optional().meta({ description: 'Only drafts with this status.' }),
      ...pageQuery,
    }),
    answer: { status: 200, description: 'A page of drafts.', schema: pageOf(draftSummarySchema) },
    handle: ({ query: { status, ...asked } }) =>
      paged(asked, {
        name: `policy-drafts ${status ?? ''}`,
        key: z.tuple([id]),
        read: (beforeId, limit) => listDrafts(db, { status, beforeId: beforeId?.[0], limit }),
        keyOf: ({ draftId }) => [draftId],
        itemOf: draftSummaryBody,
      }),
  });

export const showDraft = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/policy-drafts/{draftId}',
    operationId: 'readPolicyDraft',
    tag: 'Policies',
    summary: 'Show a draft with its policies',
    permission: 'policy.read',
    params: draftParams,
    answer: { status: 200, description: 'The draft.', schema: draftSchema },
    refusals: ['POLICY_DRAFT_NOT_FOUND', 'POLICY_UNREADABLE'],
    handle: async ({ params: { draftId } }) => {
      const draft = await requireDraft(db, draftId);
      return tagged(ok(await draftBody(db, draft)), draft.version);
    },
  });
