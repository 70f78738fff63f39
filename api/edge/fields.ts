/** Schemas of the fields that many routes share. */
import * as z from 'zod';
import { isBusinessDate } from '../../kernel/business-date.js';
import { currencyExponent } from '../../kernel/currency.js';
import { MagamError } from '../../kernel/errors.js';
import { isExternalId } from '../../kernel/external-id.js';
import { momentKey } from './cursor.js';

/** A database id in a path or query. */
export const idText = z
  .string()
  .regex(/^[1-9]\d{0,14}$/, 'must be a positive whole number')
  .transform(Number)
  .meta({ type: 'integer', minimum: 1, example: 1 });

/** A database id in JSON. */
export const id = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER);

/** A day of the calendar. */
export const businessDate = z
  .string()
  .refine(isBusinessDate, 'must be a day of the calendar written YYYY-MM-DD')
  .meta({ format: 'date', example: '2026-02-16' });

/** An id of the marketplace: 1 to 64 printable ASCII characters without spaces around them. */
export const externalId = z
  .string()
  .max(64)
  .refine(isExternalId, 'must be 1 to 64 printable ASCII characters without spaces around them')
  .meta({ minLength: 1, maxLength: 64, example: 'seller-000001' });

/** A moment, ISO 8601 in UTC. */
export const moment = z.string().meta({ format: 'date-time', example: '2026-06-30T04:00:00.000Z' });

/** A moment that a caller names, in the same form as in answers. */
export const namedMoment = z
  .string()
  .refine(
    (value) => momentKey.safeParse(value).success,
    'must be a moment in UTC of the years 2000 to 2999, written as 2026-06-30T11:00:00.000Z',
  )
  .meta({ format: 'date-time', example: '2026-06-30T11:00:00.000Z' });

/** The currency of amounts, as an answer names it. */
export const currency = z.string().meta({ description: 'ISO 4217.', example: 'KRW' });

/** A currency that a caller names. */
export const namedCurrency = z
  .string()
  .regex(/^[A-Z]{3}$/, 'must be three capital letters of ISO 4217')
  .meta({ description: 'ISO 4217.', example: 'KRW' });

/** A promotion code as a buyer writes it. */
export const promotionCode = z.string().min(1).max(64);

/** A currency of which rows are asked for: one that does not exist is refused, so that it does not look like one without rows. */
export const knownCurrency = namedCurrency
  .refine((code) => currencyExponent(code) !== undefined, 'must be a currency of ISO 4217')
  .meta({ description: 'ISO 4217.', example: 'KRW' });

/** An amount in minor units of a currency. */
export const amountMinor = z.number().int().min(Number.MIN_SAFE_INTEGER).max(Number.MAX_SAFE_INTEGER);

/** An amount as a JSON number. Throws AMOUNT_OUT_OF_RANGE beyond 2^53 - 1. */
export function minorOf(amount: bigint): number {
  const value = Number(amount);
  if (Number.isSafeInteger(value)) return value;
  throw new MagamError(
    'AMOUNT_OUT_OF_RANGE',
    'An amount is beyond 2^53 - 1 minor units, which JSON cannot represent exactly.',
    {
      value: amount.toString(),
    },
  );
}

/** A member `<name>Minor` for each of these amounts, in their order. */
export const eachMinor = <Name extends string, Value>(
  names: readonly Name[],
  value: (name: Name) => Value,
): { [N in Name as `${N}Minor`]: Value } =>
  Object.fromEntries(names.map((name) => [`${name}Minor`, value(name)])) as { [N in Name as `${N}Minor`]: Value };

const printable = (value: string): boolean => !/\p{Cc}/u.test(value);
const unprintable = 'must not contain control characters';

/** Text that people read: no control characters. */
export const text = (max: number) => z.string().trim().min(1).max(max).refine(printable, unprintable);

/** Text that may be empty. */
export const note = (max: number) => z.string().trim().max(max).refine(printable, unprintable);
