/** The plan of a what-if: it reuses the certified partitions, which already divide the lines into equal shares, so nothing has to be counted. */
import type { IdRange } from '../../../core/jobs/stores/plan.js';
import { parametersOf, type Run } from '../../../core/jobs/stores/run.js';
import type { CertifiedPartition, CertifiedRange } from '../../../core/settlement/rules/certificate.js';
import { DECIDED_FIGURES } from '../../../core/settlement/rules/figures.js';
import { deleteCheckLines } from '../../../core/settlement/stores/policy-check-line.js';
import { certifiedPartitions, type WhatIfParameters } from '../../../core/settlement/what-if.js';
import type { Tx } from '../../../infra/database.js';
import type { PlanDraft } from '../../engine/job.js';

/** A claim costs about as much as trying some hundred lines, so smaller partitions are joined. */
const PARTITION_LINES_MIN = 50_000;

/** The data that the plan freezes. */
export interface WhatIfPlan {
  /** How many partitions each certificate has, in the order of the certificates. */
  readonly partitionsOf: readonly number[];
  /** The certificate's data of the lines, by partition. */
  readonly certified: readonly CertifiedLines[];
}

/** The lines of a partition in a certificate. */
export interface CertifiedLines {
  readonly sales: number;
  readonly refunds: number;
  /** Sums of the figures that a policy decides, in their order; over all currencies, because they only tell whether a line was changed. */
  readonly sums: readonly string[];
}

interface Certified extends Pick<CertifiedLines, 'sums'> {
  readonly ranges: readonly [sales: IdRange, refunds: IdRange];
}

/** Partitions of all certificates, one after the other. Sales are the first pass, refunds the second. */
export async function planWhatIf(tx: Tx, run: Run): Promise<PlanDraft> {
  const { certificates, listFor } = parametersOf<WhatIfParameters>(run);
  // An older release may have listed lines for this task before the upgrade.
  if (listFor !== null) while ((await deleteCheckLines(tx, listFor)) > 0);
  const partitions: Certified[] = [];
  const partitionsOf: number[] = [];
  for (const certificate of certificates) {
    const own = putTogether((await certifiedPartitions(tx, certificate)).map(asCertified));
    partitions.push(...own);
    partitionsOf.push(own.length);
  }
  const certified = partitions.map(({ ranges: [sales, refunds], sums }) => ({
    sales: sales.entries,
    refunds: refunds.entries,
    sums,
  }));
  const parameters: WhatIfPlan = { partitionsOf, certified };
  return { parameters, partitions: partitions.map(({ ranges }) => ranges) };
}

/** The certificate of a partition. */
export function certificateOf(
  { certificates }: WhatIfParameters,
  { partitionsOf }: WhatIfPlan,
  number: number,
): WhatIfParameters['certificates'][number] {
  let last = 0;
  const found = certificates.find((_certificate, i) => {
    last += partitionsOf[i] ?? 0;
    return number <= last;
  });
  if (found === undefined) throw new Error(`the plan has no partition ${number}`);
  return found;
}

const idRange = ({ after, through, lines }: CertifiedRange): IdRange => ({ lo: after, hi: through, entries: lines });

const asCertified = ({ sales, refunds, totals }: CertifiedPartition): Certified => ({
  ranges: [idRange(sales), idRange(refunds)],
  sums: DECIDED_FIGURES.map((name) => addedUp(totals.map((one) => one[name]))),
});

const addedUp = (texts: readonly string[]): string => String(texts.reduce((sum, text) => sum + BigInt(text), 0n));

/** Joins neighbours until each has enough lines. */
function putTogether(all: readonly Certified[]): Certified[] {
  const together: Certified[] = [];
  for (const one of all) {
    const last = together.at(-1);
    if (last === undefined || last.ranges[0].entries + last.ranges[1].entries >= PARTITION_LINES_MIN)
      together.push(one);
    else
      together[together.length - 1] = {
        ranges: [join(last.ranges[0], one.ranges[0]), join(last.ranges[1], one.ranges[1])],
        sums: last.sums.map((sum, i) => addedUp([sum, one.sums[i] as string])),
      };
  }
  return together;
}

/** Joins neighbouring ranges; an empty range has no place. */
function join(a: IdRange, b: IdRange): IdRange {
  if (a.hi === a.lo) return b;
  return b.hi === b.lo ? a : { lo: a.lo, hi: b.hi, entries: a.entries + b.entries };
}
