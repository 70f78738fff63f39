/**
 * Writes the synthetic feed of a date and its fee policies. The seed is an import like any other: registered, written batch
 * by batch, resumed by the same command, and withdrawn with `imports abandon`.
 */
import { createHash } from 'node:crypto';
import type { Db } from '../../infra/database.js';
import { isDuplicateKey } from '../../infra/database-errors.js';
import { type OutagePatience, survivingOutage } from '../../infra/survive-outage.js';
import { MagamError } from '../../kernel/errors.js';
import {
  completeImport,
  findInterruptedImport,
  leaveImport,
  type OpenImport,
  openImport,
  writeBatch,
} from '../feed/import/import-record.js';
import { lineKey } from '../feed/rules/entry.js';
import { newRefund } from '../feed/rules/refund.js';
import { readShutThrough } from '../feed/stores/calendar.js';
import { findSales, insertRefunds, insertSales, type NewSale } from '../feed/stores/entry.js';
import { findCompletedImport, findImportsBySource } from '../feed/stores/feed-import.js';
import { applyPolicies } from '../policies/apply-policies.js';
import { SyntheticFeed, type SyntheticFeedOptions, type SyntheticRefund } from './rules/synthetic-feed.js';
import { SYNTHETIC_POLICIES } from './rules/synthetic-policies.js';

/** Entries per transaction. */
const BATCH_ROWS = 4_000;

export interface SeedRequest extends SyntheticFeedOptions {
  readonly requestedBy: string;
  /** How long the import waits for a database that is away, locked or takes no writes (ms). */
  readonly outageMs: number;
  readonly signal: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
  readonly onOutage?: OutagePatience['onOutage'];
}

export interface SeedResult {
  readonly importId: number;
  readonly date: string;
  readonly lines: number;
  readonly refunds: number;
  readonly laterEntries: number;
  readonly sellers: number;
  readonly policies: number;
  readonly alreadySeeded: boolean;
}

/**
 * Seeds a date. Throws DATE_CLOSED, SEED_CONFLICT (the same date and seed with other numbers), IMPORT_RUNNING, POLICY_OVERLAP
 * (somebody else's policies stand in the way), IMPORT_STOPPED.
 */
export async function seedFeed(db: Db, request: SeedRequest): Promise<SeedResult> {
  const { date, lines, sellers, seed } = request;
  const feed = new SyntheticFeed({ date, lines, sellers, seed });
  const refunds = countRefunds(feed);
  const sourcePrefix = `date ${date}, seed ${seed}: `;
  const source = `${sourcePrefix}${lines} lines, ${sellers} sellers`;
  const fingerprint = createHash('sha256').update(`seed ${source}`).digest('hex');
  const result = (importId: number, alreadySeeded: boolean): SeedResult => {
    const { laterEntries } = feed;
    return {
      importId,
      date,
      lines,
      refunds,
      laterEntries,
      sellers,
      policies: SYNTHETIC_POLICIES.length,
      alreadySeeded,
    };
  };

  const done = await findCompletedImport(db, 'seed', fingerprint);
  if (done !== undefined) return result(done.importId, true);
  await refuseClosed(db, date);
  const others = await findImportsBySource(db, 'seed', sourcePrefix);
  const other = others.find((record) => record.fingerprint !== fingerprint && record.status !== 'ABANDONED');
  if (other !== undefined)
    throw new MagamError('SEED_CONFLICT', undefined, { importId: other.importId, source: other.source });
  const interrupted = await findInterruptedImport(db, fingerprint);
  if (interrupted?.status === 'ABANDONING') {
    throw new MagamError('IMPORT_UNFINISHED', 'This seed is being withdrawn; finish that with magam imports abandon.', {
      importId: interrupted.importId,
    });
  }
  await applyPolicies(db, SYNTHETIC_POLICIES, request.requestedBy);
  const rowsTotal = feed.slots + refunds;
  const work = {
    kind: 'seed' as const,
    source,
    fingerprint,
    lateOn: null,
    rowsTotal,
    rowsNew: 0,
    rowsUnchanged: 0,
    rowsRejected: 0,
    requestedBy: request.requestedBy,
  };
  const open = await openImport(db, work, feed.dates, interrupted, request);
  if (open === undefined) throw new MagamError('DATE_CLOSED', undefined, { date });
  try {
    await writeSeed(db, open, feed, request, rowsTotal);
    await completeImport(db, open);
  } catch (error) {
    await leaveImport(db, open);
    throw error;
  }
  return result(open.importId, false);
}

async function refuseClosed(db: Db, date: string): Promise<void> {
  const shutThrough = await readShutThrough(db);
  if (shutThrough !== null && date <= shutThrough)
    throw new MagamError('DATE_CLOSED', undefined, { date, shutThrough });
}

/** Writes one batch and commits it when its turn has come. */
type WriteInTurn = (turn: Promise<void>) => Promise<void>;

async function writeSeed(
  db: Db,
  open: OpenImport,
  feed: SyntheticFeed,
  request: SeedRequest,
  total: number,
): Promise<void> {
  const report = (): void => request.onProgress?.(open.rowsDone, total);
  // The refunds name stored sales, so the sales come first, all of them.
  await writeInTurn(saleBatches(db, open, feed), report, request.signal);
  await writeInTurn(refundBatches(db, open, feed), report, request.signal);
  if (open.rowsDone < total) throw new MagamError('IMPORT_STOPPED', undefined, { importId: open.importId });
}

/** Two batches are always under way: one is generated and sent while the server stores the other. */
async function writeInTurn(batches: Iterable<WriteInTurn>, report: () => void, signal: AbortSignal): Promise<void> {
  let last: Promise<void> = Promise.resolve();
  try {
    for (const write of batches) {
      if (signal.aborted) break;
      const turn = last;
      last = write(turn);
      last.catch(() => undefined); // read when its turn comes, and below
      await turn;
      report();
    }
    await last;
    report();
  } catch (error) {
    await last.catch(() => undefined);
    throw isDuplicateKey(error)
      ? new MagamError('ENTRY_CONFLICT', 'The feed has an entry with a key of this seed.')
      : error;
  }
}

/** The batches of sales that are not committed yet, in slot order. */
function* saleBatches(db: Db, open: OpenImport, feed: SyntheticFeed): Generator<WriteInTurn> {
  for (let from = open.rowsDone; from < feed.slots; from += BATCH_ROWS) {
    const first = from;
    const to = Math.min(feed.slots, from + BATCH_ROWS);
    yield (turn) => writeSales(db, open, feed, first, to, turn);
  }
}

/** The batches of refunds that are not committed yet, in the order of their sales. */
function* refundBatches(db: Db, open: OpenImport, feed: SyntheticFeed): Generator<WriteInTurn> {
  const done = open.rowsDone;
  let from = feed.slots;
  for (const refunds of refundGroups(feed)) {
    const first = from;
    if (first >= done) yield (turn) => writeRefunds(db, open, feed.options.date, refunds, first, turn);
    from += refunds.length;
  }
}

async function writeSales(
  db: Db,
  open: OpenImport,
  feed: SyntheticFeed,
  from: number,
  to: number,
  turn: Promise<void>,
): Promise<void> {
  const sales: NewSale[] = [];
  for (let slot = from; slot < to; slot += 1) {
    const entry = feed.sale(slot);
    sales.push({ settledOn: entry.occurredOn, entry });
  }
  const dates = [...new Set(sales.map((sale) => sale.settledOn))];
  const batch = { from, to, dates, rowsNew: sales.length, rowsUnchanged: 0, rowsRejected: 0 };
  await writeBatch(db, open, batch, (tx) => insertSales(tx, open.importId, sales), turn);
}

async function writeRefunds(
  db: Db,
  open: OpenImport,
  saleDate: string,
  refunds: readonly SyntheticRefund[],
  from: number,
  turn: Promise<void>,
): Promise<void> {
  const sales = await survivingOutage(open.patience, () => findSales(db, refunds));
  const rows = refunds.map(({ priorQuantity, ...entry }) => {
    const sale = sales.get(lineKey(entry));
    if (sale?.settledOn !== saleDate) throw new MagamError('ORIGINAL_MISSING', undefined, { ...entry });
    return newRefund(sale, entry, priorQuantity, entry.occurredOn);
  });
  const dates = [...new Set(rows.map((row) => row.settledOn))];
  const batch = { from, to: from + rows.length, dates, rowsNew: rows.length, rowsUnchanged: 0, rowsRejected: 0 };
  await writeBatch(db, open, batch, (tx) => insertRefunds(tx, open.importId, rows), turn);
}

/** Refunds in slot order, those of one sale never apart. */
function* refundGroups(feed: SyntheticFeed): Generator<SyntheticRefund[]> {
  let group: SyntheticRefund[] = [];
  for (let slot = 0; slot < feed.slots; slot += 1) {
    group.push(...feed.refunds(slot));
    if (group.length < BATCH_ROWS) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

function countRefunds(feed: SyntheticFeed): number {
  let count = 0;
  for (let slot = 0; slot < feed.slots; slot += 1) count += feed.refunds(slot).length;
  return count;
}
