/** Promotions in JSON. */
import * as z from 'zod';
import { PROMOTION_KINDS, PROMOTION_NAME_MAX } from '../../core/promotions/rules/promotion.js';
import type { PromotionRecord } from '../../core/promotions/stores/promotion.js';
import { formatRate, parseRate } from '../../kernel/money.js';
import { amountMinor, id, idText, moment, namedCurrency, namedMoment, text } from '../edge/fields.js';

const startsAt = namedMoment.meta({
  description: 'In force from this moment on.',
  example: '2026-06-30T15:00:00.000Z',
});
const endsAt = namedMoment.nullable().meta({ description: 'In force before this moment; null: without an end.' });
const name = text(PROMOTION_NAME_MAX).meta({ example: '여름 할인' });
const minimum = amountMinor
  .min(0)
  .meta({ description: 'The least cost of the goods, after the discounts of sellers.' });

const rate = z
  .string()
  .max(16)
  .refine(
    (value) => typeof parseRate(value) === 'number',
    'must be a percentage such as "8.5", with at most 4 decimals',
  )
  .nullable()
  .meta({ description: 'Percent; of PERCENT alone.', example: '10' });

const terms = {
  code: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}$/, 'must be 1 to 64 letters, digits, dots, hyphens and underscores')
    .nullable()
    .meta({
      description: 'The code that a buyer gives at the checkout to get the promotion; null: everybody gets it.',
      example: 'SUMMER',
    }),
  name,
  kind: z.enum(PROMOTION_KINDS),
  rate,
  amountMinor: amountMinor.min(1).nullable().meta({ description: 'Of AMOUNT alone.' }),
  minimumMinor: minimum,
  currency: namedCurrency,
  startsAt,
  endsAt,
};

export const newPromotionSchema = z
  .strictObject({
    ...terms,
    code: terms.code.default(null),
    rate: terms.rate.default(null),
    amountMinor: terms.amountMinor.default(null),
    minimumMinor: minimum.default(0),
    endsAt: endsAt.default(null),
  })
  .meta({ id: 'NewPromotion' });

export const promotionEditSchema = z
  .strictObject({
    name: name.optional(),
    minimumMinor: minimum.optional(),
    startsAt: startsAt.optional(),
    endsAt: endsAt.optional(),
  })
  .meta({ id: 'PromotionEdit' });

export const promotionSchema = z
  .object({
    promotionId: id,
    ...terms,
    rate: z.string().nullable(),
    startsAt: moment,
    endsAt: moment.nullable(),
    version: z.number().int().min(1),
    createdAt: moment,
    updatedAt: moment,
  })
  .meta({ id: 'Promotion' });

export const promotionParams = z.strictObject({ promotionId: idText.meta({ description: 'The promotion.' }) });

export const promotionBody = ({ rateE4, ...promotion }: PromotionRecord): z.input<typeof promotionSchema> => ({
  ...promotion,
  rate: rateE4 === null ? null : formatRate(rateE4),
});
