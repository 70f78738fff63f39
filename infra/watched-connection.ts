/**
 * Connections that are given up. The driver waits for an answer for ever: a process that is stopped between client and server, a proxy for
 * instance, keeps a connection open that answers nothing. And a server that takes no writes any more keeps its clients, though another one may be
 * the primary by now.
 */
import type { Socket } from 'node:net';

/** A connection of the driver, as far as it is used here. */
export interface SessionConnection {
  query(...args: unknown[]): unknown;
  end(done?: Done): unknown;
  readonly stream: Socket;
  /** The driver's own: the command under way. */
  readonly _command?: object | null;
}

/** How long the server may take to close a connection that was told goodbye (ms). */
const GOODBYE_MS = 1_000;

interface QueryOptions {
  readonly sql: string;
  /** Seconds without a byte from the server, for this statement; 0: for ever. */
  readonly answerSeconds?: number;
}
type Done = (error: unknown, ...rest: unknown[]) => void;

/**
 * Lets the connection end with ETIMEDOUT when the server sends nothing for so many seconds while a statement is under way, and behind an error for
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
      // A transaction is rolled back first: where that fails, its error takes the place of this one.
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
