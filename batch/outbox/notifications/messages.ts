/** What buyers and operators are told of an event. Buyers read Korean, and English below it. */
import type { AnyEvent } from '../../../core/outbox/rules/events.js';
import { formatAmount } from '../../../kernel/money.js';

export interface BuyerMessage {
  readonly buyerId: number;
  readonly subject: string;
  readonly text: string;
}

const money = ({ amountMinor, currency }: { readonly amountMinor: number; readonly currency: string }): string =>
  `${formatAmount(amountMinor, currency)} ${currency}`;

const lines = (...texts: readonly string[]): string => `${texts.join('\n')}\n`;

/** What the buyer is told by mail; undefined: nothing. */
export function buyerMessage({ type, payload }: AnyEvent): BuyerMessage | undefined {
  switch (type) {
    case 'payment.succeeded':
      return {
        buyerId: payload.buyerId,
        subject: '결제가 완료되었습니다 (payment received)',
        text: lines(
          `주문서 ${payload.checkoutId}의 결제가 완료되었습니다. 결제 금액: ${money(payload)}`,
          '',
          `We received your payment of ${money(payload)} for checkout ${payload.checkoutId}.`,
        ),
      };
    case 'payment.failed':
      return {
        buyerId: payload.buyerId,
        subject: '결제가 승인되지 않았습니다 (payment declined)',
        text: lines(
          `주문서 ${payload.checkoutId}의 결제가 승인되지 않았습니다. 결제된 금액은 없습니다.`,
          `사유: ${payload.message}`,
          '',
          `Your payment for checkout ${payload.checkoutId} was declined. Nothing was charged. Reason: ${payload.message}`,
        ),
      };
    case 'payment.cancelled':
      return {
        buyerId: payload.buyerId,
        subject: '결제 금액이 환불되었습니다 (refund)',
        text: lines(
          `주문서 ${payload.checkoutId}의 결제 금액 중 ${money(payload)}이(가) 환불되었습니다.`,
          '',
          `We gave back ${money(payload)} of your payment for checkout ${payload.checkoutId}.`,
        ),
      };
    case 'order.expired':
      return {
        buyerId: payload.buyerId,
        subject: '결제 기한이 지나 주문이 취소되었습니다 (order expired)',
        text: lines(
          `주문서 ${payload.checkoutId}의 결제 기한이 지나 주문이 취소되었습니다.`,
          '',
          `Checkout ${payload.checkoutId} was not paid in time, so its orders have expired.`,
        ),
      };
    default:
      return undefined;
  }
}

/** What operators are told in Slack; undefined: nothing. */
export function operatorMessage({ type, payload }: AnyEvent): string | undefined {
  switch (type) {
    case 'payment.unclear':
      return (
        `Payment ${payload.paymentId} has been unclear for ${payload.minutes} min: it is not known whether it was charged, or money of it is not back.\n` +
        `Look at it: GET /v1/payments/${payload.paymentId}`
      );
    case 'payment.cancelled-elsewhere':
      return (
        `The provider has given back ${money(payload)} of payment ${payload.paymentId} that was not asked for here. No order was cancelled for it.\n` +
        `Look at it: GET /v1/payments/${payload.paymentId}`
      );
    case 'outbox.given-up':
      return (
        `The consumer ${payload.consumer} has given up event ${payload.eventId} (${payload.type}): ${payload.error}\n` +
        `Look at it: GET /v1/dead-letters/${payload.consumer}/${payload.eventId}`
      );
    default:
      return undefined;
  }
}
