/** Carts, checkouts, orders, shipping terms, promotions. */
import type { ErrorDefinition } from './definition.js';

export const orderErrors = {
  ALREADY_IN_CART: {
    http: 409,
    exit: 1,
    meaning: 'The unit is in the cart already; set its quantity instead.',
    whatToDo: 'Set its quantity: `PUT /v1/me/cart/items/{unitId}`.',
    ko: '이미 존재하는 장바구니입니다.',
  },
  CART_CHANGED: {
    http: 409,
    exit: 1,
    meaning: 'The cart was changed or ordered since the checkout read it.',
    whatToDo: 'Read the cart again: another checkout may have ordered it. Then check out anew.',
    ko: '장바구니가 변경되었습니다. 다시 확인해 주세요.',
  },
  CART_EMPTY: {
    http: 409,
    exit: 1,
    meaning: 'There is nothing in the cart to check out.',
    whatToDo: 'Put units into the cart, or name `items` in the checkout.',
    ko: '장바구니에 주문할 상품이 없습니다.',
  },
  CART_FULL: {
    http: 409,
    exit: 1,
    meaning: 'The cart has as many units as a cart can have.',
    whatToDo: 'Take units out of the cart, or check out first.',
    ko: '장바구니에 담을 수 있는 상품 수를 초과했습니다.',
  },
  CART_ITEM_NOT_FOUND: {
    http: 404,
    exit: 1,
    meaning: 'The unit is not in the cart.',
    whatToDo: 'Read the cart again: the unit was taken out or ordered, perhaps on another device.',
    ko: '장바구니에 없는 상품입니다.',
  },
  CHECKOUT_NOT_FOUND: {
    http: 404,
    exit: 1,
    meaning: 'There is no checkout with this id.',
    whatToDo: 'Compare the id with the answer of the checkout.',
    ko: '존재하지 않는 주문서입니다.',
  },
  CHECKOUT_STATE_CONFLICT: {
    http: 409,
    exit: 1,
    meaning: 'The checkout waits for no payment any more: it was paid or cancelled.',
    whatToDo: 'Read the checkout: its status says what became of it.',
    ko: '이미 결제되었거나 취소된 주문서입니다.',
  },
  CURRENCY_MIXED: {
    http: 409,
    exit: 1,
    meaning: 'The units have prices in several currencies; check out those of one currency at a time.',
    whatToDo: 'Check out once for each currency; `unitIds` picks units of the cart.',
    ko: '통화가 다른 상품은 함께 주문할 수 없습니다. 통화별로 나누어 주문해 주세요.',
  },
  ORDER_LINE_NOT_FOUND: {
    http: 404,
    exit: 1,
    meaning: 'The order has no line with this number.',
    whatToDo: 'Read the order: its lines are numbered from 1.',
    ko: '주문에 없는 상품입니다.',
  },
  ORDER_NOT_FOUND: {
    http: 404,
    exit: 1,
    meaning: 'There is no order with this id.',
    whatToDo: '`GET /v1/orders` lists the orders.',
    ko: '존재하지 않는 주문입니다.',
  },
  ORDER_STATE_CONFLICT: {
    http: 409,
    exit: 1,
    meaning: 'The state of the order does not allow this step; the details name the states that do.',
    whatToDo: 'Read the order. The states and what leads from one to another: docs/orders.md.',
    ko: '현재 주문 상태에서는 요청하신 작업을 할 수 없습니다.',
  },
  PAYMENT_UNAVAILABLE: {
    http: 403,
    exit: 1,
    meaning: 'A checkout is marked as paid by hand only outside production.',
    whatToDo: 'There is no payment provider in this version; marking as paid is for development.',
  },
  PRICE_CHANGED: {
    http: 409,
    exit: 1,
    meaning: 'The amount to pay is another one than expected; the details name both. Nothing was ordered.',
    whatToDo: 'Show the buyer the new amount and check out again with it.',
    ko: '결제 금액이 변경되어 주문하지 않았습니다. 금액을 확인한 후 다시 주문해 주세요.',
  },
  PROMOTION_EXISTS: {
    http: 409,
    exit: 1,
    meaning: 'There is a promotion with this code already.',
    whatToDo: 'Take another code, or edit the promotion that has it.',
  },
  PROMOTION_INVALID: {
    http: 422,
    exit: 1,
    meaning:
      'The terms of the promotion contradict each other: a percentage has a rate, an amount has an amount, and it ends after it starts.',
    whatToDo:
      'The details name the reason: `KIND` (a percentage has a rate alone, an amount an amount alone), `VALUE` or `PERIOD`.',
  },
  PROMOTION_NOT_APPLICABLE: {
    http: 409,
    exit: 1,
    meaning:
      'The promotion of this code is not in force, is of another currency, or the goods cost less than it asks for.',
    whatToDo:
      'The details name the reason: `NOT_IN_FORCE` or `BELOW_MINIMUM`. Check out without the code, or with more.',
    ko: '적용할 수 없는 프로모션입니다. 기간, 통화, 최소 주문 금액을 확인해 주세요.',
  },
  PROMOTION_NOT_FOUND: {
    http: 404,
    exit: 1,
    meaning: 'There is no promotion with this id.',
    whatToDo: '`GET /v1/promotions` lists the promotions.',
    ko: '존재하지 않는 프로모션입니다.',
  },
  QUANTITY_EXCEEDS_ORDER: {
    http: 409,
    exit: 1,
    meaning: 'The line has fewer units left than are to be cancelled or returned.',
    whatToDo: 'The details say how many units the line has left.',
    ko: '취소하거나 반품할 수 있는 수량을 초과했습니다.',
  },
  SHIPPING_TERM_NOT_FOUND: {
    http: 404,
    exit: 1,
    meaning: 'The seller has no shipping terms in this currency.',
    whatToDo: 'Nothing to do: without terms the seller sends for nothing.',
    ko: '판매자가 이 통화로 등록한 배송 조건이 없습니다.',
  },
  UNIT_NOT_FOR_SALE: {
    http: 409,
    exit: 1,
    meaning: 'The unit cannot be bought: its product is not sold, its option was removed, or its seller is suspended.',
    whatToDo: 'Choose another unit; the cart says of each whether it is for sale.',
    ko: '판매하지 않는 상품입니다.',
  },
  UNIT_OF_OTHER_PRODUCT: {
    http: 409,
    exit: 1,
    meaning: 'A unit in the cart can only be changed to another option of the same product.',
    whatToDo: 'Put the other unit into the cart and take this one out.',
    ko: '장바구니의 상품은 같은 상품의 다른 옵션으로만 변경할 수 있습니다.',
  },
} as const satisfies Record<string, ErrorDefinition>;
