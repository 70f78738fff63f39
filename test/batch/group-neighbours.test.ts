/** Which partitions are claimed at once. */
import { expect, it } from '@jest/globals';
import { groupNeighbours } from '../../batch/engine/group-neighbours.js';
import type { Partition, PartitionPass } from '../../core/jobs/stores/partition.js';

interface Given {
  readonly lo: number;
  readonly hi: number;
  readonly entries?: number;
  readonly of?: Partial<Partition>;
}

/** The numbers of the partitions of each group. */
function groupsOf(given: readonly Given[], limits = { entriesMax: 100, partitionsMax: 10, fewEntries: 0 }): number[][] {
  const partitions = given.map(({ lo, of = {} }, i): Partition => {
    const fresh = {
      partitionId: i,
      number: i + 1,
      status: 'PENDING',
      pass: 0,
      cursorId: lo,
      seq: 0,
      epoch: 0,
    } as const;
    const unclaimed = {
      leaseExpired: false,
      claims: 0,
      claimedSeq: 0,
      exceptions: 0,
      errorCode: null,
      errorMessage: null,
    };
    return { ...fresh, ...unclaimed, ...of };
  });
  const passes = new Map(
    given.map(({ lo, hi, entries = hi - lo }, i): [number, PartitionPass[]] => {
      const range = { partitionId: i, lo, hi, entries, done: 0, checkpoint: null };
      return [i, [0, 1].map((pass) => ({ ...range, pass }))];
    }),
  );
  return groupNeighbours(partitions, passes, limits).map((group) => group.map(({ number }) => number));
}

const three: Given[] = [
  { lo: 0, hi: 30 },
  { lo: 30, hi: 60 },
  { lo: 60, hi: 90 },
];
const withSecond = (second: Partial<Given>): Given[] => three.map((one, i) => (i === 1 ? { ...one, ...second } : one));
const limits = (some: object) => ({ entriesMax: 100, partitionsMax: 10, fewEntries: 0, ...some });

it.each([
  ['neighbours that fit are together', three, {}, [[1, 2, 3]]],
  ['not more entries than a chunk has', three, { entriesMax: 60 }, [[1, 2], [3]]],
  ['not more than a share', three, { partitionsMax: 2 }, [[1, 2], [3]]],
  ['more than a share where they are few', three, { partitionsMax: 1, fewEntries: 60 }, [[1, 2], [3]]],
  [
    'empty ones, too',
    [
      { lo: 0, hi: 0 },
      { lo: 0, hi: 0 },
    ],
    {},
    [[1, 2]],
  ],
  ['not over a gap', withSecond({ lo: 31 }), {}, [[1], [2, 3]]],
  ['not one that is under way', withSecond({ of: { cursorId: 40 } }), {}, [[1], [2], [3]]],
  ['not one whose claim has failed', withSecond({ of: { claims: 1 } }), {}, [[1], [2], [3]]],
  ['one whose claim has made progress', withSecond({ of: { claims: 1, seq: 1 } }), {}, [[1, 2, 3]]],
  ['not one that somebody has let go', withSecond({ of: { status: 'RUNNING' } }), {}, [[1], [2], [3]]],
  ['not in different passes', withSecond({ of: { pass: 1 } }), {}, [[1], [2], [3]]],
])('%s', (_name, given, some, expected) => {
  expect(groupsOf(given, limits(some))).toEqual(expected);
});
