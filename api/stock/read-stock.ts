/** Stock as sellers see their own and staff see any. It is never cached, because its readers need the present state. */
import * as z from 'zod';
import { readUnit } from '../../core/catalogue/stores/sellable-unit.js';
import { listMovements } from '../../core/stock/stores/movement.js';
import { listStockOfProduct, listStockOfSeller, readUnitStock } from '../../core/stock/stores/stock-list.js';
import { found } from '../../kernel/outcome.js';
import type { ApiContext } from '../context.js';
import { paged, pageOf, pageQuery } from '../edge/cursor.js';
import { externalId, id, idText } from '../edge/fields.js';
import { ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import { movementBody, movementSchema, ownerOfUnit, unitParams, unitStockSchema } from './stock-fields.js';

export const showStock = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/units/{unitId}/stock',
    operationId: 'readStock',
    tag: 'Stock',
    summary: 'Show the stock of a unit',
    permission: 'stock.read',
    params: unitParams,
    answer: { status: 200, description: 'The unit with its stock.', schema: unitStockSchema },
    refusals: ['UNIT_NOT_FOUND'],
    owner: ownerOfUnit(db),
    handle: async ({ params: { unitId } }) => ok(found(await readUnitStock(db, unitId), 'UNIT_NOT_FOUND', { unitId })),
  });

export const listStock = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/sellers/{sellerId}/stock',
    operationId: 'listStockOfSeller',
    tag: 'Stock',
    summary: "List a seller's units with their stock",
    description: 'In the order in which the units were made; those of one product in the order of its options.',
    permission: 'stock.read',
    params: z.strictObject({ sellerId: externalId.meta({ description: 'The seller.' }) }),
    query: z.strictObject({
      ...pageQuery,
      productId: idText.optional().meta({ description: 'Only units of this product.' }),
    }),
    answer: { status: 200, description: 'A page of units.', schema: pageOf(unitStockSchema) },
    refusals: ['CURSOR_INVALID'],
    owner: ({ params: { sellerId } }) => ({ sellerId }),
    handle: ({ params: { sellerId }, query: { productId, ...asked } }) =>
      productId === undefined
        ? paged(asked, {
            name: 'stock',
            key: z.tuple([id]),
            read: (after, limit) => listStockOfSeller(db, sellerId, after?.[0], limit),
            keyOf: ({ unitId }) => [unitId],
          })
        : paged(asked, {
            name: 'stock-of-product',
            key: z.tuple([z.number().int().min(0)]),
            read: (after, limit) => listStockOfProduct(db, { sellerId, productId }, after?.[0], limit),
            keyOf: ({ optionId }) => [optionId ?? 0],
          }),
  });

export const listMovementsRoute = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/units/{unitId}/stock/movements',
    operationId: 'listStockMovements',
    tag: 'Stock',
    summary: 'List what moved the stock of a unit',
    permission: 'stock.read',
    params: unitParams,
    query: z.strictObject(pageQuery),
    answer: { status: 200, description: 'A page of movements, newest first.', schema: pageOf(movementSchema) },
    refusals: ['CURSOR_INVALID', 'UNIT_NOT_FOUND'],
    owner: ownerOfUnit(db),
    handle: async ({ params: { unitId }, query }) => {
      found(await readUnit(db, unitId), 'UNIT_NOT_FOUND', { unitId });
      return paged(query, {
        name: 'stock-movements',
        key: z.tuple([id]),
        read: (before, limit) => listMovements(db, unitId, before?.[0], limit),
        keyOf: ({ movementId }) => [movementId],
        itemOf: movementBody,
      });
    },
  });
