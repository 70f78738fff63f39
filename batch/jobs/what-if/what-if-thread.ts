/**
 * A what-if in a worker thread: it reads the settled lines of a partition, tries the draft on them, and adds the differences to the results of
 * the partition, in the chunk's transaction. In memory it holds only the lines of its partition that moved most.
 */
import { type Leg, SALE } from '../../../core/feed/rules/leg.js';
import { readPartition, readPartitions, readPasses } from '../../../core/jobs/stores/partition.js';
import { findRunById, parametersOf, type Run } from '../../../core/jobs/stores/run.js';
import { readPolicyContent } from '../../../core/policies/stores/fee-policy.js';
import { MovedMost, SellerEffects } from '../../../core/settlement/rules/policy-effect.js';
import type { TrialBooks } from '../../../core/settlement/rules/policy-trial.js';
import { countCheckLines, insertCheckLines } from '../../../core/settlement/stores/policy-check-line.js';
import {
  readTrialLines,
  sumTrialLines,
  type TrialLine,
  type TrialRange,
} from '../../../core/settlement/stores/trial-page.js';
import {
  addEffects,
  byLineKey,
  type MovedLine,
  readMovedLines,
  replaceMovedLines,
} from '../../../core/settlement/stores/what-if.js';
import { describeTouched, type Touched, type TouchedLine, tryLine } from '../../../core/settlement/try-line.js';
import {
  MOVED_LINES_MAX,
  notAsCertified,
  WHAT_IF,
  type WhatIfParameters,
  whatIfBooks,
} from '../../../core/settlement/what-if.js';
import type { Tx } from '../../../infra/database.js';
import { type ErrorCode, isRefusal } from '../../../kernel/errors.js';
import type { Chunk, PassInHand, PassTask, Thread, ThreadJob } from '../../engine/job.js';
import { type CertifiedLines, certificateOf, type WhatIfPlan } from './plan.js';

/** The touched lines that are listed for a task; the sums are over all of them. */
export const LISTED_LINES_MAX = 100_000;

/** Lines of one read. Lines that are kept in memory cost the garbage collector time, so few are read ahead; verify-reader.ts has figures. */
const READ_LINES = 1_000;

/** The data that a thread keeps of its run, by content, because in a restored database another run may get the same id. */
interface Kept {
  readonly content: string;
  readonly parameters: WhatIfParameters;
  readonly books: TrialBooks;
}

export class WhatIfThread implements ThreadJob {
  readonly name = WHAT_IF;
  readonly finalErrors = new Set<ErrorCode>(['VERIFICATION_FAILED']);
  private kept: Kept | undefined;

  async begin(task: PassTask, thread: Thread): Promise<PassInHand> {
    const run = await this.runOf(task, thread);
    const { date, generation } = certificateOf(run.parameters, task.parameters as WhatIfPlan, task.number);
    const range: TrialRange = { date, generation, leg: task.pass as Leg, after: task.cursorId, through: task.hi };
    const { passes } = await readPartition(thread.db, task.partitionId);
    if (task.pass === SALE && task.cursorId === task.lo) await requireCertified(task, thread, range, passes);
    const { entries, done } = passes[task.pass] ?? { entries: 0, done: 0 };
    const moved = new MovedMost<MovedLine>(MOVED_LINES_MAX, byLineKey);
    for (const line of await readMovedLines(thread.db, task.runId, { ...range, lo: task.lo, hi: task.hi }))
      moved.add(line.currency, line.difference, line);
    const { listFor } = run.parameters;
    const list = listFor === null ? undefined : await listOf(task, thread, listFor);
    return new RangeInHand(task, thread, run, range, { left: entries - done, moved, list });
  }

  private async runOf({ runId }: PassTask, { db }: Thread): Promise<Kept> {
    const parameters = parametersOf<WhatIfParameters>((await findRunById(db, runId)) as Run);
    const content = JSON.stringify([parameters, await readPolicyContent(db, parameters.policyRevision)]);
    if (this.kept?.content !== content) this.kept = { content, parameters, books: await whatIfBooks(db, parameters) };
    return this.kept;
  }
}

/**
 * Counts and adds up the lines of the whole partition before the first of them is tried: the draft's filter skips most lines later on.
 * That takes an eighth of the time of a draft that touches them all. Throws VERIFICATION_FAILED when they are not those of the certificate.
 */
async function requireCertified(
  { parameters, number }: PassTask,
  { db }: Thread,
  { date, generation }: TrialRange,
  passes: readonly { readonly lo: number; readonly hi: number }[],
): Promise<void> {
  const certified = (parameters as WhatIfPlan).certified[number - 1] as CertifiedLines;
  const found = [];
  for (const [leg, { lo, hi }] of passes.entries())
    found.push(await sumTrialLines(db, { date, generation, leg: leg as Leg, after: lo, through: hi }));
  const [sales, refunds] = found;
  const same =
    sales?.lines === certified.sales &&
    refunds?.lines === certified.refunds &&
    certified.sums.every((sum, i) => BigInt(sum) === (sales.sums[i] ?? 0n) + (refunds.sums[i] ?? 0n));
  if (!same)
    throw notAsCertified(date, `The lines of ${date} generation ${generation} are not those that were certified.`);
}

/** The place of a pass in a task's list of touched lines: all sales before all refunds, each in the order of the feed. */
interface List {
  readonly taskId: number;
  /** Lines of earlier passes. A line's number is this count plus its place in its pass. */
  readonly before: number;
  /** Touched lines of this pass so far. */
  touched: number;
  /** How many more lines this pass may list. Lines beyond can never be among the first LISTED_LINES_MAX. */
  room: number;
}

async function listOf(task: PassTask, { db }: Thread, taskId: number): Promise<List> {
  const { runId, generation, number, pass } = task;
  const passes = await readPasses(db, runId, generation);
  let before = 0;
  for (const { partitionId, number: other } of await readPartitions(db, runId, generation))
    for (const { pass: its, entries } of passes.get(partitionId) ?? [])
      if (its < pass || (its === pass && other < number)) before += entries;
  const touched = Number(task.checkpoint ?? 0);
  return { taskId, before, touched, room: LISTED_LINES_MAX - (await countCheckLines(db, taskId, before)) - touched };
}

/** The state of a pass between chunks. */
interface Progress {
  /** Lines of the range that are not done. */
  left: number;
  moved: MovedMost<MovedLine>;
  readonly list: List | undefined;
}

/** The result of a page of lines. */
interface Found {
  readonly lines: number;
  /** The last id that was read; undefined: the range has ended. */
  readonly last: number | undefined;
  readonly effects: SellerEffects;
  readonly moved: MovedMost<MovedLine>;
  readonly touched: number;
  /** The touched lines to list. */
  readonly listed: readonly Touched[];
}

class RangeInHand implements PassInHand {
  /** A chunk is read in pieces: while the database reads one, this thread tries the previous one. */
  private readonly readLines: number;

  constructor(
    private readonly task: PassTask,
    private readonly thread: Thread,
    private readonly run: Kept,
    private readonly range: TrialRange,
    private readonly progress: Progress,
  ) {
    this.readLines = Math.min(task.chunkRows, thread.config.chunkRows, READ_LINES);
  }

  page = async (after: number): Promise<Chunk> => {
    const { task, thread, progress, range } = this;
    const found = await this.look(after);
    const { list } = progress;
    const listed = await describeTouched(thread.db, this.run.books, range, found.listed);
    // Lines that the draft cannot touch are not read, but they count as done.
    const ended = found.last === undefined || found.last === task.hi;
    const done = ended ? progress.left : Math.min(found.lines, progress.left);
    return {
      cursorId: found.last ?? task.hi,
      done,
      exceptions: 0,
      checkpoint: list === undefined ? null : String(list.touched + found.touched),
      write: (tx) => this.write(tx, found, listed),
      advance: () => {
        progress.left -= done;
        progress.moved = found.moved;
        if (list === undefined) return;
        list.touched += found.touched;
        list.room -= found.touched;
      },
    };
  };

  /** Reads on after `after`; the next lines are read while these are tried. */
  private async look(after: number): Promise<Found> {
    const { task, thread, run, range, progress } = this;
    const effects = new SellerEffects();
    const moved = progress.moved.copy();
    const listed: Touched[] = [];
    let [lines, touched] = [0, 0];
    let last: number | undefined = after;
    for (let next: Promise<TrialLine[]> | undefined = this.read(after); next !== undefined; ) {
      const page: TrialLine[] = await next;
      thread.board.tick(thread.slot);
      last = page.length < this.readLines ? undefined : (page.at(-1) as TrialLine).entryId;
      lines += page.length;
      next = last === undefined || lines >= task.chunkRows ? undefined : this.read(last);
      for (const line of page) {
        if (line.sale === undefined) effects.addUnreadable(line.sellerId);
        const outcome = tryLine(run.books, range.leg, line);
        if (outcome === undefined || line.sale === undefined) continue;
        touched += 1;
        const room = (progress.list?.room ?? 0) - touched;
        if (room >= 0) listed.push({ line, outcome });
        const { currency } = line.sale;
        const { figures } = outcome;
        if (isRefusal(figures)) {
          effects.addRefused(line.sellerId, currency);
          continue;
        }
        effects.addLine(range.leg, line.sellerId, currency, line.before, figures);
        const difference = figures.net - line.before.net;
        if (difference !== 0 && moved.mayKeep(currency, difference))
          this.keep(moved, line, currency, BigInt(figures.net) - BigInt(line.before.net));
      }
    }
    return { lines, last, effects, moved, touched, listed };
  }

  private read(after: number): Promise<TrialLine[]> {
    const { thread, run, range } = this;
    const { current, withDraft, reach } = run.books;
    const lines = readTrialLines(thread.db, { ...range, after, limit: this.readLines }, reach, {
      usesCategory: current.usesCategory || withDraft.usesCategory,
      usesProduct: current.usesProduct || withDraft.usesProduct,
    });
    lines.catch(() => undefined); // it is awaited by `look`; this keeps a failure from being unhandled until then
    return lines;
  }

  private keep(moved: MovedMost<MovedLine>, { entryId }: TrialLine, currency: string, difference: bigint): void {
    const { date, leg, generation } = this.range;
    moved.add(currency, difference, { date, leg, entryId, generation, currency, difference });
  }

  private async write(tx: Tx, { effects, moved }: Found, listed: readonly TouchedLine[]): Promise<void> {
    const { task, progress } = this;
    await addEffects(tx, task.runId, task.number, effects.entries());
    const [old, now] = [new Set(progress.moved.entries()), new Set(moved.entries())];
    await replaceMovedLines(
      tx,
      task.runId,
      [...old].filter((line) => !now.has(line)),
      [...now].filter((line) => !old.has(line)),
    );
    const { list } = progress;
    if (list === undefined) return;
    const first = list.before + list.touched + 1;
    await insertCheckLines(
      tx,
      list.taskId,
      listed.map((line, i) => ({ lineNo: first + i, sellerId: line.sellerId, content: line })),
    );
  }
}
