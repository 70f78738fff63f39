/** The plan of a what-if: the partitions that were certified, which tell for nothing where equal shares of the lines are. */
import type { IdRange } from '../../../core/jobs/stores/plan.js';
import type { Run } from '../../../core/jobs/stores/run.js';
import type { CertifiedRange } from '../../../core/settlement/rules/certificate.js';
import { deleteCheckLines } from '../../../core/settlement/stores/policy-check-line.js';
import { certifiedPartitions, type WhatIfParameters } from '../../../core/settlement/what-if.js';
import type { Tx } from '../../../infra/database.js';
import type { PlanDraft } from '../../engine/job.js';

/** A claim costs about as much as trying some hundred lines: smaller partitions are put together. */
const PARTITION_LINES_MIN = 50_000;

/** What the plan freezes: how many partitions each certificate has, in the order of the certificates. */
export interface WhatIfPlan {
  readonly partitionsOf: readonly number[];
}

type Ranges = readonly [sales: IdRange, refunds: IdRange];

/** Partitions of all certificates, one after the other. Sales are the first pass, refunds the second. */
export async function planWhatIf(tx: Tx, run: Run): Promise<PlanDraft> {
  const { certificates, listFor } = run.parameters as WhatIfParameters;
  // An older version of this program may have been listing lines for the task when it was replaced.
  if (listFor !== null) while ((await deleteCheckLines(tx, listFor)) > 0);
  const partitions: Ranges[] = [];
  const partitionsOf: number[] = [];
  for (const certificate of certificates) {
    const certified = await certifiedPartitions(tx, certificate);
    const own = putTogether(certified.map(({ sales, refunds }): Ranges => [idRange(sales), idRange(refunds)]));
    partitions.push(...own);
    partitionsOf.push(own.length);
  }
  const parameters: WhatIfPlan = { partitionsOf };
  return { parameters, partitions };
}

/** The certificate that a partition belongs to. */
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

/** Neighbours together until each has enough lines. */
function putTogether(all: readonly Ranges[]): Ranges[] {
  const together: Ranges[] = [];
  for (const ranges of all) {
    const last = together.at(-1);
    if (last === undefined || last[0].entries + last[1].entries >= PARTITION_LINES_MIN) together.push(ranges);
    else together[together.length - 1] = [join(last[0], ranges[0]), join(last[1], ranges[1])];
  }
  return together;
}

/** Neighbouring ranges as one; an empty one is nowhere. */
function join(a: IdRange, b: IdRange): IdRange {
  if (a.hi === a.lo) return b;
  return b.hi === b.lo ? a : { lo: a.lo, hi: b.hi, entries: a.entries + b.entries };
}
