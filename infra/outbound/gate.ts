/** Limits how much runs at once; the others wait a limited time for their turn. */
import { type BulkheadPolicy, bulkhead } from 'cockatiel';
import type { GateSettings } from './outbound-settings.js';

/** Why a caller did not get its turn. */
export type TurnedAway = 'queue-full' | 'waited-too-long';

export class Gate {
  private readonly turns: BulkheadPolicy;
  private waiting = 0;

  constructor(private readonly settings: GateSettings) {
    // The library's queue has no limit because entries cannot leave it: the limit counts those that still wait. It gets no signal either, because an aborted
    // entry takes the turn of the next one and leaves that waiting. An entry that was given up passes its turn on when it comes.
    this.turns = bulkhead(settings.atOnceMax, Number.POSITIVE_INFINITY);
  }

  get inFlight(): number {
    return this.settings.atOnceMax - this.turns.executionSlots;
  }

  get queued(): number {
    return this.waiting;
  }

  /**
   * Runs `work` when it is its turn.
   * @param waitMs the longest wait, where that is less than the setting
   * @returns its result, or why its turn did not come; then it was not begun
   */
  async run<T>(
    work: () => Promise<T>,
    waitMs = Number.POSITIVE_INFINITY,
  ): Promise<{ readonly result: T } | { readonly turnedAway: TurnedAway }> {
    if (this.turns.executionSlots > 0) return { result: await this.turns.execute(work) };
    if (this.waiting >= this.settings.queueMax) return { turnedAway: 'queue-full' };
    this.waiting += 1;
    let left = false;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<{ turnedAway: TurnedAway }>((resolve) => {
      timer = setTimeout(
        () => {
          left = true;
          this.waiting -= 1;
          resolve({ turnedAway: 'waited-too-long' });
        },
        Math.min(waitMs, this.settings.waitMs),
      );
    });
    const turn = this.turns.execute(async () => {
      if (left) return undefined;
      clearTimeout(timer);
      this.waiting -= 1;
      return { result: await work() };
    });
    return (await Promise.race([turn, late])) ?? { turnedAway: 'waited-too-long' };
  }
}
