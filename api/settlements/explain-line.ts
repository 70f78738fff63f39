/** Explains a line: every step from the stored entry and its policy to the net, for a sale and its refunds. */
import * as z from 'zod';
import { explainLine } from '../../core/settlement/explain-line.js';
import { readSellerOfLine } from '../../core/settlement/stores/line-story.js';
import { found } from '../../kernel/outcome.js';
import type { ApiContext } from '../context.js';
import { externalId } from '../edge/fields.js';
import { ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import { explanationBody, explanationSchema } from './explanation.js';

const querySchema = z.strictObject({
  orderId: externalId.meta({ description: 'The order of the sale.', example: 'magam:o:12' }),
  lineId: externalId.meta({ description: 'The line of the order.', example: '1' }),
});

export const explainLineRoute = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/lines/explanation',
    operationId: 'explainLine',
    tag: 'Settlements',
    summary: 'Explain the figures of a sale and of its refunds',
    description:
      'Replays the line: which policies were considered, which one applied, every step with its exact value, and whether the stored figures equal the ' +
      'replay. A line that is not settled yet is computed under the policies known now.',
    permission: 'settlement.read',
    query: querySchema,
    answer: { status: 200, description: 'The explanation.', schema: explanationSchema },
    refusals: ['LINE_NOT_FOUND', 'POLICY_UNREADABLE'],
    owner: async ({ query: { orderId, lineId } }) => {
      const sellerId = found(await readSellerOfLine(db, orderId, lineId), 'LINE_NOT_FOUND', { orderId, lineId });
      return { sellerId };
    },
    handle: async ({ query: { orderId, lineId } }) => {
      const told = found(await explainLine(db, orderId, lineId), 'LINE_NOT_FOUND', { orderId, lineId });
      return ok(explanationBody(told));
    },
  });
