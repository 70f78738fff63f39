/**
 * HTTP to one service outside: a pool of connections, limits of calls at once, tries, time limits and a circuit breaker for each kind of calls. A call never
 * throws; it tells whether it was answered, was never sent, or was sent with an unknown outcome.
 */
import { ConstantBackoff, handleWhenResult, type RetryPolicy, retry } from 'cockatiel';
import type { Pool } from 'undici';
import { Breaker, type BreakerState } from './breaker.js';
import { type Exchange, type ExchangeFailure, exchange, type OutboundRequest, TIME_IS_UP } from './exchange.js';
import { Gate, type TurnedAway } from './gate.js';
import type { OutboundSettings } from './outbound-settings.js';

/** Kinds of calls, which do not wait for each other: calls for which a buyer waits or that move money, and questions. */
const CALL_KINDS = ['confirmation', 'look-up'] as const;
export type CallKind = (typeof CALL_KINDS)[number];

export interface OutboundCall extends OutboundRequest {
  readonly kind: CallKind;
  /** It has an idempotency key that the service honours, so it may be sent again. */
  readonly idempotent: boolean;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal?: AbortSignal | undefined;
}

export type OutboundFailure = ExchangeFailure | TurnedAway | 'breaker-open';

export type OutboundAnswer =
  | {
      readonly outcome: 'answered';
      readonly status: number;
      readonly body: string;
      /** An earlier try was sent as well, and its outcome is unknown. */
      readonly afterUnknown: boolean;
    }
  /** It may have been carried out. */
  | { readonly outcome: 'unknown'; readonly failure: OutboundFailure; readonly message: string }
  /** Certainly never sent. */
  | { readonly outcome: 'away'; readonly failure: OutboundFailure; readonly message: string };

/** The state of one kind of calls to one service. */
export interface OutboundState {
  readonly service: string;
  readonly kind: CallKind;
  readonly breaker: BreakerState;
  readonly inFlight: number;
  readonly queued: number;
}

type Attempt = Exchange | { readonly kind: 'turned-away'; readonly failure: OutboundFailure; readonly message: string };

const TURNED_AWAY: Readonly<Record<TurnedAway | 'breaker-open', string>> = {
  'queue-full': 'too many calls wait',
  'waited-too-long': 'the turn of the call did not come in time',
  'breaker-open': 'calls are held back after too many failed or were slow',
};

const turnedAway = (failure: TurnedAway | 'breaker-open'): Attempt => ({
  kind: 'turned-away',
  failure,
  message: TURNED_AWAY[failure],
});

export class OutboundClient {
  /** The package is large, and loaded only where there is a service to call. */
  private readonly pool: Promise<Pool>;
  private readonly pathPrefix: string;
  private readonly connections: Gate;
  private readonly breakers: Readonly<Record<CallKind, Breaker>>;
  private readonly gates: Readonly<Record<CallKind, Gate>>;

  /**
   * @param url of the service; its path, if any, goes before that of each call
   * @param now the clock of the breakers, which only goes forward (ms)
   */
  constructor(
    readonly service: string,
    url: string,
    private readonly settings: OutboundSettings,
    now?: () => number,
  ) {
    const { origin, pathname } = new URL(url);
    this.pathPrefix = pathname.replace(/\/$/, '');
    const options = {
      connections: settings.connections,
      pipelining: 1,
      connect: { timeout: settings.connectMs },
      keepAliveTimeout: settings.idleMs,
      keepAliveMaxTimeout: settings.idleMs,
    };
    this.pool = import('undici').then(({ default: undici }) => new undici.Pool(origin, options)); // in the bundle it has its default export alone
    this.connections = new Gate({
      atOnceMax: settings.connections,
      queueMax: Number.POSITIVE_INFINITY,
      waitMs: settings.connectionWaitMs,
    });
    this.breakers = {
      confirmation: new Breaker(settings.breaker, now),
      'look-up': new Breaker(settings.breaker, now),
    };
    this.gates = { confirmation: new Gate(settings.confirmations), 'look-up': new Gate(settings.lookUps) };
  }

  /** Makes a call. It ends at the latest after the wait for its turn and the time for the answer. */
  async call(call: OutboundCall): Promise<OutboundAnswer> {
    if (!this.breakers[call.kind].admits()) return answerOf(turnedAway('breaker-open'), undefined);
    const turn = await this.gates[call.kind].run(() => this.inTime(call));
    return 'result' in turn ? turn.result : answerOf(turnedAway(turn.turnedAway), undefined);
  }

  states(): readonly OutboundState[] {
    return CALL_KINDS.map((kind) => ({
      service: this.service,
      kind,
      breaker: this.breakers[kind].state,
      inFlight: this.gates[kind].inFlight,
      queued: this.gates[kind].queued,
    }));
  }

  /** Closes the connections; calls in flight are cut off. */
  async close(): Promise<void> {
    await (await this.pool).destroy();
  }

  private async inTime(call: OutboundCall): Promise<OutboundAnswer> {
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(TIME_IS_UP), this.settings.answerMs);
    const signal = call.signal === undefined ? limit.signal : AbortSignal.any([call.signal, limit.signal]);
    const endsAt = performance.now() + this.settings.answerMs;
    let earlier: Attempt | undefined;
    try {
      const last = await this.tries(call, endsAt).execute(async () => {
        const attempt = await this.attempt(call, signal, endsAt);
        if (attempt.kind === 'sent') earlier = attempt;
        return attempt;
      });
      return answerOf(last, earlier);
    } finally {
      clearTimeout(timer);
    }
  }

  private tries(call: OutboundCall, endsAt: number): RetryPolicy {
    const { tries, tryPauseMs } = this.settings;
    const mayAgain = (attempt: Attempt): boolean => {
      if (call.signal?.aborted === true || performance.now() + tryPauseMs >= endsAt) return false;
      if (attempt.kind === 'never-sent') return true;
      return attempt.kind === 'sent' && call.idempotent && attempt.failure !== 'answer-too-large';
    };
    return retry(
      handleWhenResult((result) => mayAgain(result as Attempt)),
      { maxAttempts: tries - 1, backoff: new ConstantBackoff(tryPauseMs) },
    );
  }

  private async attempt(call: OutboundCall, signal: AbortSignal, endsAt: number): Promise<Attempt> {
    const turn = await this.connections.run(async (): Promise<Attempt> => {
      const end = this.breakers[call.kind].begin();
      if (end === undefined) return turnedAway('breaker-open');
      const { method, headers, body } = call;
      const request = { method, path: this.pathPrefix + call.path, headers, body };
      const attempt = await exchange(await this.pool, request, this.settings.readMs, signal);
      end(resultOf(attempt));
      return attempt;
    }, endsAt - performance.now());
    return 'result' in turn ? turn.result : turnedAway(turn.turnedAway);
  }
}

/** For the breaker every answer except a 5xx is a success: a declined payment is not a fault of the provider. */
function resultOf(attempt: Exchange): 'good' | 'failed' | 'ignored' {
  if (attempt.kind === 'answered') return attempt.status >= 500 ? 'failed' : 'good';
  return attempt.failure === 'given-up' ? 'ignored' : 'failed';
}

/** The outcome of the last attempt, where an `earlier` one may have been sent. */
function answerOf(last: Attempt, earlier: Attempt | undefined): OutboundAnswer {
  if (last.kind === 'answered') {
    const { status, body } = last;
    return { outcome: 'answered', status, body, afterUnknown: earlier !== undefined };
  }
  const { failure, message } = earlier === undefined || earlier.kind === 'answered' ? last : earlier;
  return { outcome: earlier === undefined ? 'away' : 'unknown', failure, message };
}
