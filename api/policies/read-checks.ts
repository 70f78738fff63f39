/** Checks of a draft: the latest of them, one with its sums, and the lines that it found. */
import * as z from 'zod';
import { POLICY_CHECK } from '../../core/settlement/rules/policy-check-task.js';
import { readCheckLines } from '../../core/settlement/stores/policy-check-line.js';
import { listTasks } from '../../core/tasks/stores/background-task.js';
import type { ApiContext } from '../context.js';
import { paged, pageOf, pageQuery } from '../edge/cursor.js';
import { externalId, id } from '../edge/fields.js';
import { ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import {
  checkParams,
  policyCheckBody,
  policyCheckSchema,
  policyCheckSummaryBody,
  policyCheckSummarySchema,
  requireCheck,
  touchedLineBody,
  touchedLineSchema,
} from './check-fields.js';
import { draftParams, requireDraft } from './draft-fields.js';

export const listChecks = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/policy-drafts/{draftId}/checks',
    operationId: 'listPolicyChecks',
    tag: 'Policies',
    summary: 'List the checks of a draft, the newest first',
    permission: 'policy.read',
    params: draftParams,
    query: z.strictObject(pageQuery),
    answer: { status: 200, description: 'A page of checks.', schema: pageOf(policyCheckSummarySchema) },
    refusals: ['POLICY_DRAFT_NOT_FOUND'],
    handle: async ({ params: { draftId }, query }) => {
      await requireDraft(db, draftId);
      return paged(query, {
        name: `policy-checks ${draftId}`,
        key: z.tuple([id]),
        read: (beforeId, limit) =>
          listTasks(db, POLICY_CHECK, { subject: String(draftId), beforeId: beforeId?.[0], limit }),
        keyOf: ({ taskId }) => [taskId],
        itemOf: policyCheckSummaryBody,
      });
    },
  });

export const showCheck = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/policy-drafts/{draftId}/checks/{checkId}',
    operationId: 'readPolicyCheck',
    tag: 'Policies',
    summary: 'Show a check with its sums',
    permission: 'policy.read',
    params: checkParams,
    answer: { status: 200, description: 'The check.', schema: policyCheckSchema },
    refusals: ['POLICY_CHECK_NOT_FOUND', 'AMOUNT_OUT_OF_RANGE'],
    handle: async ({ params: { draftId, checkId } }) => ok(policyCheckBody(await requireCheck(db, draftId, checkId))),
  });

export const listCheckLines = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/policy-drafts/{draftId}/checks/{checkId}/lines',
    operationId: 'listPolicyCheckLines',
    tag: 'Policies',
    summary: 'List the lines that a check found, before and after',
    description:
      'Sales before refunds, in the order of the feed; at most the first 100,000. They are kept for 30 days.',
    permission: 'policy.read',
    params: checkParams,
    query: z.strictObject({
      sellerId: externalId.optional().meta({ description: 'Only those of a seller.' }),
      ...pageQuery,
    }),
    answer: { status: 200, description: 'A page of lines.', schema: pageOf(touchedLineSchema) },
    refusals: ['POLICY_CHECK_NOT_FOUND'],
    handle: async ({ params: { draftId, checkId }, query: { sellerId, ...asked } }) => {
      await requireCheck(db, draftId, checkId);
      return paged(asked, {
        name: `policy-check-lines ${checkId} ${sellerId ?? ''}`,
        key: z.tuple([id]),
        read: (after, limit) => readCheckLines(db, checkId, { sellerId, afterNo: after?.[0] ?? 0, limit }),
        keyOf: ({ lineNo }) => [lineNo],
        itemOf: ({ content }) => touchedLineBody(content),
      });
    },
  });
