/**
 * The messages between the main thread and a worker thread, and the memory that they share. Only ids, limits and counts
 * cross; never rows. Errors cross as plain objects, because a thread boundary strips an Error of its code.
 */

import type { MessagePort } from 'node:worker_threads';
import type { Fence } from '../../core/jobs/stores/partition.js';
import type { Config } from '../../infra/config.js';
import { type ErrorCode, errors, MagamError } from '../../kernel/errors.js';

/** What a thread is started with. */
export interface ThreadSettings {
  readonly config: Config;
  readonly databaseUrl: string;
  /** Seconds of silence after which the server rolls the thread's session back: below the lease. */
  readonly silenceSeconds: number;
  /** One number, which each thread raises by one when it is loaded. */
  readonly loaded: SharedArrayBuffer;
}

/** Works one partition from where it stands to the end of its pass, or does the whole pass of several in one chunk. */
export interface PartitionTask {
  readonly kind: 'partition';
  readonly job: string;
  /** Of one owner. */
  readonly fences: readonly Fence[];
  /** The execution whose stop flag is looked at between chunks. */
  readonly executionId: number;
  readonly runId: number;
  readonly key: string;
  readonly generation: number;
  /** What the plan froze. */
  readonly parameters: unknown;
  readonly chunkRows: number;
  readonly shared: SharedArrayBuffer;
  readonly slot: number;
}

/** A piece of a job that only reads. `input` and the answer are plain data that the job's two sides agree on. */
export interface ScanTask {
  readonly kind: 'scan';
  /** The name of the scan that carries it out. */
  readonly scan: string;
  readonly input: unknown;
  readonly shared: SharedArrayBuffer;
  readonly slot: number;
}

export type ScanOutcome = { readonly value: unknown } | { readonly error: WorkerError };

/** A seat in a shared view: the thread answers questions that come over the port until that is closed. */
export interface ViewTask {
  readonly kind: 'view';
  readonly reader: string;
  readonly input: unknown;
  readonly port: MessagePort;
  readonly shared: SharedArrayBuffer;
  readonly slot: number;
}

/** `open`: a snapshot, answered with its state. `read`: a piece, with its result. `sum`: what the thread has summed up. */
export type ViewQuestion =
  | { readonly kind: 'open' }
  | { readonly kind: 'read'; readonly piece: unknown }
  | { readonly kind: 'sum' };

/** What a claim committed. */
export interface WorkCounts {
  done: number;
  exceptions: number;
  chunks: number;
}
export const noCounts = (): WorkCounts => ({ done: 0, exceptions: 0, chunks: 0 });

export interface PartitionOutcome extends Readonly<WorkCounts> {
  /** `pass-done`: the pass is finished (the partition may be). `lost`: it belongs to somebody else. */
  readonly status: 'pass-done' | 'stopped' | 'lost' | 'failed';
  readonly error?: WorkerError;
  /** Entries of each of several partitions. */
  readonly entriesOfEach?: readonly number[];
}

export interface WorkerError {
  readonly code: string;
  readonly message: string;
  /** Trying again would not help. */
  readonly final: boolean;
  /** The database was away, locked or took no writes: it says nothing about the work. */
  readonly passes: boolean;
}

/** The error as it was on the other side, without its details. */
export const revived = ({ code, message }: WorkerError): Error =>
  code in errors ? new MagamError(code as ErrorCode, message) : new Error(message);

/** Milliseconds on the machine's monotonic clock, which all threads share and which runs on while a process is stopped. */
export const monotonicMs = (): number => Number(process.hrtime.bigint() / 1_000_000n);

/**
 * Memory shared by the main thread and its workers, one slot a worker: how far it is, and until when its lease surely
 * lasts.
 */
export class SharedBoard {
  private readonly limits: Float64Array;
  private readonly counters: Int32Array;

  constructor(readonly memory: SharedArrayBuffer) {
    const slots = memory.byteLength / 16;
    this.limits = new Float64Array(memory, 0, slots);
    this.counters = new Int32Array(memory, slots * 8, slots * 2);
  }

  /** One slot more than workers: it holds the request to stop. */
  static forWorkers(workers: number): SharedBoard {
    return new SharedBoard(new SharedArrayBuffer((workers + 1) * 16));
  }

  /** A worker's own limit: it must not commit after this instant of the monotonic clock. */
  limitOf = (slot: number): number => this.limits[slot] as number;
  setLimit(slot: number, limitMs: number): void {
    this.limits[slot] = limitMs;
  }

  /** A sign of progress: the main thread renews the lease only while these come. */
  tick(slot: number): void {
    Atomics.add(this.counters, slot * 2, 1);
  }
  ticksOf = (slot: number): number => Atomics.load(this.counters, slot * 2);

  addEntries(slot: number, entries: number): void {
    Atomics.add(this.counters, slot * 2 + 1, entries);
  }
  /** Entries done by all workers since the start. */
  entries(): number {
    let sum = 0;
    for (let i = 1; i < this.counters.length; i += 2) sum += Atomics.load(this.counters, i);
    return sum;
  }

  requestStop(): void {
    Atomics.store(this.counters, this.counters.length - 2, 1);
  }
  stopRequested = (): boolean => Atomics.load(this.counters, this.counters.length - 2) === 1;
}
