/**
 * Amounts, rates and the one multiply-then-round of the product.
 *
 * An amount is a safe integer count of minor units; a rate an integer count of 0.0001 percent. Nothing here ever depends on a
 * binary fraction: quotients are taken of safe integers, where the floor of the floating-point quotient is the true floor,
 * and by BigInt beyond.
 */
import { currencyExponent } from './currency.js';
import { isRefusal, MagamError, type Refusal, refuse } from './errors.js';

/** The largest amount, in minor units: 2^53 − 1. */
export const MAX_MINOR = Number.MAX_SAFE_INTEGER;

/** A rate of 100 percent; also the divisor that turns amount × rate into an amount. */
export const FULL_RATE_E4 = 1_000_000;

const RATE_DECIMALS = 4;

/** `down` toward zero, `up` away from zero, `half-up` ties away from zero, `half-even` ties to the even neighbour. */
export const ROUNDINGS = ['down', 'up', 'half-up', 'half-even'] as const;
export type Rounding = (typeof ROUNDINGS)[number];

const DECIMAL = /^(\d+)(?:\.(\d+))?$/;

/** Every number with this many digits is exact. */
const EXACT_DIGITS = 15;

/** The number of a text that consists of digits; NaN for any other text. Most amounts of an import are of this form, and a regular expression takes five times as long. */
function parseDigits(text: string): number {
  let value = text === '' ? Number.NaN : 0;
  for (let at = 0; at < text.length; at += 1) {
    const digit = text.charCodeAt(at) - 48;
    value = digit >= 0 && digit <= 9 ? value * 10 + digit : Number.NaN;
  }
  return value;
}

/** `text` × 10^decimals: NaN when it is not a plain decimal with at most that many decimals; beyond 2^53 − 1 not exact. */
function parseScaled(text: string, decimals: number): number {
  const whole = text.length + decimals <= EXACT_DIGITS ? parseDigits(text) : Number.NaN;
  if (!Number.isNaN(whole)) return whole * 10 ** decimals;
  const match = DECIMAL.exec(text);
  if (match === null) return Number.NaN;
  const fraction = match[2] ?? '';
  if (fraction.length > decimals) return Number.NaN;
  // Number() rounds correctly and monotonically, so a result up to 2^53 − 1 is the digits themselves.
  return Number(match[1] + fraction.padEnd(decimals, '0'));
}

/** `digits` (of a count of units of 10^-decimals) with the point put back in. */
function placePoint(digits: string, decimals: number): string {
  if (decimals === 0) return digits;
  const padded = digits.padStart(decimals + 1, '0');
  return `${padded.slice(0, -decimals)}.${padded.slice(-decimals)}`;
}

/**
 * Minor units of a decimal string in major units, as people write it in CSV and policy files: digits, with an optional point
 * and at most the currency's decimals after it; no sign, exponent, grouping or space.
 *
 * Refuses with CURRENCY_UNKNOWN, AMOUNT_INVALID (its form) or AMOUNT_OUT_OF_RANGE (beyond 2^53 − 1 minor units).
 */
export function parseAmount(text: string, currency: string): number | Refusal {
  const exponent = currencyExponent(currency);
  if (exponent === undefined) return refuse('CURRENCY_UNKNOWN', { currency });
  const minor = parseScaled(text, exponent);
  if (Number.isNaN(minor)) return refuse('AMOUNT_INVALID', { value: text, currency });
  return minor <= MAX_MINOR ? minor : refuse('AMOUNT_OUT_OF_RANGE', { value: text, currency });
}

/**
 * Major units with exactly the currency's decimals, `-` before a negative amount, zero without a sign.
 * Throws CURRENCY_UNKNOWN: a stored amount always has a currency that was checked on its way in.
 */
export function formatAmount(minor: number | bigint, currency: string): string {
  const exponent = currencyExponent(currency);
  if (exponent === undefined) throw new MagamError('CURRENCY_UNKNOWN', undefined, { currency });
  return minor < 0 ? `-${placePoint(String(-minor), exponent)}` : placePoint(String(minor), exponent);
}

/** An amount in major units as people read it, without its currency: `1,234.56`. */
export function readableAmount(minor: number | bigint | string, currency: string): string {
  const [whole = '', decimals] = formatAmount(BigInt(minor), currency).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return decimals === undefined ? grouped : `${grouped}.${decimals}`;
}

/**
 * Minor units of an amount that a person types or copies: in the form of `parseAmount`, or exactly as `readableAmount` prints it (`6,256,013`). Groups that are
 * not printed so (`62,56,013`) are refused, because a digit may be missing. Refuses like `parseAmount`.
 */
export function parseReadableAmount(text: string, currency: string): number | Refusal {
  const minor = parseAmount(text.replaceAll(',', ''), currency);
  const isAsPrinted = !isRefusal(minor) && readableAmount(minor, currency) === text;
  return isAsPrinted ? minor : parseAmount(text, currency);
}

/** A percentage from "0" to "100" with at most 4 decimals as an integer of 0.0001 percent ("8.5" → 85000); or RATE_INVALID. */
export function parseRate(text: string): number | Refusal {
  const rateE4 = parseScaled(text, RATE_DECIMALS);
  return rateE4 <= FULL_RATE_E4 ? rateE4 : refuse('RATE_INVALID', { value: text });
}

/** The shortest decimal string of a rate: 85000 → "8.5", 100000 → "10". */
export function formatRate(rateE4: number): string {
  return placePoint(String(rateE4), RATE_DECIMALS).replace(/\.?0+$/, '');
}

/** Whether a quotient with a rest moves away from zero; `versusHalf` is the sign of 2 × rest − divisor. */
function roundsAway(rounding: Rounding, versusHalf: number, odd: boolean): boolean {
  switch (rounding) {
    case 'down':
      return false;
    case 'up':
      return true;
    case 'half-up':
      return versusHalf >= 0;
    case 'half-even':
      return versusHalf > 0 || (versusHalf === 0 && odd);
  }
}

/** dividend / divisor rounded, for safe integers (divisor > 0). All modes are symmetric about zero; never −0. */
export function divRound(dividend: number, divisor: number, rounding: Rounding): number {
  if (dividend < 0) return 0 - divRound(-dividend, divisor, rounding);
  // The floor of the floating-point quotient is the true one: just below an integer k lies at best k − 1/divisor, and the
  // quotient would only round up to k if k × divisor were beyond 2^53. Adding 0 takes the sign off −0.
  const quotient = Math.floor(dividend / divisor) + 0;
  const rest = dividend - quotient * divisor;
  if (rest === 0) return quotient;
  const versusHalf = rest - (divisor - rest);
  return roundsAway(rounding, versusHalf, versusHalf === 0 && quotient % 2 === 1) ? quotient + 1 : quotient;
}

/** The same for any integers. */
export function divRoundBig(dividend: bigint, divisor: bigint, rounding: Rounding): bigint {
  if (dividend < 0n) return -divRoundBig(-dividend, divisor, rounding);
  const quotient = dividend / divisor;
  const rest = dividend % divisor;
  if (rest === 0n) return quotient;
  const twice = 2n * rest;
  const versusHalf = twice > divisor ? 1 : twice === divisor ? 0 : -1;
  return roundsAway(rounding, versusHalf, quotient % 2n === 1n) ? quotient + 1n : quotient;
}

/** The smaller of two amounts. */
export const leastMinor = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/** The number of an integer within ±(2^53 − 1), else NaN. */
export function toSafeNumber(value: bigint): number {
  return value <= BigInt(MAX_MINOR) && value >= -BigInt(MAX_MINOR) ? Number(value) : Number.NaN;
}

/**
 * a × b / divisor, exact, rounded once. Safe integers, divisor > 0. NaN when the result leaves ±(2^53 − 1); it then cannot be
 * an amount, and the caller refuses AMOUNT_OUT_OF_RANGE. With b ≤ divisor and a an amount that cannot happen.
 */
export function mulDivRound(a: number, b: number, divisor: number, rounding: Rounding): number {
  const product = a * b;
  if (product <= MAX_MINOR && product >= -MAX_MINOR) return divRound(product, divisor, rounding);
  return toSafeNumber(divRoundBig(BigInt(a) * BigInt(b), BigInt(divisor), rounding));
}

/** floor(a × b / divisor), exact, for a and b not negative; NaN as for `mulDivRound`. */
export function mulDivFloor(a: number, b: number, divisor: number): number {
  return mulDivRound(a, b, divisor, 'down');
}
