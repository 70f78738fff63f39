/**
 * Hints to other processes over BullMQ: numbers of rows to handle. The rows decide what is done, so a hint may be lost or come twice. BullMQ blocks its
 * connections and takes none with a key prefix: it gets connections of its own, and its keys begin with the installation's id, in braces, so that a cluster keeps
 * them together.
 */
import { type Job, Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { RedisAway } from './redis.js';

export type Hint = readonly number[];

export interface HintQueue {
  /** Sends hints under a name; those for which there is no room are dropped. Throws when Redis is away (`RedisAway`), frozen or full; then they may not have arrived. */
  readonly send: (name: string, hints: readonly Hint[]) => Promise<void>;
  /** Listens to hints under a name: each is taken by one of the listening processes, this many at a time in this one. A hint whose work fails is dropped. */
  readonly listen: (name: string, atOnce: number, work: (hint: Hint) => Promise<unknown>) => void;
  /** Rejects while Redis is away or frozen. */
  readonly ping: () => Promise<unknown>;
  /** Takes no more hints, waits for the work in hand, and disconnects. */
  readonly close: () => Promise<void>;
}

/** A command of a sender that Redis does not answer in this time has failed (ms). */
const COMMAND_TIMEOUT_MS = 2_000;
const RECONNECT_MS = 1_000;
/** The most waiting hints of a name, because they would fill Redis while nobody listens. The rows decide, so the work of a dropped hint is only found later. */
const HINTS_MAX = 10_000;
/** A hint of a dead process is given to another after this long without a sign of life (ms). */
const STALLED_MS = 30_000;

/** Connects in the background and never gives up. `onAway` is called at each try that fails. */
export function openQueue(redisUrl: string, installationId: string, onAway: (error: Error) => void): HintQueue {
  const lasting = { connectTimeout: 2_000, retryStrategy: (times: number) => Math.min(RECONNECT_MS, 100 * times) };
  const sender = new Redis(redisUrl, {
    ...lasting,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: COMMAND_TIMEOUT_MS,
  });
  sender.on('error', onAway);
  // Each worker makes two connections like this one. With `lazyConnect` a worker that begins while Redis is away would never work.
  const listener = new Redis(redisUrl, { ...lasting, maxRetriesPerRequest: null });
  listener.on('error', onAway);
  const prefix = `{magam:${installationId}}`;
  const queues = new Map<string, Queue>();
  const workers: Worker[] = [];
  const working = new Set<Promise<unknown>>();

  const queueOf = (name: string): Queue => {
    const queue =
      queues.get(name) ??
      new Queue(name, {
        connection: sender,
        prefix,
        skipWaitingForReady: true,
        skipVersionCheck: true,
        skipMetasUpdate: true,
        defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
      }).on('error', onAway);
    queues.set(name, queue);
    return queue;
  };

  return {
    send: async (name, hints) => {
      if (sender.status !== 'ready') throw new RedisAway('Redis is away');
      const queue = queueOf(name);
      const room = HINTS_MAX - (await queue.getWaitingCount());
      if (room > 0) await queue.addBulk(hints.slice(0, room).map((hint) => ({ name, data: hint })));
    },
    listen: (name, atOnce, work) => {
      const take = (job: Job<Hint>): Promise<unknown> => {
        const taken = work(job.data);
        working.add(taken);
        return taken.finally(() => working.delete(taken));
      };
      const worker = new Worker<Hint>(name, take, {
        connection: listener,
        prefix,
        concurrency: atOnce,
        skipVersionCheck: true,
        runRetryDelay: RECONNECT_MS,
        lockDuration: STALLED_MS,
        stalledInterval: STALLED_MS,
        removeOnComplete: { count: 0 },
        removeOnFail: { count: 0 },
      });
      workers.push(worker.on('error', onAway));
    },
    ping: () => sender.ping(),
    close: async () => {
      const closing = workers.map((worker) => worker.close(true).catch(() => undefined));
      await Promise.allSettled(working);
      // A Redis that is away or frozen does not answer a QUIT.
      await Promise.race([Promise.all(closing), new Promise((resolve) => setTimeout(resolve, RECONNECT_MS).unref())]);
      for (const client of [sender, listener]) client.disconnect();
    },
  };
}
