/**
 * A circuit breaker over a window of calls. It opens when too many of them failed or were slow, turns half-open by itself after a time, and lets a few calls
 * through to decide whether it closes.
 *
 * The breaker of cockatiel cannot do this: its windows consider neither the duration of a call nor a slow success as a reason to open, its half-open state lets
 * one call through and delays the others until that one has ended, and it is part of the policy, which accepts no other clock than that of the system.
 */
import type { BreakerSettings } from './outbound-settings.js';

export type BreakerState = 'closed' | 'half-open' | 'open';

/** `ignored`: the call says nothing about the provider, for example because its caller gave it up. */
export type CallResult = 'good' | 'failed' | 'ignored';

/** A call that was let through. It has to end, once. */
export type EndCall = (result: CallResult) => void;

interface Counted {
  readonly failed: boolean;
  readonly slow: boolean;
}

export class Breaker {
  private counted: Counted[] = [];
  /** When it opened; undefined: it is closed or half-open. */
  private openedAt: number | undefined;
  private halfOpen = false;
  private probing = 0;
  /** Changes with each change of the state: calls from an earlier state no longer count. */
  private era = 0;

  /** @param now a clock that only goes forward (ms) */
  constructor(
    private readonly settings: BreakerSettings,
    private readonly now: () => number = () => performance.now(),
  ) {}

  get state(): BreakerState {
    if (this.openedAt !== undefined && this.now() - this.openedAt >= this.settings.openMs) this.enter('half-open');
    if (this.openedAt !== undefined) return 'open';
    return this.halfOpen ? 'half-open' : 'closed';
  }

  /** Whether a call would be let through now. */
  admits(): boolean {
    const { state } = this;
    return state === 'closed' || (state === 'half-open' && this.probing + this.counted.length < this.settings.probes);
  }

  /** Begins a call; undefined when it is not let through. */
  begin(): EndCall | undefined {
    if (!this.admits()) return undefined;
    const { era } = this;
    const startedAt = this.now();
    if (this.halfOpen) this.probing += 1;
    return (result) => {
      if (era !== this.era) return;
      if (this.halfOpen) this.probing -= 1;
      if (result === 'ignored') return;
      this.count({ failed: result === 'failed', slow: this.now() - startedAt > this.settings.slowMs });
    };
  }

  private count(call: Counted): void {
    this.counted.push(call);
    const { callsMin, windowCalls, probes } = this.settings;
    if (this.halfOpen) {
      if (this.isBad(probes)) this.enter('open');
      else if (this.counted.length >= probes) this.enter('closed');
      return;
    }
    if (this.counted.length > windowCalls) this.counted.shift();
    if (this.counted.length >= callsMin && this.isBad(this.counted.length)) this.enter('open');
  }

  /** Whether the counted calls reach the share of `calls` from which the breaker opens. */
  private isBad(calls: number): boolean {
    const share = (of: keyof Counted): number => (100 * this.counted.filter((call) => call[of]).length) / calls;
    return share('failed') >= this.settings.failedPercent || share('slow') >= this.settings.slowPercent;
  }

  private enter(state: BreakerState): void {
    this.openedAt = state === 'open' ? this.now() : undefined;
    this.halfOpen = state === 'half-open';
    this.counted = [];
    this.probing = 0;
    this.era += 1;
  }
}
