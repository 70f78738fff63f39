/** Products, categories, reviews. */
import type { ErrorDefinition } from './definition.js';

export const catalogueErrors = {
  CATEGORY_EXISTS: {
    http: 409,
    exit: 1,
    meaning: 'The parent has a category of this name already.',
    whatToDo: 'Use the existing category, or another name.',
    ko: '같은 상위 카테고리에 이미 존재하는 카테고리 이름입니다.',
  },
  CATEGORY_HAS_PRODUCTS: {
    http: 409,
    exit: 1,
    meaning: 'The category holds products, so none can be made below it; products are only in leaves of the tree.',
    whatToDo: 'Put its products into other categories first.',
    ko: '상품이 등록된 카테고리에는 하위 카테고리를 만들 수 없습니다.',
  },
  CATEGORY_NOT_FOUND: {
    http: 404,
    exit: 1,
    meaning: 'There is no category with this id.',
    whatToDo: '`GET /v1/categories` shows the tree.',
    ko: '존재하지 않는 카테고리입니다.',
  },
  CATEGORY_NOT_LEAF: {
    http: 409,
    exit: 1,
    meaning: 'The category has others below it; put the product in one of them.',
    whatToDo: 'Choose a category that no other names as its parent.',
    ko: '하위 카테고리가 있는 카테고리입니다. 하위 카테고리를 선택해 주세요.',
  },
  CATEGORY_TOO_DEEP: {
    http: 409,
    exit: 1,
    meaning: 'The category tree has at most three levels.',
    whatToDo: 'Make the category one level higher.',
    ko: '카테고리는 최대 3단계까지 만들 수 있습니다.',
  },
  OPTION_NOT_FOUND: {
    http: 404,
    exit: 1,
    meaning: 'The product has no option with this id.',
    whatToDo: 'Read the product again: the option may have been removed.',
    ko: '존재하지 않는 상품 옵션입니다.',
  },
  OPTIONS_TOO_MANY: {
    http: 409,
    exit: 1,
    meaning: 'The product has the largest number of options that a product can have.',
    whatToDo: 'Remove options that are no longer sold, or make a second product.',
    ko: '상품에 등록할 수 있는 옵션 수를 초과했습니다.',
  },
  PRICE_INVALID: {
    http: 422,
    exit: 1,
    meaning:
      'The prices contradict each other: a price is above 0, a sale price below the price, and an option must leave the price above 0.',
    whatToDo: 'The details name the figures that do not fit; change them in one call.',
    ko: '가격이 올바르지 않습니다. 가격은 0보다 크고, 할인가는 정가보다 낮으며, 옵션을 더한 가격도 0보다 커야 합니다.',
  },
  PRODUCT_EXISTS: {
    http: 409,
    exit: 1,
    meaning: 'The seller has a product with this external id already.',
    whatToDo: 'Edit that product, or give the new one another external id.',
    ko: '이미 같은 외부 ID로 등록된 상품이 있습니다.',
  },
  PRODUCT_NOT_FOUND: {
    http: 404,
    exit: 1,
    meaning: 'There is no product with this id, or you may not see it.',
    whatToDo: 'Check the id; drafts and hidden products are visible only to their seller and to staff.',
    ko: '존재하지 않거나 볼 수 없는 상품입니다.',
  },
  PRODUCT_STATUS_CONFLICT: {
    http: 409,
    exit: 1,
    meaning: 'The product cannot go from its status to this one; the details name those it can go to.',
    whatToDo: 'Choose one of the statuses in the details.',
    ko: '현재 상태에서는 요청하신 상태로 변경할 수 없습니다.',
  },
  REVIEW_EXISTS: {
    http: 409,
    exit: 1,
    meaning: 'The account has reviewed this product already.',
    whatToDo: 'Edit that review. One that staff removed cannot be written again.',
    ko: '이미 이 상품의 리뷰를 작성했습니다.',
  },
  REVIEW_NOT_FOUND: {
    http: 404,
    exit: 1,
    meaning: 'There is no review with this id.',
    whatToDo: 'Read the reviews of the product again: it may have been removed.',
    ko: '존재하지 않는 리뷰입니다.',
  },
  SKU_TAKEN: {
    http: 409,
    exit: 1,
    meaning: 'The seller has an option with this SKU already.',
    whatToDo: 'Take another SKU; it names one option among all products of the seller.',
    ko: '이미 사용 중인 SKU입니다.',
  },
} as const satisfies Record<string, ErrorDefinition>;
