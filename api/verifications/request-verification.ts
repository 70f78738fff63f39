/** Asks for the verification of a closed date: a row that a runner carries out. */
import * as z from 'zod';
import { dateNotClosed } from '../../core/settlement/date-states.js';
import { VERIFY } from '../../core/settlement/rules/verify-task.js';
import { readCertificateLinks } from '../../core/settlement/stores/certificate.js';
import { datesLackingCertificates } from '../../core/settlement/stores/settlement-run.js';
import { insertTask } from '../../core/tasks/stores/background-task.js';
import { wakeRunnersOver } from '../../infra/wake.js';
import { nameOf } from '../../kernel/access.js';
import type { ApiContext } from '../context.js';
import { businessDate } from '../edge/fields.js';
import { accepted } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import {
  requireVerification,
  verificationAddress,
  verificationBody,
  verificationSchema,
} from './verification-fields.js';

const bodySchema = z
  .strictObject({ date: businessDate.meta({ description: 'A date that was settled.' }) })
  .meta({ id: 'VerificationRequest' });

export const requestVerification = ({ redis }: ApiContext): Route =>
  route({
    method: 'post',
    path: '/v1/verifications',
    operationId: 'requestVerification',
    tag: 'Verifications',
    summary: 'Ask for the verification of a date',
    description:
      'A runner reads every line of the date again and compares it with what was certified, in one consistent view. Follow it at the ' +
      'address in Location. Each request makes a new verification.',
    permission: 'run.operate',
    body: bodySchema,
    example: { date: '2026-02-16' },
    answer: { status: 202, description: 'The verification was requested.', schema: verificationSchema },
    refusals: ['DATE_NOT_CLOSED'],
    idempotent: true,
    handle: ({ body: { date }, signedIn, audit, afterCommit, transact }) =>
      transact(async (tx) => {
        const settled =
          (await readCertificateLinks(tx, date, date)).length > 0 ||
          (await datesLackingCertificates(tx, date, date)).length > 0;
        if (!settled) throw await dateNotClosed(tx, date);
        const asked = { kind: VERIFY, subject: date, parameters: { date }, requestedBy: nameOf(signedIn) };
        const task = await requireVerification(tx, await insertTask(tx, asked));
        await audit(tx, 'date.verify', ['date', date], { before: null, after: { verificationId: task.taskId } });
        afterCommit(() => wakeRunnersOver(redis));
        return accepted(verificationAddress(task.taskId), verificationBody(task));
      }),
  });
