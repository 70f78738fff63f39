/** The cart of the buyer who calls: it belongs to the account, so it is the same on every device. */
import * as z from 'zod';
import { addToCart, changeOptionInCart } from '../../core/orders/change-cart.js';
import { showCart } from '../../core/orders/show-cart.js';
import { clearCart, deleteCartItem, setCartQuantity } from '../../core/orders/stores/cart.js';
import type { Tx } from '../../infra/database.js';
import type { Refusal } from '../../kernel/errors.js';
import { decided } from '../../kernel/outcome.js';
import type { ApiContext } from '../context.js';
import { id, promotionCode } from '../edge/fields.js';
import { created, noContent, ok, type Reply } from '../edge/reply.js';
import { type Call, type Route, route } from '../edge/route.js';
import { cartBody, cartItemParams, cartSchema, quantity } from './cart-fields.js';

type CartCall<Params, Body> = Call<Params, unknown, Body>;

type CartBody = ReturnType<typeof cartBody>;

/** Changes the caller's cart and shows it. The answer is made in the transaction, which keeps it under the call's key. */
const changeCart = <Params, Body>(
  call: CartCall<Params, Body>,
  work: (tx: Tx, accountId: number) => Promise<Refusal | undefined>,
  answer: (cart: CartBody) => Reply<CartBody> = ok,
) =>
  call.transact(async (tx) => {
    const { accountId } = call.signedIn;
    decided(await work(tx, accountId));
    return answer(cartBody(decided(await showCart(tx, accountId))));
  });

const shared = { tag: 'Carts', permission: 'cart.edit' as const };
const shown = { status: 200 as const, description: 'The cart.', schema: cartSchema };

const showCartRoute = ({ db }: ApiContext): Route =>
  route({
    ...shared,
    method: 'get',
    path: '/v1/me/cart',
    operationId: 'readMyCart',
    summary: 'Show my cart',
    description: 'Prices and stock are the present ones; a checkout reads them again.',
    query: z.strictObject({
      promotionCode: promotionCode
        .optional()
        .meta({ description: 'Shows the totals that a checkout with this code has.' }),
    }),
    answer: shown,
    refusals: ['PROMOTION_NOT_APPLICABLE'],
    handle: async ({ signedIn: { accountId }, query }) =>
      ok(cartBody(decided(await showCart(db, accountId, query.promotionCode ?? null)))),
  });

const addItem = (): Route =>
  route({
    ...shared,
    method: 'post',
    path: '/v1/me/cart/items',
    operationId: 'addCartItem',
    summary: 'Put a unit into my cart',
    description: 'A unit that is in the cart already is refused; PUT sets its quantity.',
    body: z.strictObject({ unitId: id, quantity }).meta({ id: 'NewCartItem' }),
    example: { unitId: 2, quantity: 2 },
    answer: { status: 201, description: 'The cart.', schema: cartSchema },
    refusals: ['ALREADY_IN_CART', 'CART_FULL', 'UNIT_NOT_FOR_SALE', 'UNIT_NOT_FOUND'],
    idempotent: true,
    handle: (call) =>
      changeCart(
        call,
        (tx, accountId) => addToCart(tx, accountId, call.body),
        (cart) => created('/v1/me/cart', cart),
      ),
  });

const setQuantity = (): Route =>
  route({
    ...shared,
    method: 'put',
    path: '/v1/me/cart/items/{unitId}',
    operationId: 'setCartQuantity',
    summary: 'Set the quantity of a unit in my cart',
    params: cartItemParams,
    body: z.strictObject({ quantity }).meta({ id: 'CartQuantity' }),
    example: { quantity: 3 },
    answer: shown,
    refusals: ['CART_ITEM_NOT_FOUND'],
    handle: (call) =>
      changeCart(call, (tx, accountId) => setCartQuantity(tx, accountId, { ...call.params, ...call.body })),
  });

const changeOption = (): Route =>
  route({
    ...shared,
    method: 'patch',
    path: '/v1/me/cart/items/{unitId}',
    operationId: 'changeCartOption',
    summary: 'Change the option of a unit in my cart',
    description: 'To another unit of the same product; the quantity stays.',
    params: cartItemParams,
    body: z.strictObject({ unitId: id }).meta({ id: 'CartOption' }),
    example: { unitId: 3 },
    answer: shown,
    refusals: [
      'ALREADY_IN_CART',
      'CART_ITEM_NOT_FOUND',
      'UNIT_NOT_FOR_SALE',
      'UNIT_NOT_FOUND',
      'UNIT_OF_OTHER_PRODUCT',
    ],
    handle: (call) =>
      changeCart(call, (tx, accountId) => changeOptionInCart(tx, accountId, call.params.unitId, call.body.unitId)),
  });

const removeItem = (): Route =>
  route({
    ...shared,
    method: 'delete',
    path: '/v1/me/cart/items/{unitId}',
    operationId: 'removeCartItem',
    summary: 'Take a unit out of my cart',
    params: cartItemParams,
    answer: shown,
    refusals: ['CART_ITEM_NOT_FOUND'],
    handle: (call) => changeCart(call, (tx, accountId) => deleteCartItem(tx, accountId, call.params.unitId)),
  });

const clear = (): Route =>
  route({
    ...shared,
    method: 'delete',
    path: '/v1/me/cart',
    operationId: 'emptyMyCart',
    summary: 'Empty my cart',
    answer: { status: 204, description: 'The cart is empty.' },
    handle: (call) =>
      call.transact(async (tx) => {
        await clearCart(tx, call.signedIn.accountId);
        return noContent();
      }),
  });

export const cartRoutes = (context: ApiContext): Route[] => [
  showCartRoute(context),
  addItem(),
  setQuantity(),
  changeOption(),
  removeItem(),
  clear(),
];
