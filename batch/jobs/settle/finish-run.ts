/**
 * The end of a generation, one transaction: every partition is done, the control totals that the database computes from the
 * feed equal the sums over the chunks, then settlements, certificate, closed date, completed run. All of it or nothing.
 */
import { REFUND, SALE } from '../../../core/feed/rules/leg.js';
import { closeDate } from '../../../core/feed/stores/calendar.js';
import { type Partition, readPartitions } from '../../../core/jobs/stores/partition.js';
import { findRun, isCompleted, moveRun, type Plan, type Run } from '../../../core/jobs/stores/run.js';
import {
  type CertificateBody,
  type CertifiedControl,
  type CertifiedPartition,
  type CertifiedTotals,
  certificateText,
  certifiedTotals,
  controlOf,
  EMPTY_SHA256,
  partitionHashesText,
} from '../../../core/settlement/rules/certificate.js';
import { TotalsBy } from '../../../core/settlement/rules/line-totals.js';
import {
  insertCertificate,
  insertSettlements,
  readPreviousLink,
  readSettlementSums,
} from '../../../core/settlement/stores/certificate.js';
import { controlTotals, type FeedSums } from '../../../core/settlement/stores/entry-page.js';
import { countOpenExceptions } from '../../../core/settlement/stores/exception.js';
import { readPartitionTotals, totalsOfRow } from '../../../core/settlement/stores/partition-total.js';
import { type Db, inTransaction, type Tx } from '../../../infra/database.js';
import { faultPoint } from '../../../infra/faults.js';
import { sha256 } from '../../../infra/sha256.js';
import { signHash } from '../../../infra/signing.js';
import { MagamError } from '../../../kernel/errors.js';

/**
 * Completes the generation. Does nothing when somebody else has. Throws `CONTROL_TOTALS_DIFFER`.
 *
 * The control totals are read just before the transaction, over several connections: behind the shut door nothing they are made of
 * moves, and one connection would keep a million rows waiting for half a second more.
 */
export async function finishRun(db: Db, run: Run, plan: Plan, signingKeyPem: string | null): Promise<void> {
  const control = await feedControl(
    db,
    run.date,
    plan.generation,
    middle(await readPartitions(db, run.runId, plan.generation)),
  );
  await inTransaction(db, async (tx) => {
    const current = await findRun(tx, run.date, true);
    if (current === undefined || isCompleted(current.status) || current.generation !== plan.generation) return;
    const partitions = await readPartitions(tx, run.runId, plan.generation);
    if (partitions.some(({ status }) => status !== 'DONE')) throw new Error(`run ${run.runId} is not done`);

    const certified = await certifiedPartitions(tx, run, plan, partitions);
    const totals = sumTotals(certified.flatMap((partition) => partition.totals));
    requireEqual('the feed', totals.map(controlOf), control);
    await insertSettlements(tx, run.runId, run.date, plan.generation);
    const settled = (await readSettlementSums(tx, run.date, plan.generation)).map((row) =>
      certifiedTotals(row.currency as string, totalsOfRow(row)),
    );
    requireEqual('the settlements', totals, settled);

    const exceptions = await countOpenExceptions(tx, run.date);
    const body: CertificateBody = {
      format: 'magam-certificate/1',
      job: 'settle',
      date: run.date,
      generation: plan.generation,
      policyRevision: plan.policyRevision,
      partitions: certified,
      totals,
      control,
      exceptions,
      linesHash: sha256(partitionHashesText(certified)),
      previous: await readPreviousLink(tx, run.date, plan.generation),
    };
    const text = certificateText(body);
    const hash = sha256(text);
    const signed = signingKeyPem === null ? { publicKey: null, signature: null } : signHash(hash, signingKeyPem);
    await insertCertificate(tx, {
      date: run.date,
      generation: plan.generation,
      runId: run.runId,
      body: text,
      hash,
      ...signed,
    });
    await closeDate(tx, run.date);
    await moveRun(
      tx,
      run.runId,
      ['RUNNING', 'STOPPED', 'FAILED'],
      exceptions > 0 ? 'COMPLETED_WITH_EXCEPTIONS' : 'COMPLETED',
    );
    await faultPoint('run.before-finish-commit');
  });
  await faultPoint('run.finished');
}

async function certifiedPartitions(
  tx: Tx,
  run: Run,
  plan: Plan,
  partitions: readonly Partition[],
): Promise<CertifiedPartition[]> {
  const sums = await readPartitionTotals(tx, run.runId, plan.generation);
  return partitions.map((p) => ({
    number: p.number,
    sales: { after: p.saleLo, through: p.saleHi, lines: p.saleLines, sha256: p.saleHash ?? EMPTY_SHA256 },
    refunds: { after: p.refundLo, through: p.refundHi, lines: p.refundLines, sha256: p.refundHash ?? EMPTY_SHA256 },
    totals: sums
      .filter(({ number }) => number === p.number)
      .map(({ currency, totals }) => certifiedTotals(currency, totals)),
  }));
}

/** Sums of certified totals, per currency. */
export function sumTotals(all: readonly CertifiedTotals[]): CertifiedTotals[] {
  const sum = new TotalsBy();
  for (const { currency, sales, refunds, ...texts } of all) {
    const figures = Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, BigInt(text)]));
    sum
      .of(currency)
      .addTotals({ sales, refunds, ...figures } as Parameters<ReturnType<TotalsBy['of']>['addTotals']>[0]);
  }
  return sum.entries().map(([currency, totals]) => certifiedTotals(currency, totals));
}

/** Where the sales of a plan are cut in two: at a partition's boundary. */
const middle = (partitions: readonly Partition[]): number[] => {
  const half = partitions[Math.floor(partitions.length / 2)];
  return half === undefined || half.saleLo === 0 ? [] : [half.saleLo];
};

/** The control totals of both legs together. `cuts` as in `controlTotals`, for the sales. */
export async function feedControl(
  db: Db,
  date: string,
  generation: number,
  cuts: readonly number[] = [],
): Promise<CertifiedControl[]> {
  const sales = await controlTotals(db, date, SALE, generation, cuts);
  const refunds = await controlTotals(db, date, REFUND, generation);
  return [...new Set([...sales.keys(), ...refunds.keys()])].sort().map((currency) => {
    const [s, r] = [sales.get(currency), refunds.get(currency)];
    const sum = (name: Exclude<keyof FeedSums, 'entries'>): string =>
      ((s?.[name] ?? 0n) + (r?.[name] ?? 0n)).toString();
    return {
      currency,
      sales: s?.entries ?? 0,
      refunds: r?.entries ?? 0,
      itemAmount: sum('itemAmount'),
      sellerDiscount: sum('sellerDiscount'),
      platformDiscount: sum('platformDiscount'),
      shippingFee: sum('shippingFee'),
    };
  });
}

function requireEqual(name: string, lines: readonly object[], other: readonly object[]): void {
  if (JSON.stringify(lines) === JSON.stringify(other)) return;
  throw new MagamError(
    'CONTROL_TOTALS_DIFFER',
    `The sums over the lines differ from those of ${name}; the date stays open.`,
    { lines, other },
  );
}
