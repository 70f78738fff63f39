import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { changeOf, MOVEMENT_KINDS, type MovementKind, perUnit, shareOut } from '../../../../core/stock/rules/stock.js';
import { stockDifferences } from '../../../../core/stock/rules/stock-difference.js';

describe('what a movement changes', () => {
  it.each<[MovementKind, number, object]>([
    ['RECEIVE', 5, { available: 5, held: 0, sold: 0 }],
    ['ADJUST', 5, { available: 5, held: 0, sold: 0 }],
    ['ADJUST', -5, { available: -5, held: 0, sold: 0 }],
    ['RESERVE', 5, { available: -5, held: 5, sold: 0 }],
    ['COMMIT', 5, { available: 0, held: -5, sold: 5 }],
    ['RELEASE', 5, { available: 5, held: -5, sold: 0 }],
    ['RETURN', 5, { available: 5, held: 0, sold: -5 }],
  ])('%s of %d', (kind, quantity, change) => expect(changeOf(kind, quantity)).toEqual(change));

  it('only goods that come in or are counted change how many there are', () => {
    const changing = MOVEMENT_KINDS.filter((kind) => {
      const { available, held, sold } = changeOf(kind, 3);
      return available + held + sold !== 0;
    });
    expect(changing).toEqual(['RECEIVE', 'ADJUST']);
  });
});

describe('quantities per unit', () => {
  const unit = (unitId: number, quantity: number) => ({ unitId, quantity });
  it.each([
    ['nothing', [], []],
    [
      'in ascending order of the units',
      [unit(10, 1), unit(9, 2)],
      [
        [9, 2],
        [10, 1],
      ],
    ],
    [
      'a unit that is named twice once',
      [unit(7, 1), unit(3, 1), unit(7, 4)],
      [
        [3, 1],
        [7, 5],
      ],
    ],
  ])('has %s', (_what, units, expected) => expect([...perUnit(units)]).toEqual(expected));

  it.each([0, -1, 1.5, Number.NaN])('takes no quantity of %d', (quantity) => {
    expect(() => perUnit([unit(1, quantity)])).toThrow('cannot be moved');
  });
});

describe('sharing out', () => {
  const lacks = (unitId: number, asked: number, available: number) => ({
    refused: 'INSUFFICIENT_STOCK',
    details: { unitId, asked, available },
  });
  const got = undefined;
  it.each<[string, [number, number][][], [number, number][], unknown[]]>([
    ['enough for everybody', [[[1, 1]], [[1, 2]]], [[1, 3]], [got, got]],
    ['the first come', [[[1, 1]], [[1, 1]], [[1, 1]]], [[1, 2]], [got, got, lacks(1, 1, 0)]],
    ['a smaller request after one that was too large', [[[1, 3]], [[1, 2]]], [[1, 2]], [lacks(1, 3, 2), got]],
    [
      'nothing of a basket that lacks one unit',
      [
        [
          [1, 1],
          [2, 1],
        ],
        [[1, 1]],
      ],
      [
        [1, 1],
        [2, 0],
      ],
      [lacks(2, 1, 0), got],
    ],
    [
      'units that are not short without counting them',
      [
        [
          [1, 9],
          [2, 1],
        ],
      ],
      [[2, 1]],
      [got],
    ],
  ])('%s', (_what, requests, available, outcomes) => {
    expect(
      shareOut(
        requests.map((units) => new Map(units)),
        new Map(available),
      ),
    ).toEqual(outcomes);
  });

  it('never gives more than there is, and refuses nobody whose units are there', () => {
    const basket = fc.dictionary(fc.constantFrom('1', '2', '3'), fc.integer({ min: 1, max: 5 }), { minKeys: 1 });
    const asMap = (units: Readonly<Record<string, number>>) =>
      new Map(Object.entries(units).map(([unitId, quantity]) => [Number(unitId), quantity]));
    fc.assert(
      fc.property(
        fc.array(basket, { maxLength: 8 }),
        fc.array(fc.nat(8), { minLength: 3, maxLength: 3 }),
        (all, there) => {
          const requests = all.map(asMap);
          const left = new Map(there.map((count, at) => [at + 1, count]));
          for (const [at, outcome] of shareOut(requests, left).entries()) {
            const units = [...(requests[at] ?? [])];
            expect(outcome === undefined).toBe(units.every(([unitId, asked]) => (left.get(unitId) ?? 0) >= asked));
            if (outcome === undefined)
              for (const [unitId, asked] of units) left.set(unitId, (left.get(unitId) ?? 0) - asked);
          }
        },
      ),
    );
  });
});

describe('what differs', () => {
  const parts = { received: 9, available: 5, held: 3, sold: 1 };
  it.each<[string, Parameters<typeof stockDifferences>, [string, number, number, number | null][]]>([
    ['nothing', [1, parts, parts, parts], []],
    ['a unit without anything', [1], []],
    ['a held unit without a reservation', [1, parts, parts, { held: 2, sold: 1 }], [['held', 3, 3, 2]]],
    ['a sold unit without a reservation', [1, parts, parts, { held: 3, sold: 0 }], [['sold', 1, 1, 0]]],
    [
      'a movement that is missing',
      [1, parts, { ...parts, available: 4, received: 8 }, parts],
      [
        ['received', 9, 8, null],
        ['available', 5, 4, null],
      ],
    ],
    [
      'a sum that does not hold',
      [1, { ...parts, available: 6 }, { ...parts, available: 6 }, parts],
      [['received', 9, 9, null]],
    ],
    [
      'a row of stock that is missing',
      [1, undefined, { ...parts, held: 0, sold: 0, received: 5 }],
      [
        ['received', 0, 5, null],
        ['available', 0, 5, null],
      ],
    ],
  ])('%s', (_what, args, expected) => {
    expect(stockDifferences(...args).map((one) => [one.part, one.stock, one.journal, one.reservations])).toEqual(
      expected,
    );
  });
});
