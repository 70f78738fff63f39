/** Entries of two people in JSON. */
import * as z from 'zod';
import { ADJUSTMENT_KINDS, ADJUSTMENT_STATUSES, DISPUTES } from '../../core/adjustments/rules/adjustment.js';
import type { AdjustmentRecord } from '../../core/adjustments/stores/adjustment.js';
import { amountMinor, businessDate, currency, id, idText, moment } from '../edge/fields.js';

export const tag = 'Adjustments';
export const adjustmentParams = z.strictObject({ adjustmentId: idText.meta({ description: 'The entry.' }) });

export const adjustmentSchema = z
  .object({
    adjustmentId: id,
    reference: z.string().meta({ description: "The proposer's own name for the entry." }),
    kind: z.enum(ADJUSTMENT_KINDS),
    status: z.enum(ADJUSTMENT_STATUSES),
    dispute: z.enum(DISPUTES).nullable().meta({ description: 'Of a chargeback that is posted.' }),
    sellerId: z.string(),
    currency,
    amountMinor,
    feeMinor: amountMinor,
    feeBy: z.enum(['SELLER', 'PLATFORM']).nullable(),
    provider: z.string().nullable(),
    orderId: z.string().nullable(),
    paymentId: z.string().nullable(),
    reasonCode: z.string(),
    reason: z.string(),
    attachment: z.string().nullable(),
    undoesId: id.nullable().meta({ description: 'The entry that this one undoes.' }),
    askedOn: businessDate.nullable(),
    effectiveOn: businessDate.nullable(),
    proposedBy: z.string(),
    proposedAt: moment,
    decidedBy: z.string().nullable(),
    decidedAt: moment.nullable(),
    decisionNote: z.string().nullable(),
  })
  .meta({ id: 'Adjustment' });

export const adjustmentBody = ({
  proposerAccountId: _account,
  proposerAccessFrom: _access,
  ...entry
}: AdjustmentRecord): z.input<typeof adjustmentSchema> => entry;
