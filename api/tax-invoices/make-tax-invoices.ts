/** Asks for the tax invoices of a month: a row that a runner carries out, and what came of it. */
import * as z from 'zod';
import { requestTaskOnce } from '../../core/tasks/request-task-once.js';
import { listTasks, readTask, type TaskRecord } from '../../core/tasks/stores/background-task.js';
import { requireInvoiceable, WAITING_REASONS } from '../../core/tax-invoices/make-tax-invoices.js';
import { TAX_INVOICES } from '../../core/tax-invoices/rules/make-task.js';
import { parseMonth } from '../../core/tax-invoices/rules/tax-invoice.js';
import { readPlatformTime } from '../../infra/platform-time.js';
import { wakeRunnersOver } from '../../infra/wake.js';
import { nameOf } from '../../kernel/access.js';
import { decided, found } from '../../kernel/outcome.js';
import type { ApiContext } from '../context.js';
import { paged, pageOf, pageQuery } from '../edge/cursor.js';
import { businessDate, id, idText } from '../edge/fields.js';
import { accepted, ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import { taskBody, taskFields } from '../edge/task-fields.js';
import { month, tag } from './tax-invoice-fields.js';

const resultSchema = z.object({
  dueOn: businessDate.meta({ description: 'By when the invoices of the month have to be issued.' }),
  waiting: z
    .array(z.object({ sellerId: z.string(), reason: z.enum(WAITING_REASONS) }))
    .meta({ description: 'Sellers who have no invoice yet, and why. Ask again when the reason is gone.' }),
});

const makingSchema = z
  .object({
    makingId: id,
    month,
    ...taskFields,
    result: resultSchema.nullable().meta({ description: 'Null until it is completed.' }),
  })
  .meta({ id: 'TaxInvoiceMaking' });

const makingBody = (task: TaskRecord): z.input<typeof makingSchema> => ({
  makingId: task.taskId,
  month: TAX_INVOICES.parametersOf(task).month,
  ...taskBody(task),
  result: task.status === 'COMPLETED' ? resultSchema.parse(task.result) : null,
});

export const requestInvoices = ({ db, config, redis }: ApiContext): Route =>
  route({
    method: 'post',
    path: '/v1/tax-invoices',
    operationId: 'makeTaxInvoices',
    tag,
    summary: 'Ask for the tax invoices of a month that is over',
    description:
      'A runner makes one for each seller that has none, and amendments for what was settled since. Follow it at the address in Location. While it has not ended, asking again queues nothing.',
    permission: 'tax-invoice.make',
    body: z.strictObject({ month }).meta({ id: 'TaxInvoicesRequest' }),
    example: { month: '2026-02' },
    answer: { status: 202, description: 'The invoices were asked for, now or before.', schema: makingSchema },
    refusals: [
      'MONTH_INVALID',
      'TAX_INVOICE_MONTH_NOT_OVER',
      'PLATFORM_BUSINESS_NUMBER_MISSING',
      'DATE_NOT_SETTLED',
      'TIME_ZONE_DIFFERS',
      'CLOCK_DIFFERS',
    ],
    idempotent: true,
    handle: async ({ body, signedIn, audit, afterCommit, transact }) => {
      const { date: today } = await readPlatformTime(db, config.timeZone);
      const { platform } = config;
      await requireInvoiceable(db, { month: decided(parseMonth(body.month)), today, platform });
      return transact(async (tx) => {
        const asked = { kind: TAX_INVOICES, subject: body.month, parameters: body, requestedBy: nameOf(signedIn) };
        const { task, fresh } = await requestTaskOnce(tx, asked, body);
        if (fresh)
          await audit(tx, 'tax-invoices.request', ['tax-invoices', body.month], {
            before: null,
            after: { makingId: task.taskId },
          });
        afterCommit(() => wakeRunnersOver(redis));
        return accepted(`/v1/tax-invoice-makings/${task.taskId}`, makingBody(task));
      });
    },
  });

export const listMakings = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/tax-invoice-makings',
    operationId: 'listTaxInvoiceMakings',
    tag,
    summary: 'List who asked for tax invoices of which month, the newest first',
    permission: 'tax-invoice.make',
    query: z.strictObject({ month: month.optional().meta({ description: 'Only those of this month.' }), ...pageQuery }),
    answer: { status: 200, description: 'A page of requests.', schema: pageOf(makingSchema) },
    handle: ({ query: { month: of, ...page } }) =>
      paged(page, {
        name: `tax-invoice-makings ${of ?? ''}`,
        key: z.tuple([id]),
        read: (beforeId, limit) => listTasks(db, TAX_INVOICES, { subject: of, beforeId: beforeId?.[0], limit }),
        keyOf: ({ taskId }) => [taskId],
        itemOf: makingBody,
      }),
  });

export const showMaking = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/tax-invoice-makings/{makingId}',
    operationId: 'readTaxInvoiceMaking',
    tag,
    summary: 'Follow the making of the tax invoices of a month',
    permission: 'tax-invoice.make',
    params: z.strictObject({ makingId: idText.meta({ description: 'The request.' }) }),
    answer: { status: 200, description: 'What came of it, or why it failed.', schema: makingSchema },
    refusals: ['TAX_INVOICE_MAKING_NOT_FOUND'],
    handle: async ({ params }) =>
      ok(makingBody(found(await readTask(db, TAX_INVOICES, params.makingId), 'TAX_INVOICE_MAKING_NOT_FOUND', params))),
  });
