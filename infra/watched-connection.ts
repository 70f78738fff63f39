/**
 * Ends useless connections. The driver waits for an answer without a limit: a stopped process between client and server, for
 * instance a proxy, keeps a connection open that answers nothing. And a server that no longer takes writes keeps its clients, although another one may be
 * the primary by now.
 */
import type { Socket } from 'node:net';

/** A connection of the driver, as far as it is used here. */
export interface SessionConnection {
  query(...args: unknown[]): unknown;
  end(done?: Done): unknown;
  readonly stream: Socket;
  /** A field of the driver: the command under way. */
  readonly _command?: object | null;
}

/** How long the server may take to close a connection after a QUIT (ms). */
const GOODBYE_MS = 1_000;

interface QueryOptions {
  readonly sql: string;
  /** Seconds without a byte from the server, for this statement; 0: no limit. */
  readonly answerSeconds?: number;
}
type Done = (error: unknown, ...rest: unknown[]) => void;

/**
 * Ends the connection with ETIMEDOUT when the server sends nothing for this many seconds while a statement is under way, and after an error for
 * which `isUseless` holds. While our own reader has paused the socket, no limit holds. The pool drops an ended connection. One that the pool ends
 * does not keep the process alive.
 */
export function watched(
  connection: SessionConnection,
  answerSeconds: number,
  isUseless: (error: unknown) => boolean,
): void {
  const { stream } = connection;
  const state = { useless: false, inTransaction: false, ending: false };
  const query = connection.query.bind(connection);
  const end = connection.end.bind(connection);
  // The driver waits for the server to close the connection. One that is frozen never does, and would keep the process alive.
  connection.end = (done?: Done) => {
    state.ending = true;
    stream.setTimeout(GOODBYE_MS).unref();
    return end(done);
  };
  connection.query = (options: QueryOptions, values: unknown, done?: Done) => {
    stream.setTimeout((options.answerSeconds ?? answerSeconds) * 1_000);
    if (/^(BEGIN|START)\b/.test(options.sql)) state.inTransaction = true;
    if (/^(COMMIT|ROLLBACK);?$/.test(options.sql)) state.inTransaction = false;
    if (done === undefined) return query(options, values); // rows are streamed
    return query(options, values, (error: unknown, ...rest: unknown[]) => {
      state.useless ||= isUseless(error);
      // A transaction is rolled back first; if that fails, its error replaces this one.
      if (state.useless && !state.inTransaction) stream.destroy();
      done(error, ...rest);
    });
  };
  stream.on('timeout', () => {
    if (state.ending) stream.destroy();
    const waits = connection._command !== undefined && connection._command !== null && !stream.isPaused();
    if (waits) stream.destroy(Object.assign(new Error('the database gave no answer in time'), { code: 'ETIMEDOUT' }));
  });
}
