/**
 * The runner's loops of the outbox: one relays events to hints, one for each consumer scans the rows, and each consumer handles the events of hints. Each is on
 * its own, so neither a consumer that fails or hangs nor Redis holds up the others.
 */
import { randomUUID } from 'node:crypto';
import { type ConsumeContext, consume } from '../../core/outbox/consume.js';
import type { Consumer } from '../../core/outbox/consumer.js';
import { lookAgain } from '../../core/outbox/look-again.js';
import { relayBatch } from '../../core/outbox/relay.js';
import { registerConsumer } from '../../core/outbox/stores/outbox-consumer.js';
import type { Config } from '../../infra/config.js';
import { isOutage } from '../../infra/database-errors.js';
import type { HintQueue } from '../../infra/queue.js';
import { Turn } from './turn.js';

export interface OutboxContext extends ConsumeContext {
  readonly config: Pick<Config, 'leaseMs'>;
  readonly queue: HintQueue;
  /** Resolves at the next knock or after `ms`. */
  readonly idle: (ms: number) => Promise<void>;
}

/** The time between two searches for events to relay. */
const RELAY_MS = 200;
/** The time between two checks of a runner whose turn it is not. */
const OTHERS_MS = 1_000;
/** The time between two scans of a consumer's rows. */
const LOOK_MS = 5_000;
const OUTAGE_PAUSE_MS = 3_000;
/** Hints of a consumer that a runner works on at a time. */
const HINTS_AT_ONCE = 2;

/** Works until the signal, and then ends the work in hand. It waits for a database or Redis that is away. */
export async function runOutbox(context: OutboxContext, consumers: readonly Consumer[]): Promise<void> {
  const { queue } = context;
  const owner = randomUUID();
  try {
    await registerAll(context, consumers);
    for (const consumer of consumers) listen(context, consumer);
    await Promise.all([relay(context, owner), ...consumers.map((consumer) => look(context, consumer, owner))]);
  } finally {
    await queue.close();
  }
}

async function registerAll({ db, signal, log, idle }: OutboxContext, consumers: readonly Consumer[]): Promise<void> {
  while (!signal.aborted) {
    try {
      for (const consumer of consumers) await registerConsumer(db, consumer);
      return;
    } catch (error) {
      log('error', { error }, 'the consumers of events could not be registered');
      await idle(OUTAGE_PAUSE_MS);
    }
  }
}

/** A failed hint is no loss, because the rows are scanned again. */
function listen(context: OutboxContext, consumer: Consumer): void {
  const { queue, log } = context;
  queue.listen(consumer.name, HINTS_AT_ONCE, (eventIds) =>
    consume(context, consumer, eventIds).catch((error: unknown) =>
      log('warn', { consumer: consumer.name, error }, 'events could not be looked at'),
    ),
  );
}

async function relay({ db, config, queue, signal, log, idle }: OutboxContext, owner: string): Promise<void> {
  const turn = new Turn(db, 'outbox:relay', owner, config.leaseMs);
  let failing = false;
  while (!signal.aborted) {
    try {
      if (!(await turn.isOurs())) await idle(OTHERS_MS);
      else if ((await relayBatch(db, queue.send)) === 0) await idle(RELAY_MS);
      failing = false;
    } catch (error) {
      if (!failing) log(isOutage(error) ? 'error' : 'warn', { error }, 'events could not be relayed');
      failing = true;
      await idle(OTHERS_MS);
    }
  }
  await turn.end();
}

async function look(context: OutboxContext, consumer: Consumer, owner: string): Promise<void> {
  const { db, config, signal, log, idle } = context;
  const turn = new Turn(db, `outbox:${consumer.name}`, owner, config.leaseMs);
  while (!signal.aborted) {
    try {
      const done = (await turn.isOurs()) ? await lookAgain(context, consumer) : 0;
      if (done > 0) log('info', { consumer: consumer.name, events: done }, 'events were found in their rows');
      await idle(LOOK_MS);
    } catch (error) {
      log('error', { consumer: consumer.name, error }, 'the rows of a consumer could not be looked at');
      await idle(OUTAGE_PAUSE_MS);
    }
  }
  await turn.end();
}
