import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { foldText, termsOf, textQuery } from '../../../../core/catalogue/rules/search-terms.js';

const product = {
  name: '소가죽 Wallet',
  sellerId: 'S7',
  categoryPath: [1, 4],
  status: 'ACTIVE' as const,
  currency: 'KRW',
  priceMinor: 10_000,
  salePriceMinor: null,
};

describe('the terms of a product', () => {
  it('are all there is, its categories, its seller and the pieces and beginnings of its name', () => {
    expect(termsOf(product)).toEqual([
      '*',
      'c:1',
      'c:4',
      's:S7',
      'g:소가',
      'g:가죽',
      'b:소',
      'g:wal',
      'g:all',
      'g:lle',
      'g:let',
      'b:w',
      'b:wa',
    ]);
  });

  it('tell of a sale', () => {
    expect(termsOf({ ...product, salePriceMinor: 9_000 })).toContain('sale');
  });

  it.each(['DRAFT', 'HIDDEN'] as const)('are none while it is %s', (status) => {
    expect(termsOf({ ...product, status })).toEqual([]);
  });

  it('fit their column, whatever the name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (name) => {
        for (const term of termsOf({ ...product, name })) expect([...term].length).toBeLessThanOrEqual(70);
      }),
    );
  });
});

describe('a search for text', () => {
  it('asks for whole words by a few of their pieces, and for short ones by how words begin', () => {
    expect(textQuery('가죽지갑 W led조명')).toEqual({
      beginnings: ['b:w'],
      pieces: ['g:가죽', 'g:죽지', 'g:지갑', 'g:led', 'g:조명'],
      words: ['가죽지갑', 'led', '조명'],
    });
  });

  it('is nothing without a letter or digit', () => {
    expect(textQuery(' !? ')).toBeUndefined();
  });

  it('folds capitals and compatibility forms', () => {
    expect(textQuery('ＷＡＬＬＥＴ')).toEqual(textQuery('wallet'));
    expect(textQuery('가방'.normalize('NFD'))).toEqual(textQuery('가방'));
  });

  /** Whether a product with the name is found, as the store decides it. */
  function finds(text: string, name: string): boolean {
    const query = textQuery(text);
    const terms = termsOf({ ...product, name });
    if (query === undefined) return false;
    const folded = foldText(name);
    return (
      [...query.beginnings, ...query.pieces].every((term) => terms.includes(term)) &&
      query.words.every((word) => folded.includes(word))
    );
  }

  it.each([
    ['가방', '여행가방 대형', true],
    ['가방 여행', '여행가방 대형', true],
    ['방대', '여행가방 대형', false],
    ['가', '가죽 지갑', true],
    ['죽', '가죽 지갑', false],
    ['allet', 'Wallet', true],
    ['wa', 'Wallet', true],
    ['al', 'Wallet', false],
    ['usb 65', 'USB-C 충전기 65W', true],
    ['かばん', '旅行かばん', true],
    ['100%', '순면 100% 티셔츠', true],
  ])('"%s" in "%s": %s', (text, name, found) => {
    expect(finds(text, name)).toBe(found);
  });

  it('finds every name by each of its words', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom(...'가나다라abcXYZ12一二ア') }), { maxLength: 6 }),
        (words) => {
          const name = words.join(' ');
          for (const word of words.slice(0, 3)) if (textQuery(word) !== undefined) expect(finds(word, name)).toBe(true);
        },
      ),
    );
  });
});
