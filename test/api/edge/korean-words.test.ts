/** What a Korean buyer reads where a request breaks its schema. */
import { describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { text } from '../../../api/edge/fields.js';
import { inKorean } from '../../../api/edge/korean-words.js';
import { plainWords } from '../../../api/edge/plain-words.js';

const wordsFor = (schema: z.ZodType, value: unknown): string[] =>
  (schema.safeParse(value, { error: plainWords }).error?.issues ?? []).map(({ message }) => inKorean(message));

describe('a fault of a schema', () => {
  it.each<[z.ZodType, unknown, string]>([
    [z.strictObject({ unitId: z.number() }), {}, '필수 항목입니다'],
    [z.strictObject({}), [], '객체여야 합니다'],
    [z.string(), 5, '문자열이어야 합니다'],
    [z.number(), '5', '숫자여야 합니다'],
    [z.number().int(), 1.5, '정수여야 합니다'],
    [z.boolean(), 'yes', 'true 또는 false여야 합니다'],
    [z.array(z.number()), {}, '배열이어야 합니다'],
    [z.null(), 1, 'null이어야 합니다'],
    [z.number().int().min(1), 0, '1 이상이어야 합니다'],
    [z.number().gt(1), 1, '1보다 커야 합니다'],
    [z.number().int().max(9999), 10_000, '9999 이하여야 합니다'],
    [z.number().lt(1), 1, '1보다 작아야 합니다'],
    [z.array(z.number()).min(1), [], '1개 이상이어야 합니다'],
    [z.array(z.number()).max(2), [1, 2, 3], '2개 이하여야 합니다'],
    [text(3), ' ', '1자 이상이어야 합니다'],
    [text(3), 'long', '3자 이하여야 합니다'],
    [z.enum(['PERCENT', 'AMOUNT']), 'FOO', '다음 중 하나여야 합니다: "PERCENT", "AMOUNT"'],
    [z.literal('A'), 'B', '"A"만 사용할 수 있습니다'],
    [z.iso.datetime(), 'soon', 'ISO 8601 형식의 시각이어야 합니다'],
    [z.iso.date(), 'soon', 'YYYY-MM-DD 형식의 날짜여야 합니다'],
    [z.uuid(), 'x', 'UUID 형식이어야 합니다'],
    [z.url(), 'x', '올바른 웹 주소여야 합니다'],
    [z.number().multipleOf(5), 7, '5의 배수여야 합니다'],
    [z.string().regex(/^a$/), 'b', '형식이 올바르지 않습니다'],
    [
      z.discriminatedUnion('type', [z.object({ type: z.literal('a') })]),
      { type: 'b' },
      '허용된 형식 중 하나여야 합니다',
    ],
  ])('is told in Korean (%#)', (schema, value, words) => {
    expect(wordsFor(schema, value)).toEqual([words]);
  });

  it('in words of its own that are not known keeps them', () => {
    expect(inKorean('must be x')).toBe('올바르지 않은 값입니다 (must be x)');
  });
});
