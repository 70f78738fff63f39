/**
 * Reads a policy file: section 5 of docs/settlement-rules.md. Every fault of a file is reported at once with its JSON path.
 *
 * The shape and each single value are checked by a schema. What relates two values (scope, date order, min and max, the
 * order of tiers) is checked on the raw JSON, because a schema no longer looks at an object that has a fault inside.
 */

import * as z from 'zod';
import { isBusinessDate } from '../../../kernel/business-date.js';
import { currencyExponent } from '../../../kernel/currency.js';
import { type ErrorCode, errors, isRefusal, type Refusal, refuse } from '../../../kernel/errors.js';
import { isCategory, isExternalId, isPolicyCode } from '../../../kernel/external-id.js';
import {
  faultsOfIssue,
  type JsonFault,
  type JsonPath,
  jsonList,
  jsonMember as member,
  jsonPathText as pathText,
  readJson,
} from '../../../kernel/json-faults.js';
import { parseAmount, parseRate, ROUNDINGS } from '../../../kernel/money.js';
import { type FeeComponent, type FeePolicy, NO_VAT, VAT_MODES } from './fee-policy.js';

/** The largest version that its column holds (INT UNSIGNED). */
const MAX_VERSION = 4_294_967_295;

/** With an unknown currency, amounts are still checked for their form: with the most decimals that any currency has. */
const FORM_ONLY_CURRENCY = 'CLF';

/** Every fault of a file, and those of its policies that have none, so that these can be compared with the stored ones too. */
export interface FaultyPolicyFile {
  readonly faults: JsonFault[];
  readonly sound: { readonly index: number; readonly policy: FeePolicy }[];
}

/** A string that `parse` turns into a value or refuses; the refusal's code becomes the fault's. */
const leaf = <T>(parse: (text: string) => T | Refusal) =>
  z.string().transform((text, context) => {
    const value = parse(text);
    if (!isRefusal(value)) return value;
    const message = String(value.details.reason ?? errors[value.refused].meaning);
    context.issues.push({ code: 'custom', input: text, params: { code: value.refused }, message });
    return z.NEVER;
  });

const named = (test: (text: string) => boolean, code: ErrorCode, reason: string) =>
  leaf((text) => (test(text) ? text : refuse(code, { reason })));

const externalId = named(
  isExternalId,
  'POLICY_INVALID',
  'must be 1 to 64 printable ASCII characters, no spaces around',
);
const date = named(isBusinessDate, 'DATE_INVALID', 'must be a day of the calendar written YYYY-MM-DD');
const rate = leaf(parseRate);
const rounding = z.enum(ROUNDINGS).default('half-up');
const onRefund = z.enum(['reverse', 'keep']).default('reverse');

const scope = z.strictObject({
  seller: externalId.optional(),
  category: leaf((text) => {
    const category = text.trim();
    if (category !== '' && isCategory(category)) return category;
    return refuse('POLICY_INVALID', { reason: 'must be 1 to 64 characters' });
  }).optional(),
  product: externalId.optional(),
});

const vat = z.strictObject({ rate, mode: z.enum(VAT_MODES), rounding });

const pgFee = z.strictObject({
  rate,
  bearer: z.enum(['seller', 'platform']),
  vat: z.enum(['none', 'exclusive']).default('none'),
  rounding,
  onRefund,
});

function commissionSchema(currency: string) {
  const amount = leaf((text) => parseAmount(text, currency));
  const component = z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('percent'), rate }),
    z.strictObject({ type: z.literal('fixed'), amount, per: z.enum(['line', 'unit']).default('line') }),
    z.strictObject({
      type: z.literal('tiers'),
      mode: z.enum(['graduated', 'slab']),
      steps: z.array(z.strictObject({ upTo: amount.nullable(), rate })).min(1, 'must hold at least one step'),
    }),
  ]);
  return z.strictObject({
    components: z.array(component).min(1, 'must hold at least one component'),
    includeShipping: z.boolean().default(false),
    min: amount.nullable().default(null),
    max: amount.nullable().default(null),
    rounding,
    roundingUnit: z.int().min(1).default(1),
    onRefund,
  });
}

const policySchema = (currency: string) =>
  z.strictObject({
    code: named(isPolicyCode, 'POLICY_INVALID', 'must be 1 to 64 of A-Z a-z 0-9 . _ -'),
    version: z.int().min(1).max(MAX_VERSION).default(1),
    scope,
    currency: named(
      (text) => currencyExponent(text) !== undefined,
      'CURRENCY_UNKNOWN',
      errors.CURRENCY_UNKNOWN.meaning,
    ),
    effectiveFrom: date,
    effectiveTo: date.nullable().default(null),
    commission: commissionSchema(currency),
    vat: vat.optional(),
    pgFee: pgFee.optional(),
  });

/** A schema is compiled when it is first used, and that costs more than reading a policy with it: each is kept, one for a currency. */
const schemas = new Map<string, PolicySchema>();

function schemaFor(currency: string): PolicySchema {
  const schema = schemas.get(currency) ?? policySchema(currency);
  schemas.set(currency, schema);
  return schema;
}

const fileSchema = z.strictObject({ policies: z.array(z.unknown()) });

type PolicySchema = ReturnType<typeof policySchema>;
type ParsedPolicy = z.output<PolicySchema>;
type ParsedComponent = ParsedPolicy['commission']['components'][number];

function toComponent(component: ParsedComponent): FeeComponent {
  switch (component.type) {
    case 'percent':
      return { type: 'percent', rateE4: component.rate };
    case 'fixed':
      return { type: 'fixed', amountMinor: component.amount, per: component.per };
    case 'tiers': {
      const steps = component.steps.map((step) => ({ upToMinor: step.upTo, rateE4: step.rate }));
      return { type: 'tiers', mode: component.mode, steps };
    }
  }
}

function toPolicy(parsed: ParsedPolicy): FeePolicy {
  const { scope, commission, vat, pgFee } = parsed;
  return {
    code: parsed.code,
    version: parsed.version,
    scope: { seller: scope.seller ?? null, category: scope.category ?? null, product: scope.product ?? null },
    currency: parsed.currency,
    effectiveFrom: parsed.effectiveFrom,
    effectiveTo: parsed.effectiveTo,
    commission: {
      components: commission.components.map(toComponent),
      includeShipping: commission.includeShipping,
      minMinor: commission.min,
      maxMinor: commission.max,
      rounding: commission.rounding,
      roundingUnitMinor: commission.roundingUnit,
      onRefund: commission.onRefund,
    },
    vat: vat === undefined ? NO_VAT : { rateE4: vat.rate, mode: vat.mode, rounding: vat.rounding },
    pgFee:
      pgFee === undefined
        ? null
        : {
            rateE4: pgFee.rate,
            bearer: pgFee.bearer,
            vat: pgFee.vat,
            rounding: pgFee.rounding,
            onRefund: pgFee.onRefund,
          },
  };
}

type Report = (path: JsonPath, message: string) => void;

/** Steps ascend strictly, and exactly the last bound is null. Bounds that are no amounts have faults of their own. */
function relateTierSteps(steps: readonly unknown[], path: JsonPath, currency: string, report: Report): void {
  let highest = -1;
  steps.forEach((step, i) => {
    const upTo = member(step, 'upTo');
    const last = i === steps.length - 1;
    if (upTo === null && !last) report([...path, i, 'upTo'], 'only the last step has no upper bound');
    if (typeof upTo !== 'string') return;
    if (last) report([...path, i, 'upTo'], 'must be null in the last step');
    const bound = parseAmount(upTo, currency);
    if (isRefusal(bound)) return;
    if (bound <= highest) report([...path, i, 'upTo'], 'must be above the bound before it');
    highest = Math.max(highest, bound);
  });
}

/** What relates two values of one policy. */
function relatePolicy(raw: unknown, currency: string, report: Report): void {
  const [scopeValue, from, to] = ['scope', 'effectiveFrom', 'effectiveTo'].map((key) => member(raw, key));
  if (member(scopeValue, 'category') !== undefined && member(scopeValue, 'product') !== undefined) {
    report(['scope'], 'cannot combine a category with a product');
  }
  if (typeof from === 'string' && typeof to === 'string' && isBusinessDate(from) && isBusinessDate(to) && to < from) {
    report(['effectiveTo'], 'must not be earlier than effectiveFrom');
  }
  const commission = member(raw, 'commission');
  const [min, max] = ['min', 'max'].map((key) => member(commission, key));
  if (typeof min === 'string' && typeof max === 'string') {
    const [least, most] = [parseAmount(min, currency), parseAmount(max, currency)];
    if (!isRefusal(least) && !isRefusal(most) && most < least) {
      report(['commission', 'max'], 'must not be below min');
    }
  }
  const components = member(commission, 'components');
  if (!Array.isArray(components)) return;
  components.forEach((component: unknown, i) => {
    const steps = member(component, 'steps');
    if (member(component, 'type') === 'tiers' && Array.isArray(steps)) {
      relateTierSteps(steps, ['commission', 'components', i, 'steps'], currency, report);
    }
  });
}

/**
 * The policies of a file with every default filled in, or all its faults: POLICY_FILE_INVALID for a text that is no JSON,
 * AMOUNT_INVALID, AMOUNT_OUT_OF_RANGE, CURRENCY_UNKNOWN, DATE_INVALID and RATE_INVALID for a single value, POLICY_INVALID
 * for the rest. Whether the policies go together with the stored ones is for `checkNewPolicies` to say.
 */
export function parsePolicyFile(text: string): { policies: FeePolicy[] } | FaultyPolicyFile {
  const read = readJson(text, 'POLICY_FILE_INVALID');
  return 'fault' in read ? { faults: [read.fault], sound: [] } : checkPolicyFile(read.raw);
}

/** The same of a file whose JSON was parsed already. */
export function checkPolicyFile(raw: unknown): { policies: FeePolicy[] } | FaultyPolicyFile {
  const faults: JsonFault[] = [];
  const file = fileSchema.safeParse(raw);
  for (const issue of file.error?.issues ?? []) faults.push(...faultsOfIssue(issue, raw, [], 'POLICY_INVALID'));
  const sound: { index: number; policy: FeePolicy }[] = [];
  jsonList(raw, 'policies').forEach((rawPolicy, i) => {
    const stated = member(rawPolicy, 'currency');
    const known = typeof stated === 'string' && currencyExponent(stated) !== undefined;
    const currency = known ? stated : FORM_ONLY_CURRENCY;
    const parsed = schemaFor(currency).safeParse(rawPolicy);
    const before = faults.length;
    for (const issue of parsed.error?.issues ?? [])
      faults.push(...faultsOfIssue(issue, rawPolicy, ['policies', i], 'POLICY_INVALID'));
    relatePolicy(rawPolicy, currency, (path, message) => {
      faults.push({ path: pathText(['policies', i, ...path]), code: 'POLICY_INVALID', message });
    });
    if (parsed.success && faults.length === before) sound.push({ index: i, policy: toPolicy(parsed.data) });
  });
  return faults.length === 0 ? { policies: sound.map(({ policy }) => policy) } : { faults, sound };
}
