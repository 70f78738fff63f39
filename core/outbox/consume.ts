/**
 * Handles events of a consumer. Hints may come from anywhere and any number of times: events that the consumer has done, or that somebody handles now, are left
 * out, and the key of the inbox decides where two processes handle the same event at once.
 */
import { type Db, inTransaction } from '../../infra/database.js';
import { errorText, isLockConflict, isOutage } from '../../infra/database-errors.js';
import { faultPoint } from '../../infra/faults.js';
import type { Consumer, DeliveringConsumer, EventContext, HandlingConsumer } from './consumer.js';
import { recordEvents } from './record-events.js';
import { afterFailure, RETRY } from './rules/back-off.js';
import { readEvent } from './rules/events.js';
import { type OpenEvent, readOpen } from './stores/outbox-event.js';
import {
  claimAttempt,
  claimFirst,
  deleteAttempts,
  type EventKey,
  insertDelivered,
  insertDone,
  isDone,
  recordFailedAttempt,
} from './stores/outbox-inbox.js';

/** A delivery is told to end after this long (ms), unless its consumer says otherwise. */
const DELIVERY_MS = 60_000;
/** For this much longer nobody else delivers the event (ms). */
const LEASE_MARGIN_MS = 30_000;
/** After an attempt in the database that was counted before it began, the next one waits this long (ms). */
const HANDLING_MS = DELIVERY_MS + LEASE_MARGIN_MS;

export interface ConsumeContext {
  readonly db: Db;
  readonly log: EventContext['log'];
  /** Aborted: end after the event in hand. */
  readonly signal: AbortSignal;
}

/**
 * Handles the open ones among the events. One that fails is tried again later and does not hold up the others. Throws when the database is away: the rest is
 * found again by the scan of the rows.
 * @param forgotten nothing was recorded about these events for long, so they may have ended the process that handled them: each attempt is counted before it
 * begins
 * @returns how many were done
 */
export async function consume(
  context: ConsumeContext,
  consumer: Consumer,
  eventIds: readonly number[],
  forgotten = false,
): Promise<number> {
  if (eventIds.length === 0) return 0;
  const wanted: ReadonlySet<string> = new Set(consumer.events);
  // A type that only a later version of the program knows is left to a process of that version.
  const open = (await readOpen(context.db, consumer.name, eventIds)).filter(({ type }) => wanted.has(type));
  if (!('handle' in consumer)) return deliverAll(context, consumer, open);
  const first = await handleAll(context, consumer, byTries(open, false), forgotten);
  return first + (await handleAgain(context, consumer, byTries(open, true)));
}

const byTries = (events: readonly OpenEvent[], tried: boolean): OpenEvent[] =>
  events.filter(({ attempts }) => (attempts !== null) === tried);

/**
 * Counts an attempt, and keeps others from the event for this long (ms). An event whose last attempt never ended is given up.
 * @returns the number of the attempt; undefined: no attempt may be made
 */
async function begin(
  context: ConsumeContext,
  consumer: Consumer,
  event: OpenEvent,
  leaseMs: number,
): Promise<number | undefined> {
  const { attemptsMax } = consumer.retry ?? RETRY;
  const recorded = event.attempts ?? 0;
  if (recorded >= attemptsMax) {
    await noteFailure(
      context,
      consumer,
      event,
      recorded,
      new Error('the process that handled it ended before it was done'),
    );
    return undefined;
  }
  return (await claimAttempt(context.db, keyOf(consumer, event), event.attempts, leaseMs)) ? recorded + 1 : undefined;
}

/** Handles the events that were never tried, group by group. */
async function handleAll(
  context: ConsumeContext,
  consumer: HandlingConsumer,
  open: readonly OpenEvent[],
  forgotten: boolean,
): Promise<number> {
  const { together = 1 } = consumer;
  let done = 0;
  for (let from = 0; from < open.length && !context.signal.aborted; from += together) {
    const group = open.slice(from, from + together);
    const counted = forgotten ? await countTogether(context, consumer, group) : group;
    if (counted.length > 1 && (await handledTogether(context, consumer, counted))) done += counted.length;
    else for (const event of counted) if (await handleOne(context, consumer, event, 1)) done += 1;
  }
  return done;
}

/** Counts the first attempts of a group. @returns the events to handle: none where somebody handles one of them */
async function countTogether(
  { db }: ConsumeContext,
  { name }: Consumer,
  group: readonly OpenEvent[],
): Promise<OpenEvent[]> {
  const eventIds = group.map(({ eventId }) => eventId);
  if (!(await claimFirst(db, name, eventIds, HANDLING_MS))) return [];
  return group.map((event) => ({ ...event, attempts: 1 }));
}

/**
 * Handles the events that were tried before, one by one. Each attempt is counted before it begins, so that an event that ends its process each time is given up
 * in the end.
 */
async function handleAgain(
  context: ConsumeContext,
  consumer: HandlingConsumer,
  events: readonly OpenEvent[],
): Promise<number> {
  let done = 0;
  for (const event of events) {
    if (context.signal.aborted) break;
    const attempts = await begin(context, consumer, event, HANDLING_MS);
    if (attempts !== undefined && (await handleOne(context, consumer, { ...event, attempts }, attempts))) done += 1;
  }
  return done;
}

/** False: a part of it failed, and nothing was done. */
async function handledTogether(
  context: ConsumeContext,
  consumer: HandlingConsumer,
  group: readonly OpenEvent[],
): Promise<boolean> {
  try {
    await handle(context, consumer, group);
    return true;
  } catch (error) {
    if (isAway(error)) throw error;
    return false;
  }
}

/** The database is away, so no event can be handled. A wait for a lock that takes too long concerns only this event. */
const isAway = (error: unknown): boolean => isOutage(error) && !isLockConflict(error);

async function handleOne(
  context: ConsumeContext,
  consumer: HandlingConsumer,
  event: OpenEvent,
  attempt: number,
): Promise<boolean> {
  try {
    await handle(context, consumer, [event]);
    return true;
  } catch (error) {
    if (isAway(error)) throw error;
    if (await isDone(context.db, keyOf(consumer, event))) return false; // by somebody else
    await noteFailure(context, consumer, event, attempt, error);
    return false;
  }
}

/** The inbox comes first: a process that handles the same event waits there, and then has nothing to do. */
async function handle(
  context: ConsumeContext,
  consumer: HandlingConsumer,
  events: readonly OpenEvent[],
): Promise<void> {
  await inTransaction(context.db, async (tx) => {
    const eventIds = events.map(({ eventId }) => eventId);
    await insertDone(tx, consumer.name, eventIds);
    const tried = events.filter(({ attempts }) => attempts !== null).map(({ eventId }) => eventId);
    if (tried.length > 0) await deleteAttempts(tx, consumer.name, tried);
    const given = events.map((event) => ({
      event: readEvent(event.type, JSON.parse(event.payload)),
      context: contextOf(context, consumer, event),
    }));
    if (given.length > 1 && consumer.handleAll !== undefined) await consumer.handleAll(tx, given);
    else for (const one of given) await consumer.handle(tx, one.event, one.context);
    await faultPoint('outbox.before-commit');
  });
  for (const event of events) contextOf(context, consumer, event).log('info', {}, 'event handled');
  await faultPoint('outbox.handled');
}

async function deliverAll(
  context: ConsumeContext,
  consumer: DeliveringConsumer,
  open: readonly OpenEvent[],
): Promise<number> {
  const next = open.values();
  let done = 0;
  const work = async (): Promise<void> => {
    for (const event of next) if (!context.signal.aborted && (await deliverOne(context, consumer, event))) done += 1;
  };
  await Promise.all(Array.from({ length: consumer.atOnce ?? 4 }, work));
  return done;
}

async function deliverOne(context: ConsumeContext, consumer: DeliveringConsumer, event: OpenEvent): Promise<boolean> {
  const { db } = context;
  const key = keyOf(consumer, event);
  const { withinMs = DELIVERY_MS } = consumer;
  const attempts = await begin(context, consumer, event, withinMs + LEASE_MARGIN_MS);
  if (attempts === undefined) return false;
  if (await isDone(db, key)) {
    await deleteAttempts(db, consumer.name, [event.eventId]); // somebody has delivered it since it was read
    return false;
  }
  const signal = AbortSignal.timeout(withinMs);
  const about = contextOf({ ...context, signal }, consumer, event);
  try {
    const delivered = consumer.deliver(readEvent(event.type, JSON.parse(event.payload)), about);
    await Promise.race([delivered, overdue(signal, withinMs)]);
  } catch (error) {
    await noteFailure(context, consumer, { ...event, attempts }, attempts, error);
    return false;
  }
  await faultPoint('outbox.delivered');
  await inTransaction(db, async (tx) => {
    await insertDelivered(tx, key);
    await deleteAttempts(tx, consumer.name, [event.eventId]);
  });
  about.log('info', { attempts }, 'event delivered');
  return true;
}

/** A delivery that hangs and ignores its signal does not hold up the others. */
const overdue = (signal: AbortSignal, withinMs: number): Promise<never> =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error(`it took longer than ${withinMs / 1_000} s`)));
  });

/** Records a failure: when the event is tried again, or that it is given up, which is an event of its own. */
async function noteFailure(
  context: ConsumeContext,
  consumer: Consumer,
  event: OpenEvent,
  attempts: number,
  failure: unknown,
): Promise<void> {
  const error = errorText(failure);
  const next = afterFailure(attempts, consumer.retry ?? RETRY);
  const key = keyOf(consumer, event);
  const { eventId, type, requestId } = event;
  const noted = await inTransaction(context.db, async (tx) => {
    const pauseMs = next === 'give-up' ? null : next;
    if (!(await recordFailedAttempt(tx, key, { recorded: event.attempts, attempts, pauseMs, error }))) return false;
    // The consumer that informs operators of dead letters is not informed of its own dead letters.
    if (pauseMs === null && type !== 'outbox.given-up')
      await recordEvents(tx, [
        { type: 'outbox.given-up', payload: { consumer: consumer.name, eventId, type, error }, requestId },
      ]);
    return true;
  });
  if (!noted) return;
  const { log } = contextOf(context, consumer, event);
  if (next === 'give-up') log('error', { attempts, error }, 'an event is given up');
  else log('warn', { attempts, error, nextTryMs: next }, 'an event failed and is tried again');
}

const keyOf = ({ name }: Consumer, { eventId }: OpenEvent): EventKey => ({ consumer: name, eventId });

const contextOf = (
  { db, log, signal }: ConsumeContext,
  { name }: Consumer,
  { eventId, type, requestId, recordedAt }: OpenEvent,
): EventContext => ({
  db,
  eventId,
  recordedAt,
  requestId,
  signal,
  log: (level, fields, message) => log(level, { consumer: name, eventId, type, requestId, ...fields }, message),
});
