/** Records events in the transaction that causes them, so that neither exists without the other. */
import type { Tx } from '../../infra/database.js';
import { type EventOf, type EventType, readEvent } from './rules/events.js';
import { insertEvents } from './stores/outbox-event.js';

/** An event that happens now. */
export type HappenedEvent = {
  readonly [Type in EventType]: EventOf<Type> & {
    /** Of the call that caused it; empty where no call did. */
    readonly requestId: string;
  };
}[EventType];

/** Records any number of events in one statement. Throws where a payload does not match its event type. */
export async function recordEvents(tx: Tx, events: readonly HappenedEvent[]): Promise<void> {
  if (events.length === 0) return;
  await insertEvents(
    tx,
    events.map(({ type, payload, requestId }) => ({
      type,
      payload: JSON.stringify(readEvent(type, payload).payload),
      requestId,
    })),
  );
}
