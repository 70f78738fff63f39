/** Writes down what happened, where it happens: in the transaction that causes it, so that neither exists without the other. */
import type { Tx } from '../../infra/database.js';
import { type EventOf, type EventType, readEvent } from './rules/events.js';

/** An event that happens now. */
export type HappenedEvent = {
  readonly [Type in EventType]: EventOf<Type> & {
    /** Of the call that caused it; empty where none did. */
    readonly requestId: string;
  };
}[EventType];

/** Checks events. Throws where a payload is not what its event has. */
export async function recordEvents(_tx: Tx, events: readonly HappenedEvent[]): Promise<void> {
  for (const { type, payload } of events) readEvent(type, payload);
}
