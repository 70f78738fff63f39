/** What a consumer is: it does what follows from events, once each. */
import type { Db, Tx } from '../../infra/database.js';
import type { Retry } from './rules/back-off.js';
import type { EventOf, EventType } from './rules/events.js';

/** Where an event comes from. */
export interface EventContext {
  readonly db: Db;
  readonly eventId: number;
  /** When it happened: ISO 8601, UTC. */
  readonly recordedAt: string;
  /** Of the call that caused it; empty where none did. */
  readonly requestId: string;
  /** Aborted when a delivery has taken too long; for work in the database, when the process is to stop. */
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

/** Works in the database. What it does commits together with the row that says that it has done it. */
export interface HandlingConsumer<Type extends EventType = EventType> extends Described<Type> {
  /** So many events are handled in one transaction, and one by one when that fails. Default 1. */
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
 * Works outside, with no transaction open. The row that says that it has delivered is written afterwards, so a process that dies between the two delivers again: the
 * other end has to recognise a repetition, or to bear it.
 */
export interface DeliveringConsumer<Type extends EventType = EventType> extends Described<Type> {
  /** Deliveries at the same time in one look or hint. Default 4. */
  readonly atOnce?: number;
  /** A delivery that takes longer has failed (ms). Default 60,000. */
  readonly withinMs?: number;
  readonly deliver: (event: EventOf<Type>, context: EventContext) => Promise<void>;
}

export type Consumer = HandlingConsumer | DeliveringConsumer;

/** A consumer whose types have served their purpose. */
export const consumer = <const Type extends EventType>(
  definition: HandlingConsumer<Type> | DeliveringConsumer<Type>,
): Consumer => definition as unknown as Consumer;
