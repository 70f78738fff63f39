/** Goods come in or are counted: sellers record it for their own units, staff for any. */
import { evictChanged } from '../../core/stock/evict-pages.js';
import { adjustStock, type ChangedStock, receiveStock } from '../../core/stock/receive-stock.js';
import { readUnitStock } from '../../core/stock/stores/stock-list.js';
import type { Db, Tx } from '../../infra/database.js';
import { nameOf } from '../../kernel/access.js';
import type { Refusal } from '../../kernel/errors.js';
import { decided, found } from '../../kernel/outcome.js';
import type { ApiContext } from '../context.js';
import { ok } from '../edge/reply.js';
import { type Call, type Route, route } from '../edge/route.js';
import { adjustmentSchema, ownerOfUnit, receiptSchema, unitParams, unitStockSchema } from './stock-fields.js';

type StockCall<Body> = Call<{ readonly unitId: number }, unknown, Body>;

/** Moves stock by `work`, records it and answers with the unit after it. */
const moveStock = <Body extends { readonly reason: string }>(
  call: StockCall<Body>,
  { cache }: ApiContext,
  action: string,
  work: (tx: Tx, change: Body & { unitId: number; requestedBy: string }) => Promise<ChangedStock | Refusal>,
) =>
  call.transact(async (tx) => {
    const { unitId } = call.params;
    const { before, after } = decided(await work(tx, { ...call.body, unitId, requestedBy: nameOf(call.signedIn) }));
    await evictChanged(tx, cache, call.afterCommit);
    const { reason } = call.body;
    await call.audit(tx, action, ['unit', unitId], { before, after: { ...after, reason } });
    return ok(found(await readUnitStock(tx, unitId), 'UNIT_NOT_FOUND', { unitId }));
  });

const shared = (db: Db) => ({
  method: 'post' as const,
  tag: 'Stock',
  permission: 'stock.edit' as const,
  params: unitParams,
  answer: { status: 200 as const, description: 'The unit with its stock.', schema: unitStockSchema },
  idempotent: true,
  owner: ownerOfUnit(db),
});

export const receiveStockRoute = (context: ApiContext): Route =>
  route({
    ...shared(context.db),
    path: '/v1/units/{unitId}/stock/receipts',
    operationId: 'receiveStock',
    summary: 'Receive goods of a unit',
    body: receiptSchema,
    example: { quantity: 100, reason: '6월 입고' },
    refusals: ['UNIT_NOT_FOUND', 'UNIT_RETIRED'],
    handle: (call) => moveStock(call, context, 'stock.receive', receiveStock),
  });

export const adjustStockRoute = (context: ApiContext): Route =>
  route({
    ...shared(context.db),
    path: '/v1/units/{unitId}/stock/adjustments',
    operationId: 'adjustStock',
    summary: 'Correct the stock of a unit',
    description:
      'Corrects the available number by a difference, never below 0. Units that are held or sold are not corrected.',
    body: adjustmentSchema,
    example: { by: -1, reason: '재고 실사' },
    refusals: ['STOCK_INSUFFICIENT_TO_ADJUST', 'UNIT_NOT_FOUND'],
    handle: (call) => moveStock(call, context, 'stock.adjust', adjustStock),
  });
