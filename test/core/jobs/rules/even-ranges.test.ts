import { expect, it } from '@jest/globals';
import { evenRanges } from '../../../../core/jobs/rules/even-ranges.js';

it.each([
  ['no ids', [], 3, []],
  [
    'fewer ids than partitions',
    [4, 9],
    5,
    [
      [0, 4, 1],
      [4, 9, 1],
    ],
  ],
  [
    'a rest',
    [1, 2, 5, 8, 9],
    2,
    [
      [0, 2, 2],
      [2, 9, 3],
    ],
  ],
  ['one partition', [3, 7], 1, [[0, 7, 2]]],
] as const)('ranges of %s hold each id once', (_what, ids, gridSize, ranges) => {
  expect(evenRanges(ids, gridSize)).toEqual(ranges.map(([lo, hi, entries]) => ({ lo, hi, entries })));
});
