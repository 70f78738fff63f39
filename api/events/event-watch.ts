/** Calls that wait for new events. One poller serves all of them in this process, and ends with the last of them. */
import { pause } from '../../infra/database.js';
import { MagamError } from '../../kernel/errors.js';

const POLL_MS = 500;

export class EventWatch {
  private readonly waiting = new Map<() => void, { readonly after: number; readonly accountId: number }>();
  private polling = false;

  /**
   * @param readLast the position of the newest event
   * @param most calls that may wait at a time, in all and of one account
   */
  constructor(
    private readonly readLast: () => Promise<number>,
    private readonly most: { readonly ofAll: number; readonly ofAccount: number },
  ) {}

  /** Resolves when there is an event after this position, after `ms`, or when the signal aborts. Throws STREAMS_EXHAUSTED. */
  async wait(accountId: number, after: number, ms: number, signal: AbortSignal): Promise<void> {
    const ofAccount = [...this.waiting.values()].filter((one) => one.accountId === accountId).length;
    if (this.waiting.size >= this.most.ofAll || ofAccount >= this.most.ofAccount)
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
      this.waiting.set(end, { after, accountId });
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
        // the database is away: whoever waits is answered when the time is up, with what the database says then
      }
      await pause(POLL_MS);
    }
    this.polling = false;
  }
}
