/**
 * Promotions: discounts on a whole checkout that the platform pays for. A promotion without a code holds for everybody; one with a code for
 * whoever names it. A checkout gets at most one: the one that takes most off.
 */
import { currencyExponent } from '../../../kernel/currency.js';
import { type Refusal, refuse } from '../../../kernel/errors.js';
import { FULL_RATE_E4, mulDivFloor } from '../../../kernel/money.js';

export const PROMOTION_KINDS = ['PERCENT', 'AMOUNT'] as const;
export type PromotionKind = (typeof PROMOTION_KINDS)[number];

export const PROMOTION_NAME_MAX = 100;

/** What a promotion takes off, and from when to when. Amounts in minor units of the currency. */
export interface PromotionTerms {
  /** Null: it holds for everybody. */
  readonly code: string | null;
  readonly kind: PromotionKind;
  /** 0.0001 percent; of PERCENT alone. */
  readonly rateE4: number | null;
  /** Of AMOUNT alone. */
  readonly amountMinor: number | null;
  /** What the goods have to cost at least, after the discounts of sellers. */
  readonly minimumMinor: number;
  readonly currency: string;
  /** ISO 8601, UTC. Valid from this moment on … */
  readonly startsAt: string;
  /** … and before this one; null: without an end. */
  readonly endsAt: string | null;
}

export interface Promotion extends PromotionTerms {
  readonly promotionId: number;
}

/** Why these terms cannot stand, if they cannot. Refuses with CURRENCY_UNKNOWN or PROMOTION_INVALID (with its reason). */
export function promotionFault(terms: PromotionTerms): Refusal | undefined {
  const wrong = (reason: string): Refusal => refuse('PROMOTION_INVALID', { reason });
  if (currencyExponent(terms.currency) === undefined) return refuse('CURRENCY_UNKNOWN', { currency: terms.currency });
  const { kind, rateE4, amountMinor, startsAt, endsAt } = terms;
  const other = kind === 'PERCENT' ? amountMinor : rateE4;
  const own = kind === 'PERCENT' ? rateE4 : amountMinor;
  if (own === null || other !== null) return wrong('KIND');
  if (own <= 0 || (kind === 'PERCENT' && own > FULL_RATE_E4)) return wrong('VALUE');
  if (endsAt !== null && endsAt <= startsAt) return wrong('PERIOD');
  return undefined;
}

/** What a promotion takes off goods that cost this much after the discounts of sellers: a percentage is rounded down, and never more than they cost. */
export function discountOf(promotion: Promotion, goodsMinor: number): number {
  if (goodsMinor < promotion.minimumMinor) return 0;
  if (promotion.kind === 'PERCENT') return mulDivFloor(goodsMinor, promotion.rateE4 ?? 0, FULL_RATE_E4);
  return Math.min(promotion.amountMinor ?? 0, goodsMinor);
}

export interface ChosenPromotion {
  /** Null: none takes anything off. */
  readonly promotionId: number | null;
  readonly discountMinor: number;
}

/**
 * The one promotion that a checkout gets: of those in force that hold for everybody and the one whose code was given, the one that takes most off;
 * among equals the older. Refuses a code that is not in force, of another currency or below its minimum: PROMOTION_NOT_APPLICABLE.
 * @param inForce the promotions of the currency that are in force now, with the one of the code where there is one
 */
export function choosePromotion(
  inForce: readonly Promotion[],
  goodsMinor: number,
  code: string | null,
): ChosenPromotion | Refusal {
  if (code !== null) {
    const named = inForce.find((promotion) => promotion.code === code);
    if (named === undefined) return refuse('PROMOTION_NOT_APPLICABLE', { promotionCode: code, reason: 'NOT_IN_FORCE' });
    const { minimumMinor } = named;
    if (goodsMinor < minimumMinor)
      return refuse('PROMOTION_NOT_APPLICABLE', {
        promotionCode: code,
        reason: 'BELOW_MINIMUM',
        minimumMinor,
        goodsMinor,
      });
  }
  let best: ChosenPromotion = { promotionId: null, discountMinor: 0 };
  const eligible = inForce.filter((promotion) => promotion.code === null || promotion.code === code);
  for (const promotion of [...eligible].sort((a, b) => a.promotionId - b.promotionId)) {
    const discountMinor = discountOf(promotion, goodsMinor);
    if (discountMinor > best.discountMinor) best = { promotionId: promotion.promotionId, discountMinor };
  }
  return best;
}
