/** Compares the replay of a generation's lines with its certificate. */
import { LEGS, REFUND, SALE } from '../../../core/feed/rules/leg.js';
import {
  type CertificateBody,
  type CertifiedPartition,
  type CertifiedTotals,
  certifiedTotals,
  controlOf,
  EMPTY_SHA256,
} from '../../../core/settlement/rules/certificate.js';
import { TotalsBy } from '../../../core/settlement/rules/line-totals.js';
import { type Check, equal } from './check.js';
import { firstDifference } from './compare-totals.js';
import type { LineDifference, ReplayedRange } from './line-replay.js';
import { type PlannedPartition, rangeOf } from './pieces.js';

interface ReplayedPartition {
  readonly partition: CertifiedPartition;
  /** The totals of the sales and of the refunds. */
  readonly ranges: readonly [ReplayedRange, ReplayedRange];
}

const NO_LINES: ReplayedRange = { lines: 0, sha256: EMPTY_SHA256, totals: [], differences: [], differing: 0 };

/** @param results of the plan's pieces */
export function replayChecks(
  body: CertificateBody,
  planned: readonly PlannedPartition[],
  results: readonly (ReplayedRange | null)[],
): ReplayVerdict {
  const replayed = planned.map(({ partition, pieceOf }): ReplayedPartition => {
    const [sales, refunds] = LEGS.map((leg) => results[pieceOf[leg] ?? -1] ?? NO_LINES);
    return { partition, ranges: [sales ?? NO_LINES, refunds ?? NO_LINES] };
  });
  const generation = `generation ${body.generation}`;
  const differences = replayed.flatMap(differencesOf);
  return {
    checks: [
      lineReplay(body, replayed, differences[0], generation),
      partitionSums(replayed, generation),
      partitionHashes(body, replayed, generation),
    ],
    differences,
    differing: replayed.flatMap(({ ranges }) => ranges).reduce((sum, range) => sum + range.differing, 0),
  };
}

export interface ReplayVerdict {
  readonly checks: Check[];
  /** The first lines that are not as they were certified, and how many there are. */
  readonly differences: readonly ChangedLine[];
  readonly differing: number;
}

/** Expected is the certified value, actual the current one. */
export interface ChangedLine extends LineDifference {
  /** The line is as it was certified, and its entry in the feed is not. */
  readonly entryChanged: boolean;
}

/**
 * A line and its replay differ because the line was changed, or its entry. The entry was changed where the amounts of the
 * partition's entries are not the certified ones; then the line is the certified one.
 */
function differencesOf({ partition, ranges }: ReplayedPartition): ChangedLine[] {
  const differences = ranges.flatMap((range) => range.differences);
  if (differences.length === 0) return [];
  const found = totalsOf(ranges).map(controlOf);
  const entryChanged = firstDifference(partition.totals.map(controlOf), found) !== undefined;
  const turned = (it: LineDifference): LineDifference => ({
    ...it,
    figures: it.figures.map(({ name, expected, actual }) => ({ name, expected: actual, actual: expected })),
    expected: it.actual,
    actual: it.expected,
  });
  return differences.map((it) => ({ ...(entryChanged ? turned(it) : it), entryChanged }));
}

function lineReplay(
  { policyRevision }: CertificateBody,
  replayed: readonly ReplayedPartition[],
  difference: ChangedLine | undefined,
  generation: string,
): Check {
  const ranges = replayed.flatMap((partition) => partition.ranges);
  if (difference !== undefined) {
    const { line, expected, actual } = difference;
    return { name: 'line-replay', ok: false, expected, actual, detail: line };
  }
  const lines = ranges.reduce((sum, range) => sum + range.lines, 0);
  const detail = `${generation}, every line gives the same figures under policy revision ${policyRevision}`;
  return equal('line-replay', lines, lines, detail);
}

function partitionSums(replayed: readonly ReplayedPartition[], generation: string): Check {
  for (const { partition, ranges } of replayed) {
    const difference = firstDifference(partition.totals, totalsOf(ranges));
    if (difference !== undefined)
      return {
        name: 'partition-sums',
        ok: false,
        ...difference,
        detail: `${generation}, partition ${partition.number}`,
      };
  }
  return equal('partition-sums', replayed.length, replayed.length, generation);
}

function totalsOf(ranges: readonly ReplayedRange[]): CertifiedTotals[] {
  const sum = new TotalsBy();
  for (const { totals } of ranges) for (const [currency, more] of totals) sum.of(currency).addTotals(more);
  return sum.entries().map(([currency, totals]) => certifiedTotals(currency, totals));
}

const legsInWords = { [SALE]: 'sales', [REFUND]: 'refunds' } as const;
const inWords = ({ lines, sha256 }: { readonly lines: number; readonly sha256: string }): string =>
  `${lines} lines, ${sha256}`;

function partitionHashes(body: CertificateBody, replayed: readonly ReplayedPartition[], generation: string): Check {
  for (const { partition, ranges } of replayed) {
    for (const leg of LEGS) {
      const certified = rangeOf(partition, leg);
      const [expected, actual] = [inWords(certified), inWords(ranges[leg])];
      if (expected === actual) continue;
      const where = `${legsInWords[leg]} (${certified.after}, ${certified.through}]`;
      return equal('partition-hashes', expected, actual, `${generation}, partition ${partition.number}, ${where}`);
    }
  }
  return equal('partition-hashes', body.linesHash, body.linesHash, generation);
}
