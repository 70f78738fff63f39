/** Forms of settings, which are given as text. */
import * as z from 'zod';

export const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, outside(min, max))
    .transform(Number)
    .pipe(z.number().min(min, outside(min, max)).max(max, outside(min, max)));

const outside = (min: number, max: number): string => `must be a whole number from ${min} to ${max}`;

/** One of these words. */
export const oneOf = <const Words extends readonly [string, ...string[]]>(words: Words) =>
  z.enum(words, `must be ${[words.slice(0, -1).join(', '), words.at(-1)].filter(Boolean).join(' or ')}`);
