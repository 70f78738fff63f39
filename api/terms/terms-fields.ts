/** Terms of sellers as they are sent and shown. */
import * as z from 'zod';
import { ROLLS } from '../../core/business-days/rules/business-calendar.js';
import { WEEKDAY_NAMES } from '../../core/business-days/rules/holidays.js';
import type { AppliedTerms } from '../../core/terms/apply-terms.js';
import { CLAWBACK_STEPS, type SellerTerms, termsToFile } from '../../core/terms/rules/seller-terms.js';
import { checkTermsFile } from '../../core/terms/rules/terms-file.js';
import type { StoredTerms } from '../../core/terms/stores/seller-terms.js';
import type { JsonFault } from '../../kernel/json-faults.js';
import { businessDate, moment } from '../edge/fields.js';
import { invalidFile } from '../edge/file-faults.js';

/** Longer files have to be applied at the command line. */
const VERSIONS_MAX = 500;

export const TERMS_EXAMPLE = {
  effectiveFrom: '2027-01-01',
  cycle: { type: 'weekly', closesOn: 'sunday' },
  delay: { businessDays: 3 },
  minimums: { KRW: { amount: '10000' } },
};

const amount = z.string().meta({ description: 'In major units of the currency.', example: '10000' });
const day = z.number().int().min(1);
const step = z.enum(CLAWBACK_STEPS);

/** The content of a version, without its seller and the days on which it is in force. */
const definitionFields = {
  cycle: z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('daily') }),
    z.strictObject({ type: z.literal('weekly'), closesOn: z.enum(WEEKDAY_NAMES) }),
    z.strictObject({ type: z.literal('half-monthly') }),
    z.strictObject({ type: z.literal('monthly'), closesOn: day }),
    z.strictObject({ type: z.literal('dates'), closesOn: z.array(businessDate) }),
  ]),
  delay: z.union([z.strictObject({ businessDays: day }), z.strictObject({ days: day })]),
};

const otherFields = {
  holidayRule: z.enum(ROLLS),
  minimums: z.record(z.string(), z.strictObject({ amount, carryForwardPeriods: day.nullable().optional() })),
  reserve: z.strictObject({ percent: z.string(), days: day }).nullable(),
  hold: z.strictObject({ reason: z.string() }).nullable(),
  noSetOff: z.boolean(),
  clawback: z.array(step),
};

const seller = z
  .string()
  .nullable()
  .meta({ description: 'Null: the terms of all sellers that have none of their own.' });

const definitionSchema = z
  .object({
    seller,
    version: z.number().int(),
    effectiveFrom: businessDate,
    effectiveTo: businessDate.nullable(),
    ...definitionFields,
    ...otherFields,
  })
  .meta({ id: 'TermsDefinition' });

/** One version as it is sent for one seller. The schema is only for the OpenAPI document; the reader of the file names every fault. */
export const sellerTermsShown = z
  .object({
    version: z.number().int().optional().meta({ description: 'Default: the next one.' }),
    effectiveFrom: businessDate,
    effectiveTo: businessDate.nullable().optional(),
    ...definitionFields,
    ...z.object(otherFields).partial().shape,
  })
  .meta({ id: 'NewSellerTerms', description: 'One version as in a file of terms, without `seller`.' });

export const termsShown = z
  .object({
    terms: z
      .array(z.object({ seller, ...sellerTermsShown.shape }))
      .min(1)
      .max(VERSIONS_MAX),
  })
  .meta({ id: 'NewTerms', description: 'As in a file of terms.' });

/** A version in a file of terms. It has a reader of its own, which names every fault. */
export const newTermsSchema = z.strictObject({ terms: z.array(z.unknown()).max(VERSIONS_MAX) });

export const newSellerTermsSchema = z.record(z.string(), z.unknown());

export const termsSchema = z
  .object({
    seller,
    version: z.number().int(),
    effectiveFrom: businessDate,
    effectiveTo: businessDate.nullable().meta({ description: 'As the version states it.' }),
    revision: z.number().int().meta({ description: 'The revision of the book of terms that brought it.' }),
    appliedBy: z.string(),
    appliedAt: moment,
    definition: definitionSchema.meta({ description: 'As in a file of terms, every default spelled out.' }),
  })
  .meta({ id: 'Terms' });

export const termsBody = (terms: StoredTerms): z.input<typeof termsSchema> => ({
  seller: terms.seller,
  version: terms.version,
  effectiveFrom: terms.effectiveFrom,
  effectiveTo: terms.effectiveTo,
  revision: terms.revision,
  appliedBy: terms.appliedBy,
  appliedAt: terms.appliedAt,
  definition: termsToFile(terms) as z.input<typeof definitionSchema>,
});

const keySchema = z.object({ seller, version: z.number().int() });

export const appliedTermsSchema = z
  .object({
    revision: z
      .number()
      .int()
      .meta({ description: 'The revision of the book of terms; unchanged when nothing is new.' }),
    applied: z.array(keySchema),
    unchanged: z.array(keySchema).meta({ description: 'Already stored with the same content.' }),
  })
  .meta({ id: 'AppliedTerms' });

export const appliedTermsBody = (applied: AppliedTerms): z.input<typeof appliedTermsSchema> => ({ ...applied });

export const periodSchema = z
  .object({
    from: businessDate,
    closesOn: businessDate.nullable().meta({ description: 'The last day; null: the cycle has no date for it yet.' }),
    payoutOn: businessDate.nullable(),
    cut: z.boolean().meta({ description: 'It closes because other terms begin, or because these end.' }),
    seller,
    termsVersion: z.number().int(),
    calendarVersion: z
      .number()
      .int()
      .meta({ description: 'The version of the calendar of business days that payoutOn was computed with.' }),
  })
  .meta({ id: 'SettlementPeriod' });

/** The terms of a body. Throws TERMS_FILE_INVALID, which names every place. */
export function readTerms(terms: readonly unknown[]): SellerTerms[] {
  const read = checkTermsFile({ terms });
  if ('terms' in read) return read.terms;
  throw invalidFile('TERMS_FILE_INVALID', read.faults);
}

/** One version of a seller, from a body without `seller`. Throws TERMS_FILE_INVALID with the places in that body. */
export function readTermsFor(sellerId: string, body: Readonly<Record<string, unknown>>): SellerTerms[] {
  const faults: JsonFault[] = [];
  if (Object.hasOwn(body, 'seller'))
    faults.push({ path: 'seller', code: 'TERMS_INVALID', message: 'stands in the address' });
  const read = checkTermsFile({ terms: [{ ...body, seller: sellerId }] });
  if ('terms' in read && faults.length === 0) return read.terms;
  for (const fault of 'faults' in read ? read.faults : [])
    faults.push({ ...fault, path: fault.path.replace(/^terms\[0\]\.?/, '') || '$' });
  throw invalidFile('TERMS_FILE_INVALID', faults);
}
