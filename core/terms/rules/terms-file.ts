/**
 * Reads a file of sellers' terms. Every fault is reported at once with its JSON path. The shape and each single value are checked by a schema; what
 * relates two values is checked on the raw JSON, because a schema no longer looks at an object that has a fault inside.
 */
import * as z from 'zod';
import { isBusinessDate } from '../../../kernel/business-date.js';
import { currencyExponent } from '../../../kernel/currency.js';
import { type ErrorCode, errors, isRefusal } from '../../../kernel/errors.js';
import { isExternalId } from '../../../kernel/external-id.js';
import {
  faultsOfIssue,
  type JsonFault,
  jsonList,
  jsonMember,
  jsonPathText,
  readJson,
} from '../../../kernel/json-faults.js';
import { parseAmount, parseRate } from '../../../kernel/money.js';
import { ROLLS } from '../../business-days/rules/business-calendar.js';
import { LAST_DATE, WEEKDAY_NAMES } from '../../business-days/rules/holidays.js';
import { CLAWBACK_STEPS, type ClawbackStep, type Cycle, NETTING_STEPS, type SellerTerms } from './seller-terms.js';

/** The largest version that its column holds (INT UNSIGNED). */
const VERSION_MAX = 4_294_967_295;
/** The longest wait for money, in days of either kind. */
const DELAY_MAX = 90;
const RESERVE_DAYS_MAX = 730;
const DATES_MAX = 1_000;

/** Every fault of a file, and those of its terms that have none, so that these can be compared with the stored ones too. */
export interface FaultyTermsFile {
  readonly faults: JsonFault[];
  readonly sound: { readonly index: number; readonly terms: SellerTerms }[];
}

const coded = (test: (text: string) => boolean, code: ErrorCode, error: string) =>
  z.string().refine(test, { params: { code }, error });

const date = coded(isBusinessDate, 'DATE_INVALID', 'must be a day of the calendar written YYYY-MM-DD').refine(
  (text) => text <= LAST_DATE,
  `must not be after ${LAST_DATE}, where the calendar of business days ends`,
);

const count = (max: number) => z.int().min(1).max(max);

const cycle = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('daily') }),
  z.strictObject({ type: z.literal('weekly'), closesOn: z.enum(WEEKDAY_NAMES) }),
  z.strictObject({ type: z.literal('half-monthly') }),
  z.strictObject({ type: z.literal('monthly'), closesOn: count(31).default(31) }),
  z.strictObject({ type: z.literal('dates'), closesOn: z.array(date).min(1, 'must name a date').max(DATES_MAX) }),
]);

const delay = z.union(
  [z.strictObject({ businessDays: count(DELAY_MAX) }), z.strictObject({ days: count(DELAY_MAX) })],
  `must be {"businessDays": n} or {"days": n} with n from 1 to ${DELAY_MAX}`,
);

/** The amount needs the currency, which is the key: it is checked with what relates two values. */
const minimum = z.strictObject({
  amount: z.string(),
  carryForwardPeriods: count(1_000).nullable().default(null),
});

const termsSchema = z.strictObject({
  seller: coded(isExternalId, 'ID_INVALID', errors.ID_INVALID.meaning).nullable(),
  version: count(VERSION_MAX).default(1),
  effectiveFrom: date,
  effectiveTo: date.nullable().default(null),
  cycle,
  delay,
  holidayRule: z.enum(ROLLS).default('after'),
  minimums: z.record(z.string(), minimum).default({}),
  reserve: z
    .strictObject({
      percent: coded((text) => !isRefusal(parseRate(text)), 'RATE_INVALID', errors.RATE_INVALID.meaning),
      days: count(RESERVE_DAYS_MAX),
    })
    .nullable()
    .default(null),
  hold: z
    .strictObject({
      reason: z
        .string()
        .trim()
        .min(1)
        .max(255)
        .refine((text) => !/\p{Cc}|\p{Surrogate}/u.test(text), 'must not contain control characters'),
    })
    .nullable()
    .default(null),
  noSetOff: z.boolean().default(false),
  clawback: z.array(z.enum(CLAWBACK_STEPS)).max(CLAWBACK_STEPS.length).optional(),
});

const fileSchema = z.strictObject({ terms: z.array(z.unknown()).min(1, 'must hold a version of the terms') });

type Report = (path: readonly PropertyKey[], message: string, code?: ErrorCode) => void;

/** Its steps: all of them in their order, or, where nothing may be netted, those that net nothing. */
const defaultClawback = (noSetOff: boolean): ClawbackStep[] =>
  CLAWBACK_STEPS.filter((step) => !noSetOff || !NETTING_STEPS.includes(step));

function relateClawback(raw: unknown, report: Report): void {
  const steps = jsonList(raw, 'clawback');
  if (jsonMember(raw, 'clawback') === undefined) return;
  steps.forEach((step, i) => {
    if (steps.indexOf(step) < i) report(['clawback', i], 'is named before');
    if (jsonMember(raw, 'noSetOff') === true && NETTING_STEPS.some((netting) => netting === step))
      report(['clawback', i], 'would net, which noSetOff rules out');
  });
  const receivable = steps.indexOf('receivable');
  const writeOff = steps.indexOf('write-off');
  const end = writeOff === -1 ? steps.length : writeOff;
  if (receivable === -1) report(['clawback'], 'must hold the step receivable: what nothing else covers stays owed');
  else if (end !== receivable + 1 || (writeOff !== -1 && writeOff !== steps.length - 1))
    report(['clawback'], 'must end in receivable, or in receivable and write-off');
}

function relateMinimums(raw: unknown, report: Report): void {
  const minimums = jsonMember(raw, 'minimums');
  if (typeof minimums !== 'object' || minimums === null || Array.isArray(minimums)) return;
  for (const [currency, value] of Object.entries(minimums)) {
    if (currencyExponent(currency) === undefined)
      report(['minimums', currency], errors.CURRENCY_UNKNOWN.meaning, 'CURRENCY_UNKNOWN');
    const amount = jsonMember(value, 'amount');
    const minor = typeof amount === 'string' ? parseAmount(amount, currency) : 0;
    if (isRefusal(minor) && minor.refused !== 'CURRENCY_UNKNOWN')
      report(['minimums', currency, 'amount'], errors[minor.refused].meaning, minor.refused);
  }
}

/** What relates two values of one version. */
function relateTerms(raw: unknown, report: Report): void {
  const [from, to] = [jsonMember(raw, 'effectiveFrom'), jsonMember(raw, 'effectiveTo')];
  if (typeof from === 'string' && typeof to === 'string' && isBusinessDate(from) && isBusinessDate(to) && to < from)
    report(['effectiveTo'], 'must not be earlier than effectiveFrom');
  const dates = jsonList(jsonMember(raw, 'cycle'), 'closesOn');
  dates.forEach((closesOn, i) => {
    const before = dates[i - 1];
    if (typeof closesOn === 'string' && typeof before === 'string' && closesOn <= before)
      report(['cycle', 'closesOn', i], 'must be later than the date before it');
  });
  relateMinimums(raw, report);
  relateClawback(raw, report);
}

function toTerms(parsed: z.output<typeof termsSchema>): SellerTerms {
  const { delay: wait, minimums, reserve, clawback, ...rest } = parsed;
  return {
    ...rest,
    cycle: parsed.cycle satisfies Cycle,
    delay:
      'businessDays' in wait ? { unit: 'businessDays', count: wait.businessDays } : { unit: 'days', count: wait.days },
    minimums: Object.entries(minimums)
      .map(([currency, { amount, carryForwardPeriods }]) => ({
        currency,
        amountMinor: parseAmount(amount, currency) as number,
        carryForwardPeriods,
      }))
      .sort((a, b) => (a.currency < b.currency ? -1 : 1)),
    reserve: reserve === null ? null : { rateE4: parseRate(reserve.percent) as number, days: reserve.days },
    clawback: clawback ?? defaultClawback(parsed.noSetOff),
  };
}

/**
 * The terms of a file with every default filled in, or all its faults: TERMS_FILE_INVALID for a text that is no JSON, AMOUNT_INVALID,
 * AMOUNT_OUT_OF_RANGE, CURRENCY_UNKNOWN, DATE_INVALID, ID_INVALID and RATE_INVALID for a single value, TERMS_INVALID for the rest.
 */
export function parseTermsFile(text: string): { terms: SellerTerms[] } | FaultyTermsFile {
  const read = readJson(text, 'TERMS_FILE_INVALID');
  return 'fault' in read ? { faults: [read.fault], sound: [] } : checkTermsFile(read.raw);
}

/** The same of a file whose JSON was parsed already. */
export function checkTermsFile(raw: unknown): { terms: SellerTerms[] } | FaultyTermsFile {
  const issues = fileSchema.safeParse(raw).error?.issues ?? [];
  const faults = issues.flatMap((issue) => faultsOfIssue(issue, raw, [], 'TERMS_INVALID'));
  const sound: { index: number; terms: SellerTerms }[] = [];
  jsonList(raw, 'terms').forEach((rawTerms, index) => {
    const prefix = ['terms', index];
    const before = faults.length;
    const parsed = termsSchema.safeParse(rawTerms);
    for (const issue of parsed.error?.issues ?? [])
      faults.push(...faultsOfIssue(issue, rawTerms, prefix, 'TERMS_INVALID'));
    relateTerms(rawTerms, (path, message, code = 'TERMS_INVALID') => {
      faults.push({ path: jsonPathText([...prefix, ...path]), code, message });
    });
    if (parsed.success && faults.length === before) sound.push({ index, terms: toTerms(parsed.data) });
  });
  return faults.length === 0 ? { terms: sound.map(({ terms }) => terms) } : { faults, sound };
}
