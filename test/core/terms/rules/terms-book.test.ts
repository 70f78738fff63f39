import { describe, expect, it } from '@jest/globals';
import { checkNewTerms, timelineOf } from '../../../../core/terms/rules/terms-book.js';
import { makeTerms } from '../../../support/terms.js';

const first = makeTerms({ effectiveFrom: '2026-01-01' });
const second = makeTerms({ version: 2, effectiveFrom: '2026-07-01' });
const faultsOf = (...given: Parameters<typeof checkNewTerms>): string[] => {
  const changes = checkNewTerms(...given);
  return Array.isArray(changes) ? changes.map(({ index, code }) => `${index} ${code}`) : [];
};

describe('new versions', () => {
  it('are stored; those that are stored already are unchanged', () => {
    expect(checkNewTerms([], [second, first])).toEqual({ insert: [first, second], unchanged: [] });
    expect(checkNewTerms([first], [first, second])).toEqual({ insert: [second], unchanged: [first] });
  });

  it('of different sellers, and of all sellers, know nothing of each other', () => {
    const others = [makeTerms({ seller: 'S2' }), makeTerms({ seller: null })];
    expect(checkNewTerms([second], others)).toEqual({ insert: others, unchanged: [] });
  });

  it('with the number of a stored one and other content are refused', () => {
    const changed = { ...first, hold: { reason: 'why' } };
    expect(faultsOf([first], [second, changed])).toEqual(['1 TERMS_IMMUTABLE']);
    expect(faultsOf([], [first, changed])).toEqual(['1 TERMS_IMMUTABLE']);
  });

  it.each([
    ['a lower number', { version: 1, effectiveFrom: '2026-08-01' }],
    ['an earlier first day', { version: 3, effectiveFrom: '2026-06-30' }],
    ['the same first day', { version: 3, effectiveFrom: '2026-07-01' }],
  ])('with %s are refused, beside all other faults', (_why, terms) => {
    const wrong = makeTerms(terms);
    const foreign = makeTerms({ version: 2, effectiveFrom: '2026-07-02' });
    expect(faultsOf([second], [wrong, foreign]).sort()).toEqual(['0 TERMS_OUT_OF_ORDER', '1 TERMS_IMMUTABLE']);
  });
});

describe('what is in force', () => {
  const shown = (...given: Parameters<typeof timelineOf>): string[] =>
    timelineOf(...given).map(({ from, to, terms }) => `${from} ${to ?? 'open'} ${terms.seller} ${terms.version}`);
  const general = makeTerms({ seller: null, effectiveFrom: '2026-03-01' });

  it('is one version after the other', () => {
    expect(shown([first, second], [])).toEqual(['2026-01-01 2026-06-30 S1 1', '2026-07-01 open S1 2']);
    expect(shown([{ ...first, effectiveTo: '2026-05-31' }, second], [])).toEqual([
      '2026-01-01 2026-05-31 S1 1',
      '2026-07-01 open S1 2',
    ]);
    expect(shown([{ ...first, effectiveTo: '2026-12-31' }, second], [])[0]).toBe('2026-01-01 2026-06-30 S1 1');
  });

  it('is what all sellers have where a seller has nothing of its own', () => {
    expect(shown([], [general])).toEqual(['2026-03-01 open null 1']);
    expect(shown([{ ...first, effectiveTo: '2026-05-31' }, second], [general])).toEqual([
      '2026-01-01 2026-05-31 S1 1',
      '2026-06-01 2026-06-30 null 1',
      '2026-07-01 open S1 2',
    ]);
    const short = makeTerms({ effectiveFrom: '2026-04-01', effectiveTo: '2026-04-01' });
    const ended = { ...general, effectiveTo: '2026-04-30' };
    expect(shown([short], [ended])).toEqual([
      '2026-03-01 2026-03-31 null 1',
      '2026-04-01 2026-04-01 S1 1',
      '2026-04-02 2026-04-30 null 1',
    ]);
    expect(shown([first], [general])).toEqual(['2026-01-01 open S1 1']);
  });
});
