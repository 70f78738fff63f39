/** Drops: products that are sold in a rush. Sellers and staff make and end them and see who bought what; everybody sees future drops. */
import * as z from 'zod';
import { readProductSeller } from '../../core/catalogue/stores/product.js';
import { endDrop, scheduleDrop } from '../../core/stock/drops.js';
import {
  type DropRecord,
  listDropsOfSeller,
  listLiveDrops,
  readDrop,
  readListedDrop,
} from '../../core/stock/stores/drop.js';
import { listPurchases } from '../../core/stock/stores/drop-purchase.js';
import type { Db } from '../../infra/database.js';
import { nameOf } from '../../kernel/access.js';
import { decided, found } from '../../kernel/outcome.js';
import type { ApiContext } from '../context.js';
import { paged, pageOf, pageQuery } from '../edge/cursor.js';
import { externalId, id, idText, moment, namedMoment } from '../edge/fields.js';
import { created, ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';

/** Units that a buyer may have at most. */
const LIMIT_MAX = 1_000_000;

const limitPerBuyer = z
  .number()
  .int()
  .min(1)
  .max(LIMIT_MAX)
  .nullable()
  .meta({ description: 'The most that a buyer may have of all options together; null: no limit.', example: 2 });

const dropSchema = z
  .object({
    dropId: id,
    productId: id,
    sellerId: externalId,
    opensAt: moment,
    open: z.boolean().meta({ description: 'It has opened and is not ended.' }),
    limitPerBuyer,
    endedAt: moment.nullable().meta({ description: 'From then on the product is sold like every other product.' }),
    createdAt: moment,
  })
  .meta({ id: 'Drop' });

const purchaseSchema = z
  .object({
    unitId: id,
    position: z
      .number()
      .int()
      .min(1)
      .meta({ description: 'The place among those who got this unit; the first one is 1.' }),
    accountId: id,
    checkoutId: id,
    quantity: z.number().int().min(1),
    givenBack: z.number().int().min(0).meta({ description: 'The part of the quantity that expired or was cancelled.' }),
    createdAt: moment,
  })
  .meta({ id: 'DropPurchase' });

const dropParams = z.strictObject({ dropId: idText.meta({ description: 'The drop.' }) });

const dropBody = ({ opened, ...drop }: DropRecord): z.input<typeof dropSchema> => ({
  ...drop,
  open: opened && drop.endedAt === null,
});

const requireDrop = async (db: Db, dropId: number): Promise<DropRecord> =>
  found(await readDrop(db, dropId), 'DROP_NOT_FOUND', { dropId });

const ownerOfDrop =
  (db: Db) =>
  async ({ params: { dropId } }: { readonly params: { readonly dropId: number } }) => ({
    sellerId: (await requireDrop(db, dropId)).sellerId,
  });

const sellerOf = async (db: Db, productId: number): Promise<string> =>
  found(await readProductSeller(db, productId), 'PRODUCT_NOT_FOUND', { productId });

export const makeDrop = ({ db }: ApiContext): Route =>
  route({
    method: 'post',
    path: '/v1/products/{productId}/drops',
    operationId: 'createDrop',
    tag: 'Stock',
    summary: 'Sell a product in a drop',
    description:
      'Nobody can order it before it opens, and each buyer gets at most the limit. A time that has passed opens it at once.',
    permission: 'drop.edit',
    params: z.strictObject({ productId: idText.meta({ description: 'The product.', example: 2 }) }),
    body: z
      .strictObject({
        opensAt: namedMoment.meta({
          description: 'By the clock of the database, in UTC, with milliseconds.',
          example: '2026-06-30T11:00:00.000Z',
        }),
        limitPerBuyer: limitPerBuyer.default(null),
      })
      .meta({ id: 'NewDrop' }),
    example: { opensAt: '2026-06-30T11:00:00.000Z', limitPerBuyer: 2 },
    answer: { status: 201, description: 'The drop.', schema: dropSchema },
    refusals: ['DROP_EXISTS', 'PRODUCT_NOT_FOUND'],
    idempotent: true,
    owner: async ({ params: { productId } }) => ({ sellerId: await sellerOf(db, productId) }),
    handle: (call) =>
      call.transact(async (tx) => {
        const { productId } = call.params;
        const sellerId = await sellerOf(tx, productId);
        const asked = { ...call.body, productId, sellerId, requestedBy: nameOf(call.signedIn) };
        const drop = dropBody(decided(await scheduleDrop(tx, asked)));
        await call.audit(tx, 'drop.create', ['drop', drop.dropId], { before: null, after: drop });
        return created(`/v1/drops/${drop.dropId}`, drop);
      }),
  });

export const endDropRoute = ({ db }: ApiContext): Route =>
  route({
    method: 'post',
    path: '/v1/drops/{dropId}/end',
    operationId: 'endDrop',
    tag: 'Stock',
    summary: 'End a drop',
    description: 'From then on the product is sold like every other product. The record of the purchases stays.',
    permission: 'drop.edit',
    params: dropParams,
    answer: { status: 200, description: 'The drop.', schema: dropSchema },
    refusals: ['DROP_ENDED', 'DROP_NOT_FOUND'],
    idempotent: true,
    owner: ownerOfDrop(db),
    handle: (call) =>
      call.transact(async (tx) => {
        const { dropId } = call.params;
        const before = dropBody(await requireDrop(tx, dropId));
        const after = dropBody(decided(await endDrop(tx, dropId)));
        await call.audit(tx, 'drop.end', ['drop', dropId], { before, after });
        return ok(after);
      }),
  });

export const listDropsRoute = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/drops',
    operationId: 'listDrops',
    tag: 'Stock',
    summary: 'List drops, the newest first',
    description: 'Drops that have not ended, of products that everybody can see.',
    permission: 'drop.read',
    query: z.strictObject({
      ...pageQuery,
      productId: idText.optional().meta({ description: 'Only the drop of this product.' }),
    }),
    answer: { status: 200, description: 'A page of drops.', schema: pageOf(dropSchema) },
    refusals: ['CURSOR_INVALID'],
    handle: ({ query }) =>
      paged(query, {
        name: query.productId === undefined ? 'drops' : `drops-of-product-${query.productId}`,
        key: z.tuple([id]),
        read: (before, limit) => listLiveDrops(db, { productId: query.productId, before: before?.[0] }, limit),
        keyOf: ({ dropId }) => [dropId],
        itemOf: dropBody,
      }),
  });

export const listDropsOfSellerRoute = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/sellers/{sellerId}/drops',
    operationId: 'listDropsOfSeller',
    tag: 'Stock',
    summary: "List a seller's drops, ended ones too, the newest first",
    permission: 'drop.audit',
    params: z.strictObject({ sellerId: externalId.meta({ description: 'The seller.' }) }),
    query: z.strictObject(pageQuery),
    answer: { status: 200, description: 'A page of drops.', schema: pageOf(dropSchema) },
    refusals: ['CURSOR_INVALID'],
    owner: ({ params: { sellerId } }) => ({ sellerId }),
    handle: ({ params: { sellerId }, query }) =>
      paged(query, {
        name: 'drops-of-seller',
        key: z.tuple([id]),
        read: (before, limit) => listDropsOfSeller(db, sellerId, before?.[0], limit),
        keyOf: ({ dropId }) => [dropId],
        itemOf: dropBody,
      }),
  });

export const showDrop = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/drops/{dropId}',
    operationId: 'readDrop',
    tag: 'Stock',
    summary: 'Show a drop',
    description: 'Of a product that everybody sees; ended ones, too.',
    permission: 'drop.read',
    params: dropParams,
    answer: { status: 200, description: 'The drop.', schema: dropSchema },
    refusals: ['DROP_NOT_FOUND'],
    handle: async ({ params: { dropId } }) =>
      ok(dropBody(found(await readListedDrop(db, dropId), 'DROP_NOT_FOUND', { dropId }))),
  });

export const listDropPurchases = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/drops/{dropId}/purchases',
    operationId: 'listDropPurchases',
    tag: 'Stock',
    summary: 'List the purchases in a drop, in order',
    description:
      'Unit by unit. Positions are given while the stock of the unit is locked, so a lower position got its units first.',
    permission: 'drop.audit',
    params: dropParams,
    query: z.strictObject(pageQuery),
    answer: { status: 200, description: 'A page of purchases.', schema: pageOf(purchaseSchema) },
    refusals: ['CURSOR_INVALID', 'DROP_NOT_FOUND'],
    owner: ownerOfDrop(db),
    handle: async ({ params: { dropId }, query }) => {
      await requireDrop(db, dropId);
      return paged(query, {
        name: `drop-purchases-${dropId}`,
        key: z.tuple([id, id]),
        read: (after, limit) => listPurchases(db, dropId, after, limit),
        keyOf: ({ unitId, position }) => [unitId, position],
        itemOf: ({ dropId: _, holderId, ...purchase }) => ({ ...purchase, checkoutId: holderId }),
      });
    },
  });
