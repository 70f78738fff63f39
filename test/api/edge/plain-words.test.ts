/** What callers read where a schema has no words of its own. */
import { describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { note, text } from '../../../api/edge/fields.js';
import { plainWords } from '../../../api/edge/plain-words.js';
import { invalidRequest } from '../../../api/edge/problem.js';
import { newPromotionSchema } from '../../../api/promotions/promotion-fields.js';

const wordsFor = (schema: z.ZodType, value: unknown): string[] =>
  (schema.safeParse(value, { error: plainWords }).error?.issues ?? []).map(({ message }) => message);

describe('a fault of a schema', () => {
  it.each<[z.ZodType, unknown, string]>([
    [z.strictObject({ unitId: z.number() }), {}, 'is missing'],
    [z.strictObject({}), undefined, 'is missing'],
    [z.strictObject({}), [], 'must be an object'],
    [z.string(), 5, 'must be a string'],
    [z.string(), null, 'must be a string'],
    [z.number(), '5', 'must be a number'],
    [z.number().int(), 1.5, 'must be a whole number'],
    [z.number().int().min(1), 0, 'must be at least 1'],
    [z.number().int().max(9999), 10_000, 'must be at most 9999'],
    [z.array(z.number()), {}, 'must be an array'],
    [z.array(z.number()).min(1), [], 'must have at least 1 item'],
    [z.array(z.number()).max(2), [1, 2, 3], 'must have at most 2 items'],
    [text(3), ' ', 'must have at least 1 character'],
    [note(3), 'long', 'must have at most 3 characters'],
    [note(3), 5, 'must be a string'],
    [z.boolean(), 'yes', 'must be true or false'],
    [z.number().multipleOf(5), 7, 'must be a multiple of 5'],
    [z.uuid(), 'x', 'must be a UUID'],
    [z.email(), 'x', 'must be an e-mail address'],
    [z.url(), 'x', 'must be a web address'],
    [z.iso.date(), 'x', 'must be a date written YYYY-MM-DD'],
    [z.iso.datetime(), 'x', 'must be a moment in ISO 8601'],
    [z.string().regex(/^x$/), 'y', 'is not written as /openapi.json describes it'],
    [z.bigint(), 'x', 'is not written as /openapi.json describes it'],
    [z.union([z.string(), z.number()]), true, 'is not written as /openapi.json describes it'],
    [
      z.discriminatedUnion('kind', [z.object({ kind: z.literal('a') }), z.object({ kind: z.literal('b') })]),
      { kind: 'c' },
      'must be one of the values that /openapi.json lists',
    ],
    [z.enum(['PERCENT', 'AMOUNT']), 'FOO', 'must be one of "PERCENT", "AMOUNT"'],
  ])('is told in plain words (%#)', (schema, value, words) => {
    expect(wordsFor(schema, value)).toEqual([words]);
  });

  it('keeps the words that the schema has', () => {
    expect(wordsFor(z.string().regex(/^x$/, 'must be x'), 'y')).toEqual(['must be x']);
  });

  it.each(['soon', '2026-06-30', '2026-06-30T11:00:00+09:00', '9999-06-30T11:00:00.000Z'])(
    '%s is not a moment, and is reported once',
    (startsAt) => {
      expect(wordsFor(newPromotionSchema, { name: 'Summer', kind: 'PERCENT', currency: 'KRW', startsAt })).toEqual([
        'must be a moment in UTC of the years 2000 to 2999, written as 2026-06-30T11:00:00.000Z',
      ]);
    },
  );
});

describe('the sentence', () => {
  it('names the place, and the whole body where there is none', () => {
    const faults = [
      { in: 'body', pointer: '#', message: 'is missing' },
      { in: 'body', pointer: '#/lines/0', message: 'must be an object' },
    ] as const;
    expect(invalidRequest(faults).message).toBe(
      'The request is invalid: body is missing; body lines/0 must be an object.',
    );
  });
});
