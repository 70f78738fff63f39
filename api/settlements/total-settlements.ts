/** GET /v1/settlements/totals: the totals of settlements, as `magam settlements --totals` prints them. */
import * as z from 'zod';
import type { CurrencyTotals } from '../../core/settlement/rules/currency-totals.js';
import { columnOf, EXPORTED_SUMS } from '../../core/settlement/rules/figures.js';
import { totalSettlements } from '../../core/settlement/settlement-export.js';
import type { ApiContext } from '../context.js';
import { amountMinor, businessDate, currency, eachMinor, externalId } from '../edge/fields.js';
import { ok } from '../edge/reply.js';
import { type Route, route } from '../edge/route.js';
import { inOrder, notInOrder, selectionOf, settlementsQuery } from './list-settlements.js';
import { amountOf, feeVatAmounts } from './settled-fields.js';

const querySchema = z.strictObject(settlementsQuery).refine(inOrder, notInOrder);

const totalsSchema = z
  .object({
    from: businessDate,
    to: businessDate,
    sellerId: externalId.nullable().meta({ description: 'Null: all sellers.' }),
    totals: z
      .array(
        z
          .object({
            currency,
            sales: z.number().int(),
            refunds: z.number().int(),
            ...eachMinor(EXPORTED_SUMS, () => amountMinor),
            ...feeVatAmounts,
            netMinor: amountMinor.meta({ description: 'What sellers are owed.' }),
          })
          .meta({ id: 'CurrencyTotals' }),
      )
      .meta({ description: 'Of each currency, in the order of their codes; refunds are deducted.' }),
  })
  .meta({ id: 'SettlementTotals' });

/** Seconds that the database waits for this server to take an answer of a few rows. */
const PATIENCE_SECONDS = 60;

export const totalSettlementsRoute = ({ db }: ApiContext): Route =>
  route({
    method: 'get',
    path: '/v1/settlements/totals',
    operationId: 'readSettlementTotals',
    tag: 'Settlements',
    summary: 'Read the totals of settlements',
    description:
      'The totals of each currency over the settlements of the selection, which is named as for `/v1/settlements`. Every date of it has to be settled, or closed without entries.',
    permission: 'settlement.read',
    query: querySchema,
    exampleQuery: { from: '2026-02-16', to: '2026-02-17' },
    answer: { status: 200, description: 'The totals.', schema: totalsSchema },
    refusals: ['RUN_NOT_FOUND', 'DATE_NOT_SETTLED', 'AMOUNT_OUT_OF_RANGE'],
    handle: async ({ query: asked, own }) => {
      const selection = await selectionOf(db, asked, own);
      const totals = await totalSettlements(db, selection, { patienceSeconds: PATIENCE_SECONDS });
      const { from, to, sellerId } = selection;
      return ok({ from, to, sellerId, totals: totals.map(totalsBody) });
    },
  });

function totalsBody(totals: CurrencyTotals): z.input<typeof totalsSchema>['totals'][number] {
  const sum = (column: string, value: bigint): number => amountOf({ [column]: String(value) }, column);
  return {
    currency: totals.currency,
    sales: totals.sales,
    refunds: totals.refunds,
    ...eachMinor(EXPORTED_SUMS, (name) => sum(columnOf(name), totals[name])),
    feeVatOnTopMinor: sum('fee_vat_on_top', totals.feeVatOnTop),
    feeVatContainedMinor: sum('fee_vat_contained', totals.feeVatContained),
  };
}
