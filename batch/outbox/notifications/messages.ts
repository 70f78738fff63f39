/** The mails to buyers about events: in Korean, with English below. */
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

/** The mail to the buyer; undefined: none. */
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
