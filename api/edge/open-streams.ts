/**
 * Answers that take long: downloads, which hold a database connection each, and event streams. Each kind has a number of places in a server. One account has a share of them (the
 * accounts of a seller share one), and a quarter is kept for staff. An answer ends at its deadline, and within seconds
 * of its caller being signed out, locked or given another role.
 */
import type { EdgeSettings, StreamLimits } from '../../infra/edge-settings.js';
import { type Caller, isStaff } from '../../kernel/access.js';
import { MagamError } from '../../kernel/errors.js';

export type StreamKind = 'download' | 'events';

/** A taken place. */
export interface StreamPlace {
  /** Aborts when the answer has to end: its time is over, or its caller may no longer have it. */
  readonly signal: AbortSignal;
  readonly leave: () => void;
}

interface Open {
  readonly caller: Caller;
  readonly end: (reason: string) => void;
}

/** The share of the places that only staff get; a single place is for everybody. */
const STAFF_SHARE = 0.25;
/** How often the program checks whether the callers are still signed in (ms). */
const LOOK_MS = 2_000;

const sharerOf = ({ accountId, sellerId }: Caller): string =>
  sellerId === null ? `account ${accountId}` : `seller ${sellerId}`;

export class OpenStreams {
  private readonly open: Readonly<Record<StreamKind, Set<Open>>> = { download: new Set(), events: new Set() };
  private looking: NodeJS.Timeout | undefined;

  /** @param stand returns the callers that are still signed in as they were; rejects when that cannot be found out */
  constructor(
    private readonly limits: Pick<EdgeSettings, 'downloads' | 'streams'>,
    private readonly stand: (callers: readonly Caller[]) => Promise<ReadonlySet<Caller>>,
    private readonly lookMs = LOOK_MS,
  ) {}

  /** Takes a place. Throws STREAM_SHARE_USED or STREAMS_EXHAUSTED. */
  enter(kind: StreamKind, caller: Caller): StreamPlace {
    const { max, perAccount, deadlineMs } = this.limitsOf(kind);
    const all = this.open[kind];
    const own = [...all].filter((one) => sharerOf(one.caller) === sharerOf(caller)).length;
    if (own >= perAccount) throw new MagamError('STREAM_SHARE_USED', undefined, { kind, open: own });
    const kept = isStaff(caller.role) || max === 1 ? 0 : Math.ceil(max * STAFF_SHARE);
    if (all.size >= max - kept) throw new MagamError('STREAMS_EXHAUSTED');
    const over = new AbortController();
    const one: Open = { caller, end: (reason) => over.abort(new Error(reason)) };
    const deadline = setTimeout(one.end, deadlineMs, 'the answer took longer than it may');
    all.add(one);
    this.looking ??= setTimeout(() => void this.look(), this.lookMs).unref();
    return {
      signal: over.signal,
      leave: () => {
        clearTimeout(deadline);
        all.delete(one);
      },
    };
  }

  private limitsOf(kind: StreamKind): StreamLimits {
    return kind === 'download' ? this.limits.downloads : this.limits.streams;
  }

  /** Ends the answers of callers that are no longer signed in, and repeats this while there are answers. */
  private async look(): Promise<void> {
    const all = [...this.open.download, ...this.open.events];
    try {
      const standing = await this.stand(all.map(({ caller }) => caller));
      for (const { caller, end } of all) if (!standing.has(caller)) end('the caller is not signed in any more');
    } catch {
      // the database is away, so nobody can tell; the next check asks again
    }
    const some = this.open.download.size + this.open.events.size > 0;
    this.looking = some ? setTimeout(() => void this.look(), this.lookMs).unref() : undefined;
  }
}
