/**
 * Settles the dates of a range in their order, a few of them at once: when a date is near its end, the next ones are begun ahead of their turn, so
 * that the threads have work while it is finished. The database decides what may be done ahead (`take-turn.ts`), because other
 * processes may work on the same dates; this file only decides when to try. A date that cannot be begun ahead is begun in its turn.
 */
import { MagamError } from '../../../kernel/errors.js';
import type { JobContext } from '../../engine/job.js';
import type { SettleReport } from './report.js';
import { type SettleRequest, settleDate } from './settle-date.js';

/** Dates that are begun ahead of the one whose turn it is. Their doors are shut with it. */
const DATES_AHEAD = 2;
/** A date is near its end when each worker has at most this many chunks left. */
const CHUNKS_LEFT = 4;

export interface RangeContext extends Omit<JobContext, 'onProgress'> {
  /** Called when a date's turn has come. Returns the receiver of its progress. */
  readonly onTurn: (date: string) => JobContext['onProgress'];
  /** Called when a date has ended. */
  readonly onReport: (report: SettleReport) => void;
}

export type RangeRequest = Omit<SettleRequest, 'date' | 'ahead'>;

/** Stops at the first date that is stopped, and throws the error of the first one that fails; those begun ahead end with it. */
export const settleRange = (context: RangeContext, dates: readonly string[], request: RangeRequest): Promise<void> =>
  new Range(context, dates, request).carryOut();

interface Attempt {
  /** Undefined: it has failed, perhaps because it was begun ahead. */
  readonly ended: Promise<SettleReport | undefined>;
  readonly abort: AbortController;
}

/** Codes that mean that others were faster, or that the previous date was closed at that moment. */
const COMES_OF_BEING_AHEAD: ReadonlySet<string> = new Set(['EARLIER_DATE_OPEN', 'RUN_LOST']);

class Range {
  private readonly attempts = new Map<number, Attempt>();
  /** Those that are near their end. */
  private readonly near = new Set<number>();
  private turn = 0;
  /** Called when that date's turn comes; by index into `dates`. */
  private readonly turns = new Map<number, () => void>();
  private tell: JobContext['onProgress'] = () => undefined;

  constructor(
    private readonly context: RangeContext,
    private readonly dates: readonly string[],
    private readonly request: RangeRequest,
  ) {}

  async carryOut(): Promise<void> {
    const { signal, onTurn, onReport } = this.context;
    try {
      for (; this.turn < this.dates.length && !signal.aborted; this.turn += 1) {
        this.tell = onTurn(this.dates[this.turn] as string);
        this.beginAhead();
        this.turns.get(this.turn)?.();
        const report = await this.settleInTurn();
        onReport(report);
        if (report.status === 'STOPPED') return;
      }
    } finally {
      await this.endAttempts();
    }
  }

  /** A date that has failed ahead of its turn is tried once more, now that its turn has come. */
  private async settleInTurn(): Promise<SettleReport> {
    const { turn } = this;
    const attempt = this.attempts.get(turn);
    this.attempts.delete(turn);
    const report = await attempt?.ended;
    return report ?? this.settle(turn, this.context.signal);
  }

  private settle(at: number, signal: AbortSignal, until?: Promise<unknown>): Promise<SettleReport> {
    const onProgress = (done: number, total?: number): void => {
      if (at === this.turn) this.tell(done, total);
      const { workers, chunkRows } = this.request;
      if (total !== undefined && total - done <= workers * chunkRows * CHUNKS_LEFT) this.isNear(at);
    };
    const date = this.dates[at] as string;
    const ahead = until === undefined ? {} : { ahead: { until } };
    return settleDate({ ...this.context, signal, onProgress }, { ...this.request, date, ...ahead });
  }

  private isNear(at: number): void {
    if (this.near.has(at)) return;
    this.near.add(at);
    this.beginAhead();
  }

  private beginAhead(): void {
    const { turn, request, dates } = this;
    if (request.dryRun) return;
    for (let at = turn + 1; at <= turn + DATES_AHEAD && at < dates.length && this.near.has(at - 1); at += 1)
      if (!this.attempts.has(at)) this.attempts.set(at, this.attempt(at));
  }

  private attempt(at: number): Attempt {
    const abort = new AbortController();
    const until = new Promise<void>((resolve) => this.turns.set(at, resolve));
    const ended = this.settle(at, AbortSignal.any([this.context.signal, abort.signal]), until).catch(
      (error: unknown) => {
        if (this.turn < at || (error instanceof MagamError && COMES_OF_BEING_AHEAD.has(error.code))) return undefined;
        throw error;
      },
    );
    ended.catch(() => undefined);
    return { ended, abort };
  }

  /** The dates that were begun ahead of a date that is not closed. They are not stopped: a process that continues that date continues them. */
  private async endAttempts(): Promise<void> {
    const left = [...this.attempts];
    for (const [at, { abort }] of left)
      abort.abort(
        new MagamError(
          'EARLIER_DATE_OPEN',
          `${this.dates[this.turn]} was not closed; ${this.dates[at]} was begun ahead of it and waits for it.`,
        ),
      );
    await Promise.allSettled(left.map(([, { ended }]) => ended));
  }
}
