/** GET /v1/alarms: what needs an operator, and what needed one. */
import * as z from 'zod';
import { ALARM_KINDS, ALARM_STATUSES, type Alarm, actionOf } from '../../core/alarms/rules/alarm.js';
import { listAlarms } from '../../core/alarms/stores/alarm.js';
import type { ApiContext } from '../context.js';
import { paged, pageOf, pageQuery } from '../edge/cursor.js';
import { id, moment } from '../edge/fields.js';
import { type Route, route } from '../edge/route.js';

const alarmSchema = z
  .object({
    alarmId: id,
    kind: z.enum(ALARM_KINDS),
    subject: z
      .string()
      .meta({ description: 'A date, the id of a payment, a consumer or a command.', example: '2026-06-30' }),
    status: z.enum(ALARM_STATUSES),
    summary: z.string().meta({ description: 'What is wrong.' }),
    action: z.string().meta({ description: 'What to do.' }),
    openedAt: moment,
    resolvedAt: moment.nullable().meta({ description: 'When it was resolved; null while it is open.' }),
  })
  .meta({ id: 'Alarm' });

const alarmBody = (alarm: Alarm): z.input<typeof alarmSchema> => ({ ...alarm, action: actionOf(alarm) });

const readAlarms = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/alarms',
    operationId: 'listAlarms',
    tag: 'Alarms',
    summary: 'List alarms',
    description: 'The newest first: the open alarms, or those with the given status.',
    permission: 'alarm.read',
    query: z.strictObject({
      ...pageQuery,
      status: z
        .enum([...ALARM_STATUSES, 'ALL'])
        .default('OPEN')
        .meta({ description: 'Only alarms with this status; ALL: with any.' }),
    }),
    answer: { status: 200, description: 'A page of alarms.', schema: pageOf(alarmSchema) },
    handle: ({ query }) =>
      paged(query, {
        name: `alarms ${query.status}`,
        key: z.tuple([id]),
        read: (key, limit) =>
          listAlarms(db, { status: query.status === 'ALL' ? undefined : query.status, before: key?.[0] }, limit),
        keyOf: ({ alarmId }) => [alarmId],
        itemOf: alarmBody,
      }),
  });

export const alarmRoutes = (context: ApiContext): Route[] => [readAlarms(context)];
