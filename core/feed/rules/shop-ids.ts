/** The ids that the platform's own shop gives to orders and refunds. Files cannot bring such ids (ID_RESERVED). */

/** What the order and refund ids of the shop begin with. */
export const SHOP_ID_PREFIX = 'magam:';

export const isShopId = (id: string): boolean => id.startsWith(SHOP_ID_PREFIX);

/** The order id in the feed of an order of the shop. */
export const shopOrderId = (orderNumber: number | string): string => `${SHOP_ID_PREFIX}o:${orderNumber}`;

/** The refund id in the feed of a refund of the shop. */
export const shopRefundId = (refundNumber: number | string): string => `${SHOP_ID_PREFIX}r:${refundNumber}`;
