/** "Can I order this?": for everybody, for many units at once. */
import * as z from 'zod';
import { Availability, QUESTION_UNITS_MAX } from '../../core/stock/availability.js';
import type { ApiContext } from '../context.js';
import { id } from '../edge/fields.js';
import { ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';

const querySchema = z.strictObject({
  units: z
    .string()
    .max(QUESTION_UNITS_MAX * 16)
    .regex(/^[1-9]\d{0,14}(,[1-9]\d{0,14})*$/, 'must be ids of units, separated by commas')
    .transform((text) => [...new Set(text.split(',').map(Number))])
    .refine((unitIds) => unitIds.length <= QUESTION_UNITS_MAX, `must name at most ${QUESTION_UNITS_MAX} units`)
    .meta({
      type: 'string',
      description: `Ids of at most ${QUESTION_UNITS_MAX} units, separated by commas.`,
      example: '1,2',
    }),
});

const answerSchema = z
  .object({
    unitId: id,
    orderable: z.boolean(),
    available: z.number().int().min(0).meta({
      description:
        'How many can be ordered. 0: the unit is sold out or not for sale, its drop is not open yet, or it does not exist.',
      example: 60,
    }),
  })
  .meta({ id: 'UnitAvailability' });

export const askStock = ({ db, redis }: ApiContext): Route => {
  const availability = new Availability(db, redis);
  return route({
    method: 'get',
    path: '/v1/stock',
    operationId: 'askStock',
    tag: 'Stock',
    summary: 'Ask which units can be ordered',
    description: 'At most 1 s old. Nothing is held: a checkout may still be refused.',
    permission: 'stock.ask',
    query: querySchema,
    answer: {
      status: 200,
      description: 'Each unit once, in the order in which they are named.',
      schema: z.object({ items: z.array(answerSchema) }),
    },
    handle: async ({ query: { units } }) => {
      const items = await availability.ask(units);
      return ok({ items: items.map((one) => ({ ...one, orderable: one.available > 0 })) });
    },
  });
};
