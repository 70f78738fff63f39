/** What sellers charge for shipping an order. */
import * as z from 'zod';
import { readSeller } from '../../core/accounts/stores/seller.js';
import {
  deleteShippingTerm,
  readShippingTerm,
  readShippingTerms,
  writeShippingTerm,
} from '../../core/orders/stores/shipping-term.js';
import { currencyExponent } from '../../kernel/currency.js';
import { MagamError } from '../../kernel/errors.js';
import { found } from '../../kernel/outcome.js';
import type { ApiContext } from '../context.js';
import { amountMinor, externalId, moment, namedCurrency } from '../edge/fields.js';
import { noContent, ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';

const termFields = {
  feeMinor: amountMinor.min(0).meta({ description: 'For an order, in minor units.', example: 3_000 }),
  freeFromMinor: amountMinor.min(1).nullable().meta({
    description:
      "An order whose goods cost this much, after the seller's discounts, is shipped free of charge; null: no order is.",
    example: 50_000,
  }),
};
const termSchema = z
  .object({ sellerId: externalId, currency: z.string(), ...termFields, updatedAt: moment })
  .meta({ id: 'ShippingTerm' });
const sellerParams = z.strictObject({ sellerId: externalId.meta({ description: 'The seller.' }) });
const termParams = z.strictObject({
  sellerId: externalId.meta({ description: 'The seller.' }),
  currency: namedCurrency.meta({ description: 'The currency that the terms are for (ISO 4217).' }),
});

const tag = 'Orders';
const ownerOfTerm = ({ params: { sellerId } }: { readonly params: { readonly sellerId: string } }) => ({ sellerId });

export const listShippingTerms = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/sellers/{sellerId}/shipping-terms',
    operationId: 'listShippingTerms',
    tag,
    summary: 'List what a seller charges for shipping an order',
    description: 'By currency. In a currency without terms the seller ships free of charge.',
    permission: 'shipping-term.read',
    params: sellerParams,
    answer: { status: 200, description: 'The terms.', schema: z.object({ items: z.array(termSchema) }) },
    handle: async ({ params: { sellerId } }) => ok({ items: await readShippingTerms(db, [sellerId]) }),
  });

export const setShippingTerm = (): Route =>
  route({
    method: 'put',
    path: '/v1/sellers/{sellerId}/shipping-terms/{currency}',
    operationId: 'setShippingTerms',
    tag,
    summary: 'Set what a seller charges for shipping an order',
    permission: 'shipping-term.edit',
    params: termParams,
    body: z
      .strictObject({ ...termFields, freeFromMinor: termFields.freeFromMinor.default(null) })
      .meta({ id: 'NewShippingTerm' }),
    example: { feeMinor: 3_000, freeFromMinor: 50_000 },
    answer: { status: 200, description: 'The terms.', schema: termSchema },
    refusals: ['CURRENCY_UNKNOWN', 'SELLER_NOT_FOUND', 'SHIPPING_TERM_NOT_FOUND'],
    owner: ownerOfTerm,
    handle: ({ params: { sellerId, currency }, body, transact, audit }) =>
      transact(async (tx) => {
        if (currencyExponent(currency) === undefined) throw new MagamError('CURRENCY_UNKNOWN', undefined, { currency });
        found(await readSeller(tx, sellerId), 'SELLER_NOT_FOUND', { sellerId });
        const before = (await readShippingTerm(tx, sellerId, currency)) ?? null;
        await writeShippingTerm(tx, { sellerId, currency, ...body });
        const after = found(await readShippingTerm(tx, sellerId, currency), 'SHIPPING_TERM_NOT_FOUND');
        await audit(tx, 'shipping-term.set', ['seller', sellerId], { before, after });
        return ok(after);
      }),
  });

export const removeShippingTerm = (): Route =>
  route({
    method: 'delete',
    path: '/v1/sellers/{sellerId}/shipping-terms/{currency}',
    operationId: 'deleteShippingTerms',
    tag,
    summary: 'Remove the shipping terms of a currency',
    permission: 'shipping-term.edit',
    params: termParams,
    answer: { status: 204, description: 'The terms are removed; the seller ships free of charge.' },
    refusals: ['SHIPPING_TERM_NOT_FOUND'],
    owner: ownerOfTerm,
    handle: ({ params: { sellerId, currency }, transact, audit }) =>
      transact(async (tx) => {
        const term = await readShippingTerm(tx, sellerId, currency);
        const before = found(term, 'SHIPPING_TERM_NOT_FOUND', { sellerId, currency });
        await deleteShippingTerm(tx, sellerId, currency);
        await audit(tx, 'shipping-term.remove', ['seller', sellerId], { before, after: null });
        return noContent();
      }),
  });
