import { describe, expect, it } from '@jest/globals';
import { isCategory, isExternalId, isPolicyCode } from '../../kernel/external-id.js';

describe('isExternalId', () => {
  it.each(['A', 'order-1', 'a b', '~!"#$%&\'()*+,-./:;<=>?@', 'x'.repeat(64)])('%j', (text) => {
    expect(isExternalId(text)).toBe(true);
  });

  it.each(['', ' a', 'a ', ' ', 'x'.repeat(65), 'a\tb', 'a\n', '주문', 'é', 'a\u007f', 'a\0'])('not %j', (text) => {
    expect(isExternalId(text)).toBe(false);
  });
});

describe('isCategory', () => {
  it.each(['', 'shoes', ' shoes ', '여성 신발', 'x'.repeat(64), '가'.repeat(64), '👟'.repeat(64)])('%j', (text) => {
    expect(isCategory(text)).toBe(true);
  });

  it.each(['x'.repeat(65), '👟'.repeat(65), '\ud800'])('not %j', (text) => {
    expect(isCategory(text)).toBe(false);
  });
});

describe('isPolicyCode', () => {
  it.each(['standard', 'seller-7-shoes', 'A.b_c-9', 'x'.repeat(64)])('%j', (text) => {
    expect(isPolicyCode(text)).toBe(true);
  });

  it.each(['', 'a b', 'x'.repeat(65), '표준', 'a/b', 'a\n'])('not %j', (text) => {
    expect(isPolicyCode(text)).toBe(false);
  });
});
