/** Promotions: staff make and end them, and the platform pays for them. */
import * as z from 'zod';
import { promotionFault } from '../../core/promotions/rules/promotion.js';
import {
  insertPromotion,
  listPromotions,
  lockPromotion,
  readPromotion,
  updatePromotion,
} from '../../core/promotions/stores/promotion.js';
import { parseRate } from '../../kernel/money.js';
import { decided, found } from '../../kernel/outcome.js';
import type { ApiContext } from '../context.js';
import { paged, pageOf, pageQuery } from '../edge/cursor.js';
import { id } from '../edge/fields.js';
import { created, ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import {
  newPromotionSchema,
  promotionBody,
  promotionEditSchema,
  promotionParams,
  promotionSchema,
} from './promotion-fields.js';

const tag = 'Promotions';

const listPromotionsRoute = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/promotions',
    operationId: 'listPromotions',
    tag,
    summary: 'List promotions',
    permission: 'promotion.read',
    query: z.strictObject(pageQuery),
    answer: { status: 200, description: 'A page of promotions, newest first.', schema: pageOf(promotionSchema) },
    refusals: ['CURSOR_INVALID'],
    handle: ({ query }) =>
      paged(query, {
        name: 'promotions',
        key: z.tuple([id]),
        read: (before, limit) => listPromotions(db, before?.[0], limit),
        keyOf: ({ promotionId }) => [promotionId],
        itemOf: promotionBody,
      }),
  });

const showPromotion = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/promotions/{promotionId}',
    operationId: 'readPromotion',
    tag,
    summary: 'Show a promotion',
    permission: 'promotion.read',
    params: promotionParams,
    answer: { status: 200, description: 'The promotion.', schema: promotionSchema },
    refusals: ['PROMOTION_NOT_FOUND'],
    handle: async ({ params: { promotionId } }) => {
      const promotion = found(await readPromotion(db, promotionId), 'PROMOTION_NOT_FOUND', { promotionId });
      return ok(promotionBody(promotion), promotion.version);
    },
  });

const createPromotion = (): Route =>
  route({
    method: 'post',
    path: '/v1/promotions',
    operationId: 'createPromotion',
    tag,
    summary: 'Make a promotion',
    description:
      'A discount on whole checkouts that the platform pays for. A checkout gets the promotion with the largest discount.',
    permission: 'promotion.edit',
    body: newPromotionSchema,
    example: {
      code: 'SUMMER',
      name: '여름 할인',
      kind: 'PERCENT',
      rate: '10',
      currency: 'KRW',
      startsAt: '2026-06-30T15:00:00.000Z',
    },
    answer: { status: 201, etag: true, description: 'The promotion.', schema: promotionSchema },
    refusals: ['CURRENCY_UNKNOWN', 'PROMOTION_EXISTS', 'PROMOTION_INVALID', 'PROMOTION_NOT_FOUND', 'RATE_INVALID'],
    idempotent: true,
    handle: ({ body: { rate, ...body }, transact, audit }) =>
      transact(async (tx) => {
        const made = { ...body, rateE4: rate === null ? null : decided(parseRate(rate)) };
        decided(promotionFault(made));
        const promotionId = decided(await insertPromotion(tx, made));
        const promotion = found(await readPromotion(tx, promotionId), 'PROMOTION_NOT_FOUND', { promotionId });
        await audit(tx, 'promotion.create', ['promotion', promotionId], { before: null, after: promotion });
        return created(`/v1/promotions/${promotionId}`, promotionBody(promotion), promotion.version);
      }),
  });

const editPromotion = (): Route =>
  route({
    method: 'patch',
    path: '/v1/promotions/{promotionId}',
    operationId: 'updatePromotion',
    tag,
    summary: 'Edit a promotion',
    description:
      'Its name, minimum and period; an end in the past ends it. Orders that were placed keep their discount.',
    permission: 'promotion.edit',
    params: promotionParams,
    body: promotionEditSchema,
    example: { name: '여름 할인' },
    answer: { status: 200, etag: true, description: 'The promotion.', schema: promotionSchema },
    refusals: ['CURRENCY_UNKNOWN', 'PROMOTION_INVALID', 'PROMOTION_NOT_FOUND'],
    versioned: true,
    handle: ({ params: { promotionId }, body, transact, audit, requireVersion }) =>
      transact(async (tx) => {
        const before = found(await lockPromotion(tx, promotionId), 'PROMOTION_NOT_FOUND', { promotionId });
        requireVersion(before.version);
        const { name = before.name, minimumMinor = before.minimumMinor, startsAt = before.startsAt } = body;
        const endsAt = body.endsAt === undefined ? before.endsAt : body.endsAt;
        const changed = { ...before, name, minimumMinor, startsAt, endsAt };
        decided(promotionFault(changed));
        await updatePromotion(tx, changed);
        const after = found(await readPromotion(tx, promotionId), 'PROMOTION_NOT_FOUND', { promotionId });
        await audit(tx, 'promotion.edit', ['promotion', promotionId], { before, after });
        return ok(promotionBody(after), after.version);
      }),
  });

export const promotionRoutes = (context: ApiContext): Route[] => [
  listPromotionsRoute(context),
  showPromotion(context),
  createPromotion(),
  editPromotion(),
];
