/**
 * The end of a generation: the control totals that the database computes from the feed equal the sums over the chunks, then settlements,
 * certificate, closed date. All of it happens in the transaction that completes the run, or nothing does.
 */
import { REFUND, SALE } from '../../../core/feed/rules/leg.js';
import { closeDate } from '../../../core/feed/stores/calendar.js';
import { readPasses } from '../../../core/jobs/stores/partition.js';
import type { Plan } from '../../../core/jobs/stores/plan.js';
import type { Run } from '../../../core/jobs/stores/run.js';
import { certifiedPartitions } from '../../../core/settlement/certified-partitions.js';
import {
  type CertificateLink,
  type CertifiedControl,
  type CertifiedTotals,
  certifiedTotals,
  controlOf,
  partitionHashesText,
  sumTotals,
} from '../../../core/settlement/rules/certificate.js';
import { ENTRY_FIGURES, eachFigure } from '../../../core/settlement/rules/figures.js';
import { lineFormOfPlan, type SettlePlanParameters } from '../../../core/settlement/rules/plan-parameters.js';
import {
  insertSettlements,
  readPreviousLink,
  readSettlementSums,
} from '../../../core/settlement/stores/certificate.js';
import { controlTotals } from '../../../core/settlement/stores/control-total.js';
import { findRowsBetween } from '../../../core/settlement/stores/empty-date.js';
import { countOpenExceptions } from '../../../core/settlement/stores/exception.js';
import { totalsOfRow } from '../../../core/settlement/stores/partition-total.js';
import { SETTLE } from '../../../core/settlement/stores/settlement-run.js';
import { type Db, forWholeDates, type Tx } from '../../../infra/database.js';
import { stands } from '../../../infra/faults.js';
import { sha256 } from '../../../infra/sha256.js';
import { type CountOrShare, exceeds, limitText } from '../../../kernel/count-or-share.js';
import { MagamError } from '../../../kernel/errors.js';
import type { Completion, JobCall } from '../../engine/job.js';
import { certify, readVouched } from './certify.js';
import { requireTurn } from './take-turn.js';

/**
 * Prepares the end of the run's generation. The returned function throws `EARLIER_DATE_OPEN`, `CONTROL_TOTALS_DIFFER`, `EXCEPTIONS_EXCEEDED` and
 * `SIGNING_KEY_MISSING`.
 *
 * Control totals, parked entries and policies are read just before the transaction, over several connections: behind the shut door their rows do not
 * change, and one connection would take half a second longer for a million rows.
 */
export async function finishDate({ db, config }: JobCall, run: Run, plan: Plan): Promise<Completion> {
  const date = run.key;
  const { generation } = plan;
  const parameters = plan.parameters as SettlePlanParameters;
  const form = lineFormOfPlan(parameters);
  const [control, vouched] = await Promise.all([
    middleSale(db, run).then((cuts) => feedControl(forWholeDates(db), date, generation, cuts)),
    form === 1 ? undefined : readVouched(forWholeDates(db), date, generation),
  ]);
  return async (tx, current, partitions) => {
    const { runId } = current;
    await requireTurn(tx, current);
    const certified = await certifiedPartitions(tx, runId, generation, partitions, form);
    const totals = sumTotals(certified.flatMap((partition) => partition.totals));
    requireEqual('the feed', totals.map(controlOf), control);
    const exceptions = await countOpenExceptions(tx, date);
    if (generation === 1) requireFewParked(date, exceptions, totals, config.exceptionsMax);
    await insertSettlements(forWholeDates(tx), runId, date, generation);
    const settled = (await readSettlementSums(tx, date, generation)).map((row) =>
      certifiedTotals(row.currency as string, totalsOfRow(row)),
    );
    requireEqual('the settlements', totals, settled);
    const { policyRevision } = parameters;
    const linesHash = sha256(partitionHashesText(certified));
    const previous = await readPreviousLink(tx, date, generation);
    await requireEmptyBefore(tx, date, generation, previous);
    await certify(tx, config, runId, plan, vouched, {
      ...{ job: SETTLE, date, generation, policyRevision },
      ...{ partitions: certified, totals, control, exceptions, linesHash, previous },
    });
    await closeDate(tx, date);
    return exceptions > 0 ? 'COMPLETED_WITH_EXCEPTIONS' : 'COMPLETED';
  };
}

/** The dates since the previous certified one are closed with this one because they are empty. */
async function requireEmptyBefore(
  tx: Tx,
  date: string,
  generation: number,
  previous: CertificateLink | null,
): Promise<void> {
  if (generation > 1) return;
  const found = await findRowsBetween(tx, previous?.date ?? null, date);
  if (found.length === 0) return;
  throw new MagamError(
    'CONTROL_TOTALS_DIFFER',
    `${found[0]?.table} has rows of ${found[0]?.date}, which was closed without entries; ${date} stays open.`,
    { date, found },
  );
}

/** The id at which the sales of a plan are cut in two: a partition's boundary. */
async function middleSale(db: Db, run: Run): Promise<number[]> {
  const starts = [...(await readPasses(db, run.runId, run.generation)).values()].map((passes) => passes[SALE]?.lo ?? 0);
  const half = starts[Math.floor(starts.length / 2)];
  return half === undefined || half === 0 ? [] : [half];
}

/** The control totals of both legs together. `cuts` as in `controlTotals`, for the sales. */
async function feedControl(
  db: Db,
  date: string,
  generation: number,
  cuts: readonly number[] = [],
): Promise<CertifiedControl[]> {
  const sales = await controlTotals(db, date, SALE, generation, cuts);
  const refunds = await controlTotals(db, date, REFUND, generation);
  return [...new Set([...sales.keys(), ...refunds.keys()])].sort().map((currency) => {
    const [s, r] = [sales.get(currency), refunds.get(currency)];
    return {
      currency,
      sales: s?.entries ?? 0,
      refunds: r?.entries ?? 0,
      ...eachFigure(ENTRY_FIGURES, (name) => ((s?.[name] ?? 0n) + (r?.[name] ?? 0n)).toString()),
    };
  });
}

/** Checked before anything is closed: with missing or wrong policies a feed parks entries that it should settle. */
function requireFewParked(
  date: string,
  parked: number,
  totals: readonly CertifiedTotals[],
  limit: CountOrShare | null,
): void {
  const entries = totals.reduce((sum, { sales, refunds }) => sum + sales + refunds, parked);
  if (limit === null || !exceeds(parked, entries, limit)) return;
  throw new MagamError(
    'EXCEPTIONS_EXCEEDED',
    `${parked} of ${entries} entries of ${date} would be parked; ${limitText(limit)} are allowed. The date stays open.`,
    { date, parked, entries, allowed: limitText(limit) },
  );
}

function requireEqual(name: string, lines: readonly object[], other: readonly object[]): void {
  if (JSON.stringify(lines) === JSON.stringify(other) || !stands('control-totals')) return;
  throw new MagamError(
    'CONTROL_TOTALS_DIFFER',
    `The sums over the lines differ from those of ${name}; the date stays open.`,
    { lines, other },
  );
}
