/**
 * The figures of section 3 and 4 of docs/settlement-rules.md as SQL, for the policies of the synthetic feed: what it costs a
 * database to produce the lines without any program. Only the features of those policies are covered (percent or up to three tiers,
 * fixed amounts; no end dates); anything else is refused, and the bench compares every row with the product's.
 *
 * Intermediate values are kept in user variables, because both engines would compute an expression each time that it is written.
 */
import type { FeePolicy } from '../core/policies/rules/fee-policy.js';
import type { StoredPolicy } from '../core/policies/rules/policy-book.js';
import { change, type Db } from '../infra/database.js';
import { FULL_RATE_E4, MAX_MINOR, ROUNDINGS } from '../kernel/money.js';
import { LINE_COLUMNS } from './database.js';

const POLICY_COLUMNS = [
  'policy_id',
  'with_shipping',
  'graduated',
  't1',
  't2',
  'r1',
  'r2',
  'r3',
  'fixed_line',
  'fixed_unit',
  'divisor',
  'unit',
  'rounding',
  'fee_min',
  'fee_max',
  'vat_rate',
  'vat_full',
  'vat_on_top',
  'vat_rounding',
  'pg_rate',
  'pg_rounding',
  'pg_vat_rate',
  'fee_reversed',
  'pg_reversed',
] as const;
type PolicyColumn = (typeof POLICY_COLUMNS)[number];

/** A table of the policies' parameters, in memory. */
export async function createPolicyTable(db: Db, policies: readonly StoredPolicy[]): Promise<void> {
  const columns = POLICY_COLUMNS.map((name) =>
    name === 'policy_id' ? 'policy_id INT UNSIGNED NOT NULL PRIMARY KEY' : `${name} BIGINT NOT NULL`,
  );
  await change(db, `CREATE TABLE bench_policy (${columns.join(', ')}) ENGINE=MEMORY`);
  for (const stored of policies) {
    const row = parametersOf(stored);
    await change(db, `INSERT INTO bench_policy (${POLICY_COLUMNS.join(', ')}) VALUES (?)`, [
      POLICY_COLUMNS.map((name) => row[name]),
    ]);
  }
}

/** Gives the variables of a session their type, because an unset one would count as text. */
export async function prepareSession(db: Db): Promise<void> {
  await change(db, 'SET @exact = 0, @paid = 0, @base = 0, @fee = 0, @vat = 0, @pg = 0, @pg_vat = 0');
}

/** Inserts the lines of the sales with ids in (lo, hi]: parameters date, lo, hi. */
export const produceSales = (policies: readonly StoredPolicy[]): string =>
  `INSERT INTO settlement_line (${LINE_COLUMNS}) SELECT STRAIGHT_JOIN ${saleLine} ${salesOf(policies)}`;

/** Count and checksum of the same lines, computed and not inserted: the same parameters. */
export const checksumOfSales = (policies: readonly StoredPolicy[]): string =>
  `SELECT STRAIGHT_JOIN COUNT(*) AS n, SUM(CRC32(CONCAT_WS(',', ${saleLine.replace('s.seller_id', oneCollation)}))) AS checksum ${salesOf(policies)}`;

/** Variables have another collation than ids. */
const oneCollation = 'CONVERT(s.seller_id USING utf8mb4) COLLATE utf8mb4_bin';

const salesOf = (
  policies: readonly StoredPolicy[],
): string => `FROM sale_entry s FORCE INDEX (PRIMARY) JOIN bench_policy p ON p.policy_id = ${choice(policies)}
    WHERE s.settled_on = ? AND s.entry_id > ? AND s.entry_id <= ?`;

/** Inserts the lines of the refunds with ids in (lo, hi] of sales that have their lines: parameters date, lo, hi. */
export const produceRefunds = `INSERT INTO settlement_line (${LINE_COLUMNS})
    SELECT STRAIGHT_JOIN r.settled_on, 1, r.entry_id, 1, l.seller_id, l.policy_id,
      r.item_amount - r.seller_discount - r.platform_discount + r.shipping_fee,
      r.item_amount - r.seller_discount + p.with_shipping * r.shipping_fee,
      @fee := -p.fee_reversed * (${share('l.fee')}),
      @vat := -p.fee_reversed * (${share('l.fee_vat')}),
      @pg := -p.pg_reversed * (${share('l.pg_fee')}),
      @pg_vat := -p.pg_reversed * (${share('l.pg_fee_vat')}),
      r.item_amount - r.seller_discount + r.shipping_fee - @fee - p.vat_on_top * @vat - @pg - @pg_vat
    FROM refund_entry r FORCE INDEX (PRIMARY)
      JOIN sale_entry s ON s.settled_on = r.original_on AND s.entry_id = r.original_id
      JOIN settlement_line l ON l.settled_on = r.original_on AND l.leg = 0 AND l.entry_id = r.original_id
      JOIN bench_policy p ON p.policy_id = l.policy_id
    WHERE r.settled_on = ? AND r.entry_id > ? AND r.entry_id <= ?`;

/** The exact sum of the components in millionths of a minor unit. */
const exactFee = `IF(p.graduated,
        LEAST(@base, p.t1) * p.r1 + GREATEST(LEAST(@base, p.t2) - p.t1, 0) * p.r2 + GREATEST(@base - p.t2, 0) * p.r3,
        @base * CASE WHEN @base <= p.t1 THEN p.r1 WHEN @base <= p.t2 THEN p.r2 ELSE p.r3 END)
      + p.fixed_line + p.fixed_unit * CAST(s.quantity AS SIGNED)`;

const saleAmount = 's.item_amount - s.seller_discount';

/** The columns of a line, computed from a sale and its policy. */
const saleLine = `s.settled_on, 0, s.entry_id, 1, s.seller_id, p.policy_id,
      @paid := ${saleAmount} - s.platform_discount + s.shipping_fee,
      @base := ${saleAmount} + p.with_shipping * s.shipping_fee,
      @fee := LEAST(GREATEST(${rounded(exactFee, 'p.divisor', 'p.rounding')} * p.unit, p.fee_min), p.fee_max, @base),
      @vat := ${rounded('@fee * p.vat_rate', 'p.vat_full', 'p.vat_rounding')},
      @pg := ${rounded('@paid * p.pg_rate', `${FULL_RATE_E4}`, 'p.pg_rounding')},
      @pg_vat := ${rounded('@pg * p.pg_vat_rate', `${FULL_RATE_E4}`, 'p.vat_rounding')},
      ${saleAmount} + s.shipping_fee - @fee - p.vat_on_top * @vat - @pg - @pg_vat`;

/** A quotient of non-negative integers, rounded by the mode whose number in `ROUNDINGS` the column holds. */
function rounded(dividend: string, divisor: string, mode: string): string {
  const rest = `@exact MOD ${divisor}`;
  const up: Record<(typeof ROUNDINGS)[number], string> = {
    down: '0',
    up: `${rest} > 0`,
    'half-up': `2 * (${rest}) >= ${divisor}`,
    'half-even': `2 * (${rest}) > ${divisor} OR (2 * (${rest}) = ${divisor} AND (@exact DIV ${divisor}) MOD 2 = 1)`,
  };
  const cases = ROUNDINGS.map((name, at) => `WHEN ${at} THEN ${up[name]}`).join(' ');
  return `((@exact := ${dividend}) DIV ${divisor} + CASE ${mode} ${cases} END)`;
}

/** Δ(X) of section 4. */
function share(x: string): string {
  const [before, quantity, of] = ['r.prior_quantity', 'r.quantity', 's.quantity'].map(
    (name) => `CAST(${name} AS SIGNED)`,
  );
  return `${x} * (${before} + ${quantity}) DIV ${of} - ${x} * ${before} DIV ${of}`;
}

/** The policy of a sale: the most specific scope that fits, in its currency. */
function choice(policies: readonly StoredPolicy[]): string {
  const weight = ({ seller, category, product }: FeePolicy['scope']): number =>
    (seller === null ? 0 : 4) + (product === null ? 0 : 2) + (category === null ? 0 : 1);
  const ordered = policies.toSorted((a, b) => weight(b.policy.scope) - weight(a.policy.scope));
  const cases = ordered.map(({ policyId, policy: { scope, currency } }) => {
    const equal = (column: string, value: string | null): string[] =>
      value === null ? [] : [`s.${column} = ${quoted(value)}`];
    const conditions = [
      ...equal('seller_id', scope.seller),
      ...equal('product_id', scope.product),
      ...equal('category', scope.category),
      ...equal('currency', currency),
    ];
    return `WHEN ${conditions.join(' AND ')} THEN ${policyId}`;
  });
  return `CASE ${cases.join(' ')} END`;
}

function quoted(text: string): string {
  if (/['\\?]/.test(text)) throw new Error(`a scope with a quote, a backslash or a question mark: ${text}`);
  return `'${text}'`;
}

function parametersOf({ policyId, policy, endsOn }: StoredPolicy): Record<PolicyColumn, number> {
  const { commission, vat, pgFee } = policy;
  if (endsOn !== null) throw new Error(`policy ${policy.code} ends; the SQL does not look at dates`);
  const fixed = (per: 'line' | 'unit'): number =>
    commission.components.reduce(
      (sum, part) => sum + (part.type === 'fixed' && part.per === per ? part.amountMinor * FULL_RATE_E4 : 0),
      0,
    );
  return {
    policy_id: policyId,
    with_shipping: Number(commission.includeShipping),
    ...ratesOf(policy),
    fixed_line: fixed('line'),
    fixed_unit: fixed('unit'),
    divisor: FULL_RATE_E4 * commission.roundingUnitMinor,
    unit: commission.roundingUnitMinor,
    rounding: ROUNDINGS.indexOf(commission.rounding),
    fee_min: commission.minMinor ?? 0,
    fee_max: commission.maxMinor ?? MAX_MINOR,
    vat_rate: vat.mode === 'none' ? 0 : vat.rateE4,
    vat_full: FULL_RATE_E4 + (vat.mode === 'inclusive' ? vat.rateE4 : 0),
    vat_on_top: Number(vat.mode === 'exclusive'),
    vat_rounding: ROUNDINGS.indexOf(vat.rounding),
    pg_rate: pgFee?.bearer === 'seller' ? pgFee.rateE4 : 0,
    pg_rounding: ROUNDINGS.indexOf(pgFee?.rounding ?? 'down'),
    pg_vat_rate: pgFee?.vat === 'exclusive' ? vat.rateE4 : 0,
    fee_reversed: Number(commission.onRefund === 'reverse'),
    pg_reversed: Number(pgFee?.onRefund !== 'keep'),
  };
}

/** A percentage is a slab without bounds. */
function ratesOf({
  code,
  commission,
}: FeePolicy): Pick<Record<PolicyColumn, number>, 'graduated' | 't1' | 't2' | 'r1' | 'r2' | 'r3'> {
  const rated = commission.components.filter(({ type }) => type !== 'fixed');
  const [only] = rated;
  if (rated.length > 1) throw new Error(`policy ${code} has several rates`);
  if (only === undefined || only.type === 'fixed')
    return { graduated: 0, t1: MAX_MINOR, t2: MAX_MINOR, r1: 0, r2: 0, r3: 0 };
  if (only.type === 'percent') return { graduated: 0, t1: MAX_MINOR, t2: MAX_MINOR, r1: only.rateE4, r2: 0, r3: 0 };
  const [first, second, third, ...more] = only.steps;
  if (more.length > 0) throw new Error(`policy ${code} has more than three tiers`);
  return {
    graduated: Number(only.mode === 'graduated'),
    t1: first?.upToMinor ?? MAX_MINOR,
    t2: second?.upToMinor ?? MAX_MINOR,
    r1: first?.rateE4 ?? 0,
    r2: second?.rateE4 ?? 0,
    r3: third?.rateE4 ?? 0,
  };
}
