/** A fee policy as JSON: section 5 of docs/settlement-rules.md. `core/policies/rules/policy-file.ts` reads what is sent, and names every fault. */
import * as z from 'zod';
import { VAT_MODES } from '../../core/policies/rules/fee-policy.js';
import { ROUNDINGS } from '../../kernel/money.js';
import { businessDate, externalId, namedCurrency } from '../edge/fields.js';

const rate = z.string().meta({ description: 'Percent, with at most 4 decimals.', example: '7.5' });
const amount = z.string().meta({ description: 'In major units of the currency of the policy.', example: '1000' });
const amountOrNone = amount.nullable();
const roundings = z.enum(ROUNDINGS);
const refunds = z.enum(['reverse', 'keep']);

const component = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('percent'), rate }),
    z.strictObject({ type: z.literal('fixed'), amount, per: z.enum(['line', 'unit']).optional() }),
    z.strictObject({
      type: z.literal('tiers'),
      mode: z.enum(['graduated', 'slab']),
      steps: z.array(
        z.strictObject({
          upTo: amountOrNone.meta({ description: 'Belongs to the step; null in the last one.' }),
          rate,
        }),
      ),
    }),
  ])
  .meta({ id: 'FeeComponent' });

const scope = z
  .strictObject({
    seller: externalId.optional(),
    category: z.string().optional().meta({ description: 'The name of a top category. Not beside a product.' }),
    product: externalId.optional(),
  })
  .meta({
    id: 'FeePolicyScope',
    description: 'The lines to which the policy applies; without any of these fields, all lines.',
  });

const vat = z.strictObject({ rate, mode: z.enum(VAT_MODES), rounding: roundings });
const pgFee = z.strictObject({
  rate,
  bearer: z.enum(['seller', 'platform']),
  vat: z.enum(['none', 'exclusive']),
  rounding: roundings,
  onRefund: refunds,
});

const commission = z.strictObject({
  components: z.array(component),
  includeShipping: z.boolean(),
  min: amountOrNone.meta({ description: 'The least fee of a line; null: none.' }),
  max: amountOrNone.meta({ description: 'The most fee of a line; null: none.' }),
  rounding: roundings,
  roundingUnit: z.number().int().meta({ description: 'The fee is rounded to a multiple of this many minor units.' }),
  onRefund: refunds,
});

const policyFields = {
  code: z.string().meta({ example: 'summer' }),
  version: z.number().int(),
  scope,
  currency: namedCurrency,
  effectiveFrom: businessDate.meta({ description: 'The first day in force.' }),
  effectiveTo: businessDate.nullable().meta({ description: 'The last day in force; null: without an end.' }),
  commission,
  vat,
  pgFee: pgFee.optional(),
};

/** A policy in answers: every default spelled out. */
export const policySchema = z.object(policyFields).meta({ id: 'FeePolicy' });

/** A policy as it may be sent: what has a default may be left out. */
export const sentPolicySchema = z
  .strictObject({
    ...policyFields,
    version: policyFields.version.optional().meta({ description: 'Default 1.' }),
    effectiveTo: policyFields.effectiveTo.optional(),
    commission: commission.partial().required({ components: true }),
    vat: vat.partial({ rounding: true }).optional().meta({ description: 'Absent: the fee has no VAT.' }),
    pgFee: pgFee.partial({ vat: true, rounding: true, onRefund: true }).optional(),
  })
  .meta({ id: 'NewFeePolicy' });
