/** Drafts of fee policies: the latest of them, and one with its policies and what it conflicts with. */

import { z } from 'zod';
import { DRAFT_STATUSES } from '../../core/policies/rules/policy-draft.js';
import { listDrafts } from '../../core/policies/stores/policy-draft.js';
import type { ApiContext } from '../context.js';
import { encodeCursor, pageFrom, pageOf, pageQuery, readCursor } from '../edge/cursor.js';
import { id } from '../edge/fields.js';
import { ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import { draftParams, draftShown, draftSummary, requireDraft, shownDraft, shownSummary } from './draft-fields.js';

export const listDraftsRoute = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/policy-drafts',
    tag: 'Policies',
    summary: 'List drafts of fee policies, the newest first',
    permission: 'policy.read',
    query: z.strictObject({ status: z.enum(DRAFT_STATUSES).optional(), ...pageQuery }),
    answer: { status: 200, description: 'A page of drafts.', schema: pageOf(draftSummary) },
    handle: async ({ query: { status, limit, cursor } }) => {
      const list = `policy-drafts ${status ?? ''}`;
      const [beforeId] = readCursor(cursor, list, z.tuple([id])) ?? [];
      const drafts = await listDrafts(db, { status, beforeId, limit: limit + 1 });
      return ok(pageFrom(drafts, limit, shownSummary, ({ draftId }) => encodeCursor(list, [draftId])));
    },
  });

export const showDraft = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/policy-drafts/{draftId}',
    tag: 'Policies',
    summary: 'Show a draft with its policies',
    permission: 'policy.read',
    params: draftParams,
    answer: { status: 200, description: 'The draft.', schema: draftShown },
    refusals: ['POLICY_DRAFT_NOT_FOUND', 'POLICY_UNREADABLE'],
    handle: async ({ params: { draftId } }) => {
      const draft = await requireDraft(db, draftId);
      return ok(await shownDraft(db, draft), draft.version);
    },
  });
