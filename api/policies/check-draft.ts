/** Asks for the lines of a past date that a draft would have touched, and by how much: writes a row that a runner carries out. */
import * as z from 'zod';
import { noneClosed } from '../../core/settlement/date-states.js';
import { POLICY_CHECK } from '../../core/settlement/rules/policy-check-task.js';
import { readCertificateLinks } from '../../core/settlement/stores/certificate.js';
import { insertTask } from '../../core/tasks/stores/background-task.js';
import { wakeRunnersOver } from '../../infra/wake.js';
import { nameOf } from '../../kernel/access.js';
import type { ApiContext } from '../context.js';
import { businessDate } from '../edge/fields.js';
import { accepted } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import { checkAddress, policyCheckBody, policyCheckSchema, requireCheck, trialDates } from './check-fields.js';
import { draftParams, requireDraft, requireOpen } from './draft-fields.js';

const bodySchema = z
  .strictObject({
    date: businessDate.meta({ description: 'A date that was settled; with `to` the first date of a range.' }),
    to: businessDate
      .optional()
      .meta({ description: 'The last date of the range. Its dates that are not settled are left out.' }),
    dates: trialDates.default('ALWAYS'),
  })
  .refine(({ date, to }) => to === undefined || to >= date, { path: ['to'], message: 'must not be before date' })
  .meta({ id: 'PolicyCheckRequest' });

export const checkDraft = ({ redis }: ApiContext): Route =>
  route({
    method: 'post',
    path: '/v1/policy-drafts/{draftId}/checks',
    operationId: 'requestPolicyCheck',
    tag: 'Policies',
    summary: 'Check a draft against a past date',
    description:
      'Computes which lines of the date, or of the dates up to `to`, another policy would have applied to, and their figures, if the draft had been ' +
      'in force; a refund follows its sale. The dates do not change. The draft is checked in its present version. Follow the check at ' +
      'the address in Location.',
    permission: 'policy.edit',
    params: draftParams,
    body: bodySchema,
    example: { date: '2026-02-16' },
    answer: { status: 202, description: 'The check was requested.', schema: policyCheckSchema },
    refusals: ['POLICY_DRAFT_NOT_FOUND', 'POLICY_DRAFT_CLOSED', 'DATE_NOT_CLOSED', 'AMOUNT_OUT_OF_RANGE'],
    idempotent: true,
    handle: ({ params: { draftId }, body: { date, to, dates }, signedIn, audit, afterCommit, transact }) =>
      transact(async (tx) => {
        const draft = await requireDraft(tx, draftId);
        requireOpen(draft);
        if ((await readCertificateLinks(tx, date, to ?? date)).length === 0)
          throw await noneClosed(tx, date, to ?? date);
        const { version: draftVersion, definition } = draft;
        const range = to === undefined ? { date } : { date, to };
        const checkId = await insertTask(tx, {
          kind: POLICY_CHECK,
          subject: String(draftId),
          parameters: { draftId, draftVersion, ...range, dates, definition },
          requestedBy: nameOf(signedIn),
        });
        const task = await requireCheck(tx, draftId, checkId);
        await audit(tx, 'policy-draft.check', ['policy-draft', draftId], {
          before: null,
          after: { checkId: task.taskId, draftVersion, ...range, dates },
        });
        afterCommit(() => wakeRunnersOver(redis));
        return accepted(checkAddress(draftId, task.taskId), policyCheckBody(task));
      }),
  });
