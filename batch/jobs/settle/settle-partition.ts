/**
 * The settlement in a worker thread: a pass is a leg, a page of entries is decided, and the results are written behind the fence: lines,
 * parked entries, sums. The checkpoint is the SHA-256 over the leg's lines so far: after a takeover the lines committed are read
 * back to restore it and the sums per seller, and are checked on the way.
 */
import { type Leg, REFUND, SALE } from '../../../core/feed/rules/leg.js';
import type { PolicyBook } from '../../../core/policies/rules/policy-book.js';
import { CanonicalLines, type LineForm } from '../../../core/settlement/rules/canonical-line.js';
import { type Decision, decideRefunds, decideSales, type Refused } from '../../../core/settlement/rules/decide.js';
import type { SettledLine } from '../../../core/settlement/rules/line.js';
import { SellerTotals, TotalsBy } from '../../../core/settlement/rules/line-totals.js';
import { lineFormOfPlan, type SettlePlanParameters } from '../../../core/settlement/rules/plan-parameters.js';
import { type EntryPage, readRefunds, readSales } from '../../../core/settlement/stores/entry-page.js';
import { insertExceptions, resolveExceptions, updateExceptions } from '../../../core/settlement/stores/exception.js';
import { completeLine, insertLines, readStoredLines } from '../../../core/settlement/stores/line.js';
import { addPartitionTotals, addSellerTotals } from '../../../core/settlement/stores/partition-total.js';
import type { Db, Tx } from '../../../infra/database.js';
import { errorText, isDataError, isDuplicateKey } from '../../../infra/database-errors.js';
import { RunningSha256, sha256 } from '../../../infra/sha256.js';
import { probeRowWriter, type RowWriter } from '../../../infra/stores/row-writer.js';
import { MagamError } from '../../../kernel/errors.js';
import type { Chunk, PassInHand, PassTask, Thread, ThreadJob, WholePasses } from '../../engine/job.js';
import { sourceOf } from './open-run.js';
import { originalPolicyIds, RunPolicies, withPolicies } from './policies-of-run.js';
import { findRefusedLines } from './refused-lines.js';

/** Keeps the policies of the last run compiled. The fastest way to write lines is read for each pass, because after a failover the server is another one. */
export class SettleThread implements ThreadJob {
  readonly name = 'settle';
  readonly finalErrors = new Set(['DUPLICATE_LINE', 'LINES_CHANGED']);
  private readonly policies = new RunPolicies();

  async begin(task: PassTask, thread: Thread): Promise<PassInHand> {
    const { db, config } = thread;
    const writer = config.lineWriter === 'auto' ? await probeRowWriter(db) : config.lineWriter;
    const policies = await this.policies.at(db, (task.parameters as SettlePlanParameters).policyRevision);
    const leg = new LegInHand(db, policies, writer, task);
    await leg.restore(() => thread.board.tick(thread.slot));
    return leg;
  }

  async together(tasks: readonly PassTask[], thread: Thread): Promise<WholePasses> {
    const [first] = tasks;
    if (first === undefined) throw new Error('no partition to settle');
    const { db, config } = thread;
    const writer = config.lineWriter === 'auto' ? await probeRowWriter(db) : config.lineWriter;
    const policies = await this.policies.at(db, (first.parameters as SettlePlanParameters).policyRevision);
    return settleTogether(tasks, { db, policies, writer });
  }
}

/** Reads, decides and writes once for the same leg of several partitions with consecutive ids. */
async function settleTogether(
  tasks: readonly PassTask[],
  { db, policies, writer }: { readonly db: Db; readonly policies: PolicyBook; readonly writer: RowWriter },
): Promise<WholePasses> {
  const first = tasks[0] as PassTask;
  const { key: date, generation, chunkRows } = first;
  const leg = legOf(first);
  const through = (tasks.at(-1) as PassTask).hi;
  // One more than planned, so that entries that came behind the shut door are noticed and not settled.
  const page: EntryPage = { source: sourceOf(generation), date, after: first.lo, through, limit: chunkRows + 1 };
  const { decide, rows } = await readLeg(db, policies, leg, page);
  if (rows.length > chunkRows) throw new Error(`${date} has more entries than were planned`);
  const decision = decide(new Map());
  const lines = byRange(tasks, decision.lines);
  const exceptions = byRange(tasks, decision.exceptions);
  const form = lineFormOfPlan(first.parameters as SettlePlanParameters);
  const sellers = new SellerTotals();
  for (const { sellerId, currency, figures } of decision.lines) sellers.of(sellerId, currency).add(leg, figures);
  return {
    parts: lines.map((part, i) => ({
      done: part.length,
      exceptions: exceptions[i]?.length ?? 0,
      checkpoint: sha256(canonicalBytes(part, form)),
    })),
    write: async (tx) => {
      await insertLines(tx, date, generation, decision.lines, writer);
      await insertExceptions(tx, date, generation, decision.exceptions);
      await addPartitionTotals(
        tx,
        tasks.flatMap(({ partitionId }, i) =>
          totalsByCurrency(lines[i] ?? []).map(([currency, totals]) => ({ partitionId, currency, totals })),
        ),
      );
      await addSellerTotals(tx, first.partitionId, sellers.entries()); // they are found by run
    },
  };
}

/** The rows in the range of each partition; both are in the order of ids. */
function byRange<T extends { readonly entryId: number }>(tasks: readonly PassTask[], all: readonly T[]): T[][] {
  let at = 0;
  return tasks.map(({ hi }) => {
    const from = at;
    while (at < all.length && (all[at] as T).entryId <= hi) at += 1;
    return all.slice(from, at);
  });
}

const legOf = ({ pass }: PassTask): Leg => (pass === SALE ? SALE : REFUND);

const RESTORE_ROWS = 4_000;
const canonicalLines = { 1: new CanonicalLines(1), 2: new CanonicalLines(2) };

/** A leg of a partition, with its state between chunks: the running hash and the sums per seller. */
class LegInHand implements PassInHand {
  private hash = new RunningSha256();
  private readonly sellers = new SellerTotals();
  private readonly leg: Leg;
  private readonly form: LineForm;

  constructor(
    private readonly db: Db,
    private readonly policies: PolicyBook,
    private readonly writer: RowWriter,
    private readonly task: PassTask,
  ) {
    this.leg = legOf(task);
    this.form = lineFormOfPlan(task.parameters as SettlePlanParameters);
  }

  /**
   * Reads back the committed lines of the leg. Throws when their hash is not the committed one: somebody has changed lines, and
   * a certificate over them would be worthless.
   */
  async restore(tick: () => void): Promise<void> {
    const { key: date, generation, cursorId, checkpoint, number } = this.task;
    for (let after = this.task.lo; after < cursorId; ) {
      const lines = await readStoredLines(this.db, date, generation, this.leg, after, cursorId, RESTORE_ROWS);
      const ids = lines.map(({ policyId }) => policyId);
      const known = await withPolicies(this.db, this.policies, ids);
      const complete = lines.map((line) => completeLine(line, known));
      this.hash.update(canonicalBytes(complete, this.form));
      this.addToSellers(complete);
      tick();
      after = lines.length < RESTORE_ROWS ? cursorId : (lines.at(-1) as { entryId: number }).entryId;
    }
    if (checkpoint !== null && checkpoint !== this.hash.digestSoFar()) {
      throw new MagamError('LINES_CHANGED', `The committed lines of partition ${number} do not match its hash.`);
    }
  }

  async page(after: number): Promise<Chunk> {
    const { key: date, generation, hi, chunkRows } = this.task;
    const page: EntryPage = { source: sourceOf(generation), date, after, through: hi, limit: chunkRows };
    const { decide, rows } = await readLeg(this.db, this.policies, this.leg, page);
    const cursorId = rows.length < page.limit ? hi : (rows.at(-1) as { entryId: number }).entryId;
    const chunkOf = (refused: Refused): Chunk => {
      const decision = decide(refused);
      const { lines, exceptions } = decision;
      const hash = this.hash.fork();
      hash.update(canonicalBytes(lines, this.form));
      return {
        cursorId,
        done: lines.length,
        exceptions: exceptions.length,
        checkpoint: hash.digestSoFar(),
        write: (tx) => this.write(tx, decision, cursorId === hi),
        advance: () => {
          this.addToSellers(lines);
          this.hash = hash;
        },
        instead: async (error) => chunkOf(new Map([...refused, ...(await this.refusedLines(error, lines))])),
      };
    };
    return chunkOf(new Map());
  }

  private async write(tx: Tx, { lines, exceptions }: Decision, ends: boolean): Promise<void> {
    const { key: date, generation, partitionId } = this.task;
    await insertLines(tx, date, generation, lines, this.writer);
    if (generation === 1) await insertExceptions(tx, date, generation, exceptions);
    else {
      await updateExceptions(tx, date, generation, exceptions);
      const ids = lines.map(({ entryId }) => entryId);
      await resolveExceptions(tx, date, generation, this.leg, ids);
    }
    await addPartitionTotals(
      tx,
      totalsByCurrency(lines).map(([currency, totals]) => ({ partitionId, currency, totals })),
    );
    if (ends) await addSellerTotals(tx, partitionId, withLines(this.sellers, lines));
  }

  /** The lines that the database refuses because of their own data. Throws where the error has another cause. */
  private async refusedLines(error: unknown, lines: readonly SettledLine[]): Promise<Refused> {
    if (isDuplicateKey(error)) throw new MagamError('DUPLICATE_LINE', errorText(error));
    if (!isDataError(error)) throw error;
    const found = await findRefusedLines(this.db, this.task.key, this.task.generation, lines);
    if (found.size === 0) throw error; // the cause is not a line's data
    return found;
  }

  private addToSellers(lines: readonly SettledLine[]): void {
    for (const { sellerId, currency, leg, figures } of lines) this.sellers.of(sellerId, currency).add(leg, figures);
  }
}

function canonicalBytes(lines: readonly SettledLine[], form: LineForm): Uint8Array {
  const canonical = canonicalLines[form];
  for (const line of lines) canonical.add(line);
  return canonical.take();
}

function totalsByCurrency(lines: readonly SettledLine[]): ReturnType<TotalsBy['entries']> {
  const totals = new TotalsBy();
  for (const line of lines) totals.of(line.currency).add(line.leg, line.figures);
  return totals.entries();
}

/** The leg's sums including its last chunk, which is not committed yet. */
function withLines(sellers: SellerTotals, lines: readonly SettledLine[]): ReturnType<SellerTotals['entries']> {
  const sum = new SellerTotals();
  for (const { sellerId, currency, totals } of sellers.entries()) sum.of(sellerId, currency).addTotals(totals);
  for (const line of lines) sum.of(line.sellerId, line.currency).add(line.leg, line.figures);
  return sum.entries();
}

async function readLeg(
  db: Db,
  policies: PolicyBook,
  leg: Leg,
  page: EntryPage,
): Promise<{ rows: readonly { entryId: number }[]; decide: (refused: Refused) => Decision }> {
  if (leg === SALE) {
    const rows = await readSales(db, page, policies);
    return { rows, decide: (refused) => decideSales(rows, policies, refused) };
  }
  const rows = await readRefunds(db, page);
  const known = await withPolicies(db, policies, originalPolicyIds(rows));
  return { rows, decide: (refused) => decideRefunds(rows, known, refused) };
}
