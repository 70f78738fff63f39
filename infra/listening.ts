/** A listening server that stops without losing an answer. */
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MagamError } from '../kernel/errors.js';
import { pause } from './database.js';
import { errorText } from './database-errors.js';

/** A file for import may take this long to arrive; Node's five minutes would cut off a large file on a slow connection (ms). */
const UPLOAD_MAX_MS = 60 * 60_000;

/**
 * Connections that wait to be accepted, at most; the system may allow fewer (net.core.somaxconn). A connection that finds no room tries again after 1 s, then 2 s, then 4 s. In a
 * rush of 10,000 connections 4,000 found no room with Node's 511, and 1,700 with this value.
 */
const BACKLOG = 4_096;

export interface Listening {
  readonly port: number;
  /**
   * Stops. For `drainMs` the server goes on serving, and every answer closes its connection, so clients go to other servers. Then it takes no new connections and waits, at most
   * `patienceMs`, for the requests that are being answered.
   */
  readonly stop: (drainMs: number, patienceMs: number) => Promise<void>;
}

/** Listens; resolves when the port is open. Throws CONFIG_INVALID, which names the setting of the port, when it cannot be opened. */
export async function listen(
  handler: RequestListener,
  host: string,
  port: number,
  setting: 'MAGAM_PORT' | 'MAGAM_METRICS_PORT' | 'MAGAM_RUNNER_METRICS_PORT' = 'MAGAM_PORT',
): Promise<Listening> {
  const server = createServer(
    { keepAliveTimeout: 65_000, headersTimeout: 66_000, requestTimeout: UPLOAD_MAX_MS },
    handler,
  );
  // A socket keeps its peer's address once it was read. After the client has cut the connection the address could not be found out any more.
  server.on('connection', (socket) => void socket.remoteAddress);
  server.listen({ port, host, backlog: BACKLOG });
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new MagamError('CONFIG_INVALID', `The server cannot listen on ${host}, port ${port}: ${errorText(error)}.`, {
      settings: ['MAGAM_HOST', setting],
    });
  }
  return {
    port: (server.address() as AddressInfo).port,
    stop: (drainMs, patienceMs) => stop(server, drainMs, patienceMs),
  };
}

async function stop(server: Server, drainMs: number, patienceMs: number): Promise<void> {
  await pause(drainMs);
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  // A connection becomes idle after the answer to its request.
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  const force = setTimeout(() => server.closeAllConnections(), patienceMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(force);
}
