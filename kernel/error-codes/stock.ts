/** Units that can be sold, and how many of them there are. */
import type { ErrorDefinition } from './definition.js';

export const stockErrors = {
  CHECKOUT_EXPIRED: {
    http: 409,
    exit: 1,
    meaning:
      'The time to pay has passed, and the units of the checkout are available to others again; check out once more.',
    whatToDo: 'Check out again, if the units are still there.',
    ko: '결제 시간이 지나 주문서가 만료되었습니다. 다시 주문해 주세요.',
  },
  DROP_ENDED: {
    http: 409,
    exit: 1,
    meaning: 'The drop has already ended.',
    whatToDo: 'Nothing: the product is sold like any other.',
    ko: '이미 종료된 드롭입니다.',
  },
  DROP_EXISTS: {
    http: 409,
    exit: 1,
    meaning: 'The product has a drop that is not ended; end that one first.',
    whatToDo: 'End it, or keep it.',
    ko: '이 상품에는 아직 종료되지 않은 드롭이 있습니다.',
  },
  DROP_LIMIT_EXCEEDED: {
    http: 409,
    exit: 1,
    meaning:
      'The buyer would have more pieces of the product than its drop allows; the details name the limit and the buyer’s number.',
    whatToDo: 'Order fewer, or wait until the drop is ended.',
    ko: '1인당 구매 가능 수량을 초과했습니다.',
  },
  DROP_NOT_FOUND: {
    http: 404,
    exit: 1,
    meaning: 'There is no drop with this id.',
    whatToDo: 'Look at the list of drops.',
    ko: '존재하지 않는 드롭입니다.',
  },
  DROP_NOT_OPEN: {
    http: 409,
    exit: 1,
    meaning: 'The sale of the product has not begun; the details say when it opens.',
    whatToDo: 'Order again at that time.',
    ko: '아직 판매가 시작되지 않은 상품입니다.',
  },
  INSUFFICIENT_STOCK: {
    http: 409,
    exit: 1,
    meaning: 'Too few pieces of a unit are available; the details name the unit and how many there are.',
    whatToDo: 'Order as many as are available, or leave the unit out.',
    ko: '재고가 부족합니다.',
  },
  STOCK_BUSY: {
    http: 503,
    exit: 1,
    meaning: 'Too many buyers are ordering the same products at this moment; try again.',
    whatToDo:
      'Try again after a second. With the strategy `redlock`: locks of products did not become free within `MAGAM_STOCK_LOCK_WAIT_MS`.',
    ko: '주문이 몰리고 있습니다. 잠시 후 다시 시도해 주세요.',
  },
  STOCK_DIFFERS: {
    http: 500,
    exit: 4,
    meaning: 'The stock of some units differs from their journal or their reservations; each unit is named.',
    whatToDo: 'Find out who changed the tables by hand, or restore them from a backup. See docs/stock.md.',
  },
  STOCK_INSUFFICIENT_TO_ADJUST: {
    http: 409,
    exit: 1,
    meaning: 'The adjustment would take away more than is available; what is held or sold cannot be adjusted.',
    whatToDo: 'Take away at most what is available; the details name it.',
    ko: '조정하려는 수량이 판매 가능한 재고보다 많습니다.',
  },
  UNIT_NOT_FOUND: {
    http: 404,
    exit: 1,
    meaning: 'There is no unit with this id.',
    whatToDo: 'Read the product again: each option, or a product without options, has its `unitId`.',
    ko: '존재하지 않는 판매 단위입니다.',
  },
  UNIT_RETIRED: {
    http: 409,
    exit: 1,
    meaning: 'The unit is no longer offered: its option was removed, or its product has got options.',
    whatToDo:
      'Receive the goods under a unit that the product shows. The rest of the retired unit can be removed by an adjustment.',
    ko: '더 이상 판매하지 않는 옵션입니다.',
  },
} as const satisfies Record<string, ErrorDefinition>;
