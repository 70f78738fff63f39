/** The files of a night: order lines, refunds, late lines, a wrong file, and the versions of the fee policies. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Draws } from './draws.mjs';

/** @typedef {import('./night-plan.mjs').NightPlan} NightPlan */

const HEADER =
  'order_id,line_id,seller_id,product_id,category,quantity,unit_price,shipping_fee,seller_discount,platform_discount,currency,ordered_on,confirmed_on';
const REFUND_HEADER = 'refund_id,order_id,line_id,quantity,refunded_on,reason';
const CATEGORIES = ['패션', '식품', 'shoes', ''];
/** The major units of one minor unit, for prices. */
/** @type {Record<string, (draws: Draws) => string>} */
const PRICES = {
  KRW: (draws) => String(draws.between(5, 3_000) * 100),
  JPY: (draws) => String(draws.between(50, 30_000)),
  USD: (draws) => `${draws.between(1, 400)}.${draws.between(10, 99)}`,
  KWD: (draws) => `${draws.between(1, 90)}.${draws.between(100, 999)}`,
  BHD: (draws) => `${draws.between(1, 90)}.${draws.between(100, 999)}`,
};

/** @param {Draws} draws @param {NightPlan} plan */
function currencyOf(draws, { supplement, unmended }) {
  const hundred = draws.between(1, 100);
  if (hundred <= 3 && supplement) return 'KWD';
  if (hundred === 4 && unmended) return 'BHD';
  if (hundred <= 10) return 'JPY';
  return hundred <= 25 ? 'USD' : 'KRW';
}

/**
 * @param {Draws} draws
 * @param {NightPlan} plan
 * @param {string} tag begins the order ids
 * @param {number} count
 * @param {readonly string[]} dates
 */
const linesOf = (draws, plan, tag, count, dates) =>
  Array.from({ length: count }, (_, index) => {
    const currency = currencyOf(draws, plan);
    const date = draws.pick(dates);
    const shipping = currency === 'KRW' ? draws.pick(['0', '2500', '3000']) : '0';
    const discount = currency === 'KRW' ? String(draws.between(0, 40) * 10) : '0';
    const seller = `S${1 + Math.floor(draws.next() ** 3 * plan.sellers)}`;
    const what = [
      `P${draws.between(1, 30)}`,
      draws.pick(CATEGORIES),
      String(draws.between(1, 5)),
      PRICES[currency]?.(draws),
    ];
    return [`${tag}-${index >> 1}`, String(index & 1), seller, ...what, shipping, discount, '0', currency, date, date];
  });

/** Rows that are refused, with the code for each; --skip-rejects leaves them out. */
const BAD_CODES = ['QUANTITY_INVALID', 'CURRENCY_UNKNOWN', 'FIELD_REQUIRED'];
/** @param {string} date */
const badRows = (date) => [
  ['BAD-1', '1', 'S1', '', '', '0', '100', '0', '0', '0', 'KRW', date, date],
  ['BAD-2', '1', 'S1', '', '', '1', '100', '0', '0', '0', 'XQQ', date, date],
  ['BAD-3', '1', '', '', '', '1', '100', '0', '0', '0', 'KRW', date, date],
];

/** @param {string} header @param {readonly (readonly (string | undefined)[])[]} rows */
const csv = (header, rows) => [header, ...rows.map((row) => row.join(',')), ''].join('\n');

/**
 * A part of the lines of each date is refunded, on that date or a later one, once or twice.
 * @param {Draws} draws
 * @param {readonly (readonly (string | undefined)[])[]} lines
 * @param {readonly string[]} dates
 */
function refundsOf(draws, lines, dates) {
  const rows = [];
  for (const line of lines) {
    if (!draws.oneIn(12)) continue;
    const [order = '', lineId = '', date = ''] = [line[0], line[1], line[12]];
    const times = Math.min(Number(line[5]), draws.between(1, 2));
    const on = draws.pick(dates.filter((later) => later >= date));
    for (let n = 1; n <= times; n += 1) rows.push([`R-${order}-${lineId}-${n}`, order, lineId, '1', on, 'broken']);
  }
  return rows;
}

const VAT = { rate: '10', mode: 'exclusive', rounding: 'down' };
/** @param {string} code @param {string} currency @param {string} rate @param {object} [more] */
const policy = (code, currency, rate, more = {}) => ({
  code,
  version: 1,
  scope: {},
  currency,
  effectiveFrom: '2026-01-01',
  commission: { components: [{ type: 'percent', rate }] },
  ...more,
});
const TIERS = [
  { upTo: '100000', rate: '12' },
  { upTo: null, rate: '6.25' },
];
const BASE = [
  policy('standard', 'KRW', '8.5', { vat: VAT, pgFee: { rate: '2.9', bearer: 'seller', vat: 'exclusive' } }),
  policy('fashion', 'KRW', '0', {
    scope: { category: '패션' },
    commission: { components: [{ type: 'tiers', mode: 'graduated', steps: TIERS }], rounding: 'down' },
  }),
  policy('largest', 'KRW', '4.25', { scope: { seller: 'S1' }, vat: { ...VAT, mode: 'inclusive' } }),
  policy('dollars', 'USD', '10'),
  policy('yen', 'JPY', '9.25'),
];
/** The policy that covers the parked lines. */
const MENDING = [policy('dinars', 'KWD', '5.5', { vat: VAT })];
/** @param {string} date from which lines are settled under other policies */
const newTerms = (date) => [
  policy('standard', 'KRW', '6.75', { version: 2, effectiveFrom: date, vat: VAT }),
  policy('dollars', 'USD', '11.5', { version: 2, effectiveFrom: date }),
];

/**
 * @typedef {object} NightFiles
 * @property {string} folder
 * @property {string} lines
 * @property {string} refunds
 * @property {string} late
 * @property {string} wrong
 * @property {string} base
 * @property {string} terms
 * @property {string} mending
 * @property {string} all the policies that there are in the end
 * @property {string[]} rejected the codes that the rejects file of the late lines must have
 * @property {Record<'lines' | 'refunds' | 'late', number>} rows good ones of each file
 */

/**
 * Writes the files.
 * @param {NightPlan} plan
 * @param {string} folder
 * @returns {NightFiles}
 */
export function writeNightFiles(plan, folder) {
  const draws = new Draws(plan.feedSeed);
  const { dates, wrongDate, termsFrom } = plan;
  const lines = linesOf(draws, plan, 'DAY', plan.lines, dates);
  const refunds = refundsOf(draws, lines, dates);
  const late = linesOf(draws, plan, 'LATE', plan.lateLines, dates);
  const bad = badRows(dates[0] ?? '');
  /** @param {string} name @param {string} text */
  const write = (name, text) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  /** @param {string} name @param {readonly object[]} policies */
  const policies = (name, policies) => write(name, JSON.stringify({ policies }));
  return {
    folder,
    lines: write('lines.csv', csv(HEADER, lines)),
    refunds: write('refunds.csv', csv(REFUND_HEADER, refunds)),
    late: write('late.csv', csv(HEADER, [...bad, ...late])),
    wrong: write('wrong.csv', csv(HEADER, linesOf(draws, plan, 'WRONG', plan.wrongLines, [wrongDate]))),
    base: policies('base.json', BASE),
    terms: policies('terms.json', newTerms(termsFrom ?? dates[0] ?? '')),
    mending: policies('mending.json', MENDING),
    all: policies('all.json', [
      ...BASE,
      ...(termsFrom === undefined ? [] : newTerms(termsFrom)),
      ...(plan.supplement ? MENDING : []),
    ]),
    rejected: BAD_CODES,
    rows: { lines: lines.length, refunds: refunds.length, late: late.length },
  };
}
