/** Dead letters: events that a consumer has given up. Operators look at them, remove the cause, and replay them. */
import * as z from 'zod';
import {
  type DeadLetter,
  listDeadLetters,
  readDeadLetter,
  reviveDeadLetter,
} from '../../core/outbox/stores/outbox-inbox.js';
import { wakeRunnersOver } from '../../infra/wake.js';
import { MagamError } from '../../kernel/errors.js';
import { found } from '../../kernel/outcome.js';
import type { ApiContext } from '../context.js';
import { paged, pageOf, pageQuery } from '../edge/cursor.js';
import { id, idText, moment } from '../edge/fields.js';
import { ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';

const consumerName = z
  .string()
  .regex(/^[a-z][a-z-]{0,23}$/, 'must be the name of a consumer: up to 24 lower-case letters and hyphens')
  .meta({ description: 'The consumer that gave up.', example: 'notifications' });

const letterParams = z.object({ consumer: consumerName, eventId: idText.meta({ description: 'The event.' }) });

const letterFields = {
  consumer: z.string(),
  eventId: id,
  type: z.string().meta({ description: 'What happened.', example: 'payment.succeeded' }),
  requestId: z.string().nullable().meta({ description: 'X-Request-Id of the call that caused it; null: no call did.' }),
  recordedAt: moment,
  attempts: z.number().int(),
  lastError: z.string().meta({ description: 'The error of the last attempt.' }),
  failedAt: moment,
};
const letterSchema = z.object(letterFields).meta({ id: 'DeadLetter' });
const letterPageSchema = z
  .object({ ...letterFields, payload: z.unknown().meta({ description: 'The content of the event.' }) })
  .meta({ id: 'DeadLetterPage' });
const replayedSchema = z.object({ consumer: z.string(), eventId: id }).meta({ id: 'ReplayedEvent' });

const letterBody = ({ payload: _payload, requestId, ...letter }: DeadLetter): z.input<typeof letterSchema> => ({
  ...letter,
  requestId: requestId === '' ? null : requestId,
});

const listLetters = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/dead-letters',
    operationId: 'listDeadLetters',
    tag: 'Outbox',
    summary: 'List dead letters',
    description: 'Events that a consumer gave up after too many failures, the newest event first.',
    permission: 'dead-letter.read',
    query: z.strictObject({
      ...pageQuery,
      consumer: consumerName.optional().meta({ description: 'Only events that this consumer gave up.' }),
    }),
    answer: { status: 200, description: 'A page of dead letters.', schema: pageOf(letterSchema) },
    handle: ({ query }) =>
      paged(query, {
        name: `dead-letters ${query.consumer ?? ''}`,
        key: z.tuple([id, consumerName]),
        read: (key, limit) =>
          listDeadLetters(
            db,
            { consumer: query.consumer, before: key && { eventId: key[0], consumer: key[1] } },
            limit,
          ),
        keyOf: ({ eventId, consumer }) => [eventId, consumer],
        itemOf: letterBody,
      }),
  });

const showLetter = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/dead-letters/{consumer}/{eventId}',
    operationId: 'readDeadLetter',
    tag: 'Outbox',
    summary: 'Show a dead letter',
    permission: 'dead-letter.read',
    params: letterParams,
    answer: { status: 200, description: 'The dead letter with the content of its event.', schema: letterPageSchema },
    refusals: ['DEAD_LETTER_NOT_FOUND'],
    handle: async ({ params }) => {
      const letter = found(await readDeadLetter(db, params), 'DEAD_LETTER_NOT_FOUND', params);
      return ok({ ...letterBody(letter), payload: JSON.parse(letter.payload) as unknown });
    },
  });

const replayLetter = ({ redis }: ApiContext): Route =>
  route({
    method: 'post',
    path: '/v1/dead-letters/{consumer}/{eventId}/replay',
    operationId: 'replayDeadLetter',
    tag: 'Outbox',
    summary: 'Replay a dead letter',
    description: 'Gives the event to its consumer again, with as many attempts as a new one has.',
    permission: 'dead-letter.replay',
    params: letterParams,
    answer: { status: 202, location: false, description: 'A runner tries it again.', schema: replayedSchema },
    refusals: ['DEAD_LETTER_NOT_FOUND'],
    idempotent: true,
    handle: ({ params, transact, audit, afterCommit }) =>
      transact(async (tx) => {
        const letter = found(await readDeadLetter(tx, params), 'DEAD_LETTER_NOT_FOUND', params);
        if (!(await reviveDeadLetter(tx, params))) throw new MagamError('DEAD_LETTER_NOT_FOUND', undefined, params);
        const { type, attempts, lastError } = letter;
        await audit(tx, 'dead-letter.replay', ['dead-letter', `${params.consumer}:${params.eventId}`], {
          before: { type, attempts, lastError },
          after: null,
        });
        afterCommit(() => wakeRunnersOver(redis));
        return { status: 202, body: params };
      }),
  });

export const outboxRoutes = (context: ApiContext): Route[] => [
  listLetters(context),
  showLetter(context),
  replayLetter(context),
];
