/** Calls that wait for new events. One poller serves all of them in this process, and stops when the last of them ends. */
import { pause } from '../../infra/database.js';
import type { Caller } from '../../kernel/access.js';
import { MagamError } from '../../kernel/errors.js';

const POLL_MS = 500;

type Sharer = Pick<Caller, 'accountId' | 'sellerId'>;

export class EventWatch {
  private readonly waiting = new Map<() => void, { readonly after: number; readonly caller: Sharer }>();
  private polling = false;

  /**
   * @param readLast the position of the newest event
   * @param most the number of calls that may wait at a time: of all callers, of one account, and of all accounts of one seller together
   */
  constructor(
    private readonly readLast: () => Promise<number>,
    private readonly most: { readonly ofAll: number; readonly ofAccount: number; readonly ofSeller: number },
  ) {}

  /** Resolves when there is an event after this position, after `ms`, or when the signal aborts. Throws STREAMS_EXHAUSTED. */
  async wait(caller: Sharer, after: number, ms: number, signal: AbortSignal): Promise<void> {
    const { ofAll, ofAccount, ofSeller } = this.most;
    const others = [...this.waiting.values()].map((one) => one.caller);
    const own = others.filter(({ accountId }) => accountId === caller.accountId);
    const sellers = others.filter(({ sellerId }) => sellerId !== null && sellerId === caller.sellerId);
    if (others.length >= ofAll || own.length >= ofAccount || sellers.length >= ofSeller)
      throw new MagamError('STREAMS_EXHAUSTED');
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        this.waiting.delete(end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal.addEventListener('abort', end);
      this.waiting.set(end, { after, caller });
      if (!this.polling) void this.poll();
    });
  }

  private async poll(): Promise<void> {
    this.polling = true;
    while (this.waiting.size > 0) {
      try {
        const last = await this.readLast();
        for (const [end, { after }] of [...this.waiting]) if (last > after) end();
      } catch {
        // the database is away: waiting calls are answered when their time is up, with the result of the database at that time
      }
      await pause(POLL_MS);
    }
    this.polling = false;
  }
}
