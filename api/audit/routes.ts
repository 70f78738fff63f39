/** GET /v1/audit-log */
import * as z from 'zod';
import { numberAudit } from '../../infra/number-audit.js';
import { listAudit, listAuditForward } from '../../infra/stores/audit-log.js';
import { ROLES } from '../../kernel/access.js';
import { AUDIT_SUBJECTS } from '../../kernel/audit-subject.js';
import type { ApiContext } from '../context.js';
import { momentKey, paged, pageOf, pageQuery } from '../edge/cursor.js';
import { id, idText, moment } from '../edge/fields.js';
import { type Route, route } from '../edge/route.js';

const entrySchema = z
  .object({
    auditId: id,
    position: id.nullable().meta({
      description:
        'The place of the entry in the order `oldest-first`. Null: it has none yet; readers in that order never see such entries.',
    }),
    recordedAt: moment,
    actorAccountId: id
      .nullable()
      .meta({ description: 'Null: somebody at the command line, whom actorUserName names.' }),
    actorRole: z.enum(ROLES).nullable(),
    actorApiKeyId: id
      .nullable()
      .meta({ description: 'The API key with which the account acted; null: it had signed in.' }),
    actorUserName: z.string().nullable(),
    requestId: z.string().nullable().meta({ description: 'X-Request-Id of the call; also in the log of the server.' }),
    action: z.string().meta({ example: 'seller.edit' }),
    subjectType: z.string().meta({ example: 'seller' }),
    subjectId: z.string().meta({ example: 'S7' }),
    before: z
      .unknown()
      .meta({ description: 'The changed object before the change; null if there was none. Secrets are masked.' }),
    after: z.unknown().meta({ description: 'The same after the change.' }),
  })
  .meta({ id: 'AuditEntry' });

/** A moment of a query, with its offset from UTC; the database gets it in UTC. */
const instant = z.iso
  .datetime({ offset: true })
  .regex(/^[2-8]/, 'must lie in the years 2000 to 8999')
  .transform((text) => new Date(text).toISOString())
  .meta({ type: 'string', format: 'date-time', example: '2026-06-30T00:00:00+09:00' });

const querySchema = z
  .strictObject({
    ...pageQuery,
    subject: z
      .string()
      .regex(
        new RegExp(`^(?:${AUDIT_SUBJECTS.join('|')}):.{1,160}$`),
        `must be a type and an id, as in seller:S7; types are ${AUDIT_SUBJECTS.join(', ')}`,
      )
      .optional()
      .meta({ description: 'What was changed: type and id.', example: 'seller:S7' }),
    action: z
      .string()
      .regex(/^[a-z][a-z.-]{0,63}$/, 'must be an action, as in seller.edit')
      .optional()
      .meta({ description: 'What was done.', example: 'seller.edit' }),
    actor: idText.optional().meta({ description: 'The account that made the change.' }),
    from: instant.optional().meta({ description: 'From this moment on.' }),
    to: instant.optional().meta({ description: 'Before this moment.' }),
    order: z.enum(['newest-first', 'oldest-first']).default('newest-first').meta({
      description:
        'With `oldest-first` the log is read forward, by `position`. To follow the log, ask again with `after` set to the `position` of the last entry that you have.',
    }),
    after: z
      .string()
      .regex(/^\d{1,15}$/, 'must be a position')
      .transform(Number)
      .optional()
      .meta({
        type: 'integer',
        minimum: 0,
        description:
          'With `oldest-first`: only entries after this position. An entry whose change took long gets a later, higher position, whatever its `recordedAt` says, so nothing is missed.',
      }),
  })
  .refine(({ from, to }) => from === undefined || to === undefined || from <= to, {
    path: ['to'],
    message: 'must not be before from',
  })
  .refine(({ after, order }) => after === undefined || order === 'oldest-first', {
    path: ['after'],
    message: 'can only be used with order=oldest-first',
  });

const readAuditLog = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/audit-log',
    operationId: 'listAuditLog',
    tag: 'Audit log',
    summary: 'List what staff changed',
    description: 'Newest first, or oldest first with `order`. Entries are only ever added.',
    permission: 'audit.read',
    query: querySchema,
    answer: { status: 200, description: 'A page of the audit log.', schema: pageOf(entrySchema) },
    handle: async ({ query }) => {
      const [type = '', ...rest] = query.subject?.split(':') ?? [];
      const filter = {
        action: query.action,
        subject: query.subject === undefined ? undefined : { type, id: rest.join(':') },
        actorAccountId: query.actor,
        from: query.from,
        to: query.to,
      };
      if (query.order === 'newest-first')
        return paged(query, {
          name: 'audit-log',
          key: z.tuple([momentKey, id]),
          read: (key, limit) => listAudit(db, filter, limit, key && { recordedAt: key[0], auditId: key[1] }),
          keyOf: ({ recordedAt, auditId }) => [recordedAt, auditId],
        });
      await numberAudit(db);
      return paged(query, {
        name: 'audit-log forward', // a cursor continues in its own order
        key: z.tuple([id]),
        read: (key, limit) => listAuditForward(db, filter, limit, key?.[0] ?? query.after),
        keyOf: ({ position }) => [position as number],
      });
    },
  });

export const auditRoutes = (context: ApiContext): Route[] => [readAuditLog(context)];
