/** How fast events become hints: the product's relay, beside one publish for each row. */
import { randomUUID } from 'node:crypto';
import { recordEvents } from '../core/outbox/record-events.js';
import { relayBatch, type SendHints } from '../core/outbox/relay.js';
import { markRelayed, readUnrelayed } from '../core/outbox/stores/outbox-event.js';
import { change, type Db, inTransaction } from '../infra/database.js';
import { openQueue } from '../infra/queue.js';
import { eachBy } from './http-caller.js';
import { say, secondsSince } from './measure.js';

export const RELAYS = ['product', 'one by one', 'one each, 100 at once'] as const;
export type RelayName = (typeof RELAYS)[number];

export interface RelaySample {
  /** Events a second, from their rows to Redis, and marked. */
  readonly perSecond: number;
  /** Hints or messages that were published for them. */
  readonly published: number;
  /** From then until a worker that does nothing with them has taken all (s). */
  readonly takenSeconds: number;
}

interface Plan {
  readonly db: Db;
  readonly redisUrl: string;
  readonly rounds: number;
  readonly events: number;
}

const BATCH = 1_000;

/** Events as payments write them; no consumer handles them. */
async function writeEvents(db: Db, count: number): Promise<void> {
  for (let from = 0; from < count; from += BATCH)
    await inTransaction(db, (tx) =>
      recordEvents(
        tx,
        Array.from({ length: Math.min(BATCH, count - from) }, (_, at) => ({
          type: 'payment.succeeded' as const,
          payload: {
            paymentId: from + at + 1,
            checkoutId: from + at + 1,
            buyerId: 1,
            currency: 'KRW',
            amountMinor: 39_000,
            units: [{ unitId: 1, productId: 1, quantity: 1 }],
          },
          requestId: randomUUID(),
        })),
      ),
    );
}

/** One publish for each row, to one queue for all consumers; rows are marked together, as in the product. */
async function relayEach(db: Db, send: SendHints, atOnce: number): Promise<number> {
  const events = await readUnrelayed(db, BATCH);
  await eachBy(atOnce, events, ({ eventId }) => send('each', [[eventId]]));
  if (events.length > 0)
    await markRelayed(
      db,
      events.map(({ eventId }) => eventId),
    );
  return events.length;
}

const relays: Readonly<Record<RelayName, (db: Db, send: SendHints) => Promise<number>>> = {
  product: (db, send) => relayBatch(db, send),
  'one by one': (db, send) => relayEach(db, send, 1),
  'one each, 100 at once': (db, send) => relayEach(db, send, 100),
};

async function measureRelay({ db, redisUrl, events }: Plan, name: RelayName): Promise<RelaySample> {
  await writeEvents(db, events);
  const queue = openQueue(redisUrl, `bench-${randomUUID()}`, (error) => say(`Redis away: ${error.message}`));
  let published = 0;
  const used = new Set<string>();
  const send: SendHints = async (consumer, hints) => {
    used.add(consumer);
    published += hints.length;
    await queue.send(consumer, hints);
  };
  await connected(() => queue.send('warm', [[]]));
  const started = performance.now();
  while ((await relays[name](db, send)) > 0);
  const seconds = secondsSince(started);
  const takenSeconds = await take(queue, used, published);
  await queue.close();
  await change(db, 'DELETE FROM outbox_event');
  return { perSecond: events / seconds, published, takenSeconds };
}

/** A queue connects in the background. */
async function connected(send: () => Promise<void>): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await send();
    } catch (error) {
      if (tries === 50) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

async function take(queue: ReturnType<typeof openQueue>, names: ReadonlySet<string>, count: number): Promise<number> {
  const started = performance.now();
  let taken = 0;
  await new Promise<void>((resolve) => {
    for (const name of names)
      queue.listen(name, 10, async () => {
        taken += 1;
        if (taken === count) resolve();
      });
  });
  return secondsSince(started);
}

export async function measureRelays(plan: Plan): Promise<Record<RelayName, RelaySample[]>> {
  const samples = Object.fromEntries(RELAYS.map((name) => [name, []])) as unknown as Record<RelayName, RelaySample[]>;
  for (let round = 1; round <= plan.rounds; round += 1)
    for (const name of RELAYS) {
      say(`Round ${round}: relaying ${plan.events} events, ${name} …`);
      samples[name].push(await measureRelay(plan, name));
    }
  return samples;
}
