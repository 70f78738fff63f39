/** One request over a pool of connections, and whether it was sent. */
import type { Dispatcher, Pool } from 'undici';

/** The request. */
export interface OutboundRequest {
  readonly method: 'GET' | 'POST';
  /** The path from the root of the host, with the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

export type ExchangeFailure = 'no-connection' | 'timed-out' | 'connection-lost' | 'answer-too-large' | 'given-up';

export type Exchange =
  | { readonly kind: 'answered'; readonly status: number; readonly body: string }
  /** Not a byte of it left this process. */
  | { readonly kind: 'never-sent'; readonly failure: ExchangeFailure; readonly message: string }
  /** Some or all of it may have arrived. */
  | { readonly kind: 'sent'; readonly failure: ExchangeFailure; readonly message: string };

/** The longest body of an answer that is read (bytes). */
const BODY_BYTES_MAX = 1_048_576;

/** The reason of a signal that ends an exchange because its time is over. Any other reason means that the caller gave it up. */
export const TIME_IS_UP = 'the time for the answer is up';

/**
 * Sends a request and reads the answer. Never throws: the result tells what is known of a failure. undici reports when it is about to write the request, after
 * the connection was made and before the first byte; a request that ends earlier was never sent, whatever its error.
 * @param signal aborted: the exchange ends at once, and its connection is closed
 */
export function exchange(pool: Pool, request: OutboundRequest, readMs: number, signal: AbortSignal): Promise<Exchange> {
  return new Promise((resolve) => {
    const receiver = new Receiver((outcome) => {
      signal.removeEventListener('abort', abort);
      resolve(outcome);
    });
    const abort = (): void => receiver.giveUp(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) return abort();
    const { body, ...rest } = request;
    pool.dispatch(
      { ...rest, ...(body === undefined ? {} : { body }), headersTimeout: readMs, bodyTimeout: readMs },
      receiver,
    );
  });
}

class Receiver implements Dispatcher.DispatchHandler {
  private controller: Dispatcher.DispatchController | undefined;
  private ended = false;
  private status = 0;
  private bytes = 0;
  private readonly chunks: Buffer[] = [];

  constructor(private readonly settle: (outcome: Exchange) => void) {}

  /** The connection exists and the request is written next, unless it was given up meanwhile. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.ended) controller.abort(new Error('given up before it was sent'));
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number): void {
    this.status = status;
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.bytes += chunk.length;
    if (this.bytes <= BODY_BYTES_MAX) this.chunks.push(chunk);
    else {
      this.fail('answer-too-large', `the answer has more than ${BODY_BYTES_MAX} bytes`);
      controller.abort(new Error('answer too large'));
    }
  }

  onResponseEnd(): void {
    this.end({ kind: 'answered', status: this.status, body: Buffer.concat(this.chunks).toString('utf8') });
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    const timedOut = /^UND_ERR_(HEADERS|BODY)_TIMEOUT$/.test((error as { code?: string }).code ?? '');
    this.fail(timedOut ? 'timed-out' : 'connection-lost', error.message);
  }

  giveUp(reason: unknown): void {
    if (reason === TIME_IS_UP) this.fail('timed-out', TIME_IS_UP);
    else this.fail('given-up', 'the caller gave it up');
    this.controller?.abort(new Error('given up'));
  }

  private fail(failure: ExchangeFailure, message: string): void {
    if (this.controller !== undefined) this.end({ kind: 'sent', failure, message });
    else this.end({ kind: 'never-sent', failure: failure === 'connection-lost' ? 'no-connection' : failure, message });
  }

  private end(outcome: Exchange): void {
    if (this.ended) return;
    this.ended = true;
    this.settle(outcome);
  }
}
