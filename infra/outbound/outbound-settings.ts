/** How calls to the outside are limited, tried again and cut off. The same for every provider; `infra/config.ts` reads them. */
import type * as z from 'zod';
import { wholeNumber } from '../setting-forms.js';

/** Settings of one kind of calls to one provider. */
export interface GateSettings {
  /** Calls at once. */
  readonly atOnceMax: number;
  /** Calls that may wait for one of them to end. */
  readonly queueMax: number;
  /** How long a call waits for its turn (ms). */
  readonly waitMs: number;
}

export interface BreakerSettings {
  /** The number of latest calls that count. */
  readonly windowCalls: number;
  /** Fewer calls than this never open the breaker. */
  readonly callsMin: number;
  /** Percent of failed calls from which the breaker opens. */
  readonly failedPercent: number;
  /** Percent of slow calls from which it opens. */
  readonly slowPercent: number;
  /** A call that takes longer is slow (ms). */
  readonly slowMs: number;
  /** How long it stays open (ms). */
  readonly openMs: number;
  /** Calls that are let through to decide whether it closes. */
  readonly probes: number;
}

export interface OutboundSettings {
  /** Connections to one provider. */
  readonly connections: number;
  /** How long a call waits for one of them (ms). */
  readonly connectionWaitMs: number;
  /** A connection without a call is closed after this long (ms). */
  readonly idleMs: number;
  /** How long a connection may take to be made (ms). */
  readonly connectMs: number;
  /** To write a request and receive the head of its answer, and from one piece of the body to the next (ms). */
  readonly readMs: number;
  /** A call with its tries and pauses, from its turn to the end of the answer (ms). */
  readonly answerMs: number;
  readonly tries: number;
  /** From one try to the next (ms). */
  readonly tryPauseMs: number;
  readonly breaker: BreakerSettings;
  readonly confirmations: GateSettings;
  readonly lookUps: GateSettings;
}

export const outboundShape = {
  MAGAM_OUTBOUND_CONNECTIONS: wholeNumber(1, 1_000).default(50),
  MAGAM_OUTBOUND_CONNECTION_WAIT_MS: wholeNumber(0, 600_000).default(3_000),
  MAGAM_OUTBOUND_IDLE_MS: wholeNumber(1, 600_000).default(30_000),
  MAGAM_OUTBOUND_CONNECT_MS: wholeNumber(1, 600_000).default(10_000),
  MAGAM_OUTBOUND_READ_MS: wholeNumber(1, 600_000).default(25_000),
  MAGAM_OUTBOUND_ANSWER_MS: wholeNumber(1, 600_000).default(30_000),
  MAGAM_OUTBOUND_TRIES: wholeNumber(1, 10).default(3),
  MAGAM_OUTBOUND_TRY_PAUSE_MS: wholeNumber(0, 600_000).default(3_000),
  MAGAM_OUTBOUND_BREAKER_WINDOW: wholeNumber(1, 10_000).default(40),
  MAGAM_OUTBOUND_BREAKER_CALLS_MIN: wholeNumber(1, 10_000).default(20),
  MAGAM_OUTBOUND_BREAKER_FAILED_PERCENT: wholeNumber(1, 100).default(60),
  MAGAM_OUTBOUND_BREAKER_SLOW_PERCENT: wholeNumber(1, 100).default(50),
  MAGAM_OUTBOUND_BREAKER_SLOW_MS: wholeNumber(1, 600_000).default(5_000),
  MAGAM_OUTBOUND_BREAKER_OPEN_MS: wholeNumber(1, 3_600_000).default(10_000),
  MAGAM_OUTBOUND_BREAKER_PROBES: wholeNumber(1, 1_000).default(10),
  MAGAM_OUTBOUND_CONFIRMATIONS: wholeNumber(1, 1_000).default(50),
  MAGAM_OUTBOUND_CONFIRMATION_QUEUE: wholeNumber(0, 100_000).default(1_000),
  MAGAM_OUTBOUND_LOOKUPS: wholeNumber(1, 1_000).default(50),
  MAGAM_OUTBOUND_LOOKUP_QUEUE: wholeNumber(0, 100_000).default(50),
  MAGAM_OUTBOUND_QUEUE_MS: wholeNumber(0, 600_000).default(10_000),
};

type OutboundEnv = z.infer<z.ZodObject<typeof outboundShape>>;

export function outboundSettings(env: OutboundEnv): OutboundSettings {
  const waitMs = env.MAGAM_OUTBOUND_QUEUE_MS;
  return {
    connections: env.MAGAM_OUTBOUND_CONNECTIONS,
    connectionWaitMs: env.MAGAM_OUTBOUND_CONNECTION_WAIT_MS,
    idleMs: env.MAGAM_OUTBOUND_IDLE_MS,
    connectMs: env.MAGAM_OUTBOUND_CONNECT_MS,
    readMs: env.MAGAM_OUTBOUND_READ_MS,
    answerMs: env.MAGAM_OUTBOUND_ANSWER_MS,
    tries: env.MAGAM_OUTBOUND_TRIES,
    tryPauseMs: env.MAGAM_OUTBOUND_TRY_PAUSE_MS,
    breaker: {
      windowCalls: env.MAGAM_OUTBOUND_BREAKER_WINDOW,
      callsMin: env.MAGAM_OUTBOUND_BREAKER_CALLS_MIN,
      failedPercent: env.MAGAM_OUTBOUND_BREAKER_FAILED_PERCENT,
      slowPercent: env.MAGAM_OUTBOUND_BREAKER_SLOW_PERCENT,
      slowMs: env.MAGAM_OUTBOUND_BREAKER_SLOW_MS,
      openMs: env.MAGAM_OUTBOUND_BREAKER_OPEN_MS,
      probes: env.MAGAM_OUTBOUND_BREAKER_PROBES,
    },
    confirmations: {
      atOnceMax: env.MAGAM_OUTBOUND_CONFIRMATIONS,
      queueMax: env.MAGAM_OUTBOUND_CONFIRMATION_QUEUE,
      waitMs,
    },
    lookUps: { atOnceMax: env.MAGAM_OUTBOUND_LOOKUPS, queueMax: env.MAGAM_OUTBOUND_LOOKUP_QUEUE, waitMs },
  };
}

/** Contradictions between settings, a sentence for each. */
export function outboundFaults(env: OutboundEnv): string[] {
  const faults = [];
  const answerMs = env.MAGAM_OUTBOUND_ANSWER_MS;
  const notAbove = 'must not be more than MAGAM_OUTBOUND_ANSWER_MS';
  if (env.MAGAM_OUTBOUND_CONNECT_MS > answerMs) faults.push(`MAGAM_OUTBOUND_CONNECT_MS ${notAbove}`);
  if (env.MAGAM_OUTBOUND_READ_MS > answerMs) faults.push(`MAGAM_OUTBOUND_READ_MS ${notAbove}`);
  if (env.MAGAM_OUTBOUND_TRY_PAUSE_MS > answerMs) faults.push(`MAGAM_OUTBOUND_TRY_PAUSE_MS ${notAbove}`);
  if (env.MAGAM_OUTBOUND_BREAKER_SLOW_MS > answerMs) faults.push(`MAGAM_OUTBOUND_BREAKER_SLOW_MS ${notAbove}`);
  if (env.MAGAM_OUTBOUND_BREAKER_CALLS_MIN > env.MAGAM_OUTBOUND_BREAKER_WINDOW)
    faults.push('MAGAM_OUTBOUND_BREAKER_CALLS_MIN must not be more than MAGAM_OUTBOUND_BREAKER_WINDOW');
  return faults;
}
