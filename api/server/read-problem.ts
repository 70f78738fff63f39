/** The meaning of a code of the error registry. */
import * as z from 'zod';
import { type ErrorCode, errors, MagamError } from '../../kernel/errors.js';
import { ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';

export const readProblem = (): Route =>
  route({
    method: 'get',
    path: '/problems/{code}',
    operationId: 'explainErrorCode',
    tag: 'Server',
    summary: 'Tell what an error code means',
    permission: 'server.probe',
    probe: true,
    params: z.strictObject({ code: z.string().max(64).meta({ description: 'The code.', example: 'RUN_NOT_FOUND' }) }),
    answer: {
      status: 200,
      description: 'The code.',
      schema: z
        .object({ code: z.string(), status: z.number().int(), meaning: z.string(), whatToDo: z.string() })
        .meta({ id: 'ErrorCode' }),
    },
    refusals: ['ROUTE_NOT_FOUND'],
    handle: async ({ params: { code } }) => {
      if (!Object.hasOwn(errors, code)) throw new MagamError('ROUTE_NOT_FOUND');
      const { http, meaning, whatToDo } = errors[code as ErrorCode];
      return ok({ code, status: http, meaning, whatToDo });
    },
  });
