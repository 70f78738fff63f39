/** Defines consumers: a consumer handles each event once. */
import type { Db, Tx } from '../../infra/database.js';
import type { Retry } from './rules/back-off.js';
import type { EventOf, EventType } from './rules/events.js';

/** Where an event comes from. */
export interface EventContext {
  readonly db: Db;
  readonly eventId: number;
  /** When it happened: ISO 8601, UTC. */
  readonly recordedAt: string;
  /** Of the call that caused it; empty where no call did. */
  readonly requestId: string;
  /** Aborted when a delivery has taken too long; for work in the database, when the process has to stop. */
  readonly signal: AbortSignal;
  /** Each line has the event's id, its type and the request id. */
  readonly log: (level: 'info' | 'warn' | 'error', fields: object, message: string) => void;
}

interface Described<Type extends EventType> {
  /** At most 24 characters; stored, and a label of the metrics. */
  readonly name: string;
  /** Where it begins when it is registered for the first time. */
  readonly from: 'beginning' | 'now';
  readonly events: readonly Type[];
  /** Default `RETRY`. */
  readonly retry?: Retry;
}

/** Works in the database. Its work commits together with the row that records it as done. */
export interface HandlingConsumer<Type extends EventType = EventType> extends Described<Type> {
  /** The number of events that are handled in one transaction, and one by one when that fails. Default 1. */
  readonly together?: number;
  readonly handle: (tx: Tx, event: EventOf<Type>, context: EventContext) => Promise<void>;
  /** Handles the events of one transaction by statements over all of them, in place of `handle` for each. */
  readonly handleAll?: (tx: Tx, events: readonly EventInContext<Type>[]) => Promise<void>;
}

export interface EventInContext<Type extends EventType = EventType> {
  readonly event: EventOf<Type>;
  readonly context: EventContext;
}

/**
 * Works outside, with no transaction open. The row that records the delivery is written afterwards, so after a death between the two it is delivered again: the
 * receiver has to recognise or tolerate a repetition.
 */
export interface DeliveringConsumer<Type extends EventType = EventType> extends Described<Type> {
  /** Deliveries at the same time in one scan or hint. Default 4. */
  readonly atOnce?: number;
  /** A delivery that takes longer has failed (ms). Default 60,000. */
  readonly withinMs?: number;
  readonly deliver: (event: EventOf<Type>, context: EventContext) => Promise<void>;
}

export type Consumer = HandlingConsumer | DeliveringConsumer;

/** A consumer without its event types, which only its definition needs. */
export const consumer = <const Type extends EventType>(
  definition: HandlingConsumer<Type> | DeliveringConsumer<Type>,
): Consumer => definition as unknown as Consumer;
