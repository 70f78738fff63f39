/** Verifications: the latest of them, and one with its checks. */
import * as z from 'zod';
import { VERIFY } from '../../core/settlement/rules/verify-task.js';
import { listTasks } from '../../core/tasks/stores/background-task.js';
import type { ApiContext } from '../context.js';
import { paged, pageOf, pageQuery } from '../edge/cursor.js';
import { businessDate, id } from '../edge/fields.js';
import { ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import {
  requireVerification,
  verificationBody,
  verificationParams,
  verificationSchema,
  verificationSummaryBody,
  verificationSummarySchema,
} from './verification-fields.js';

export const listVerifications = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/verifications',
    operationId: 'listVerifications',
    tag: 'Verifications',
    summary: 'List verifications, the newest first',
    permission: 'run.read',
    query: z.strictObject({
      date: businessDate.optional().meta({ description: 'Only those of a date.' }),
      ...pageQuery,
    }),
    answer: { status: 200, description: 'A page of verifications.', schema: pageOf(verificationSummarySchema) },
    handle: ({ query: { date, ...asked } }) =>
      paged(asked, {
        name: `verifications ${date ?? ''}`,
        key: z.tuple([id]),
        read: (beforeId, limit) => listTasks(db, VERIFY, { subject: date, beforeId: beforeId?.[0], limit }),
        keyOf: ({ taskId }) => [taskId],
        itemOf: verificationSummaryBody,
      }),
  });

export const showVerification = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/verifications/{verificationId}',
    operationId: 'readVerification',
    tag: 'Verifications',
    summary: 'Show a verification with its checks',
    permission: 'run.read',
    params: verificationParams,
    answer: { status: 200, description: 'The verification.', schema: verificationSchema },
    refusals: ['VERIFICATION_NOT_FOUND'],
    handle: async ({ params: { verificationId } }) =>
      ok(verificationBody(await requireVerification(db, verificationId))),
  });
