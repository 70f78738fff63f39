/** A listening server that stops without losing an answer. */
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pause } from '../../infra/database.js';
import { errorText } from '../../infra/database-errors.js';
import { MagamError } from '../../kernel/errors.js';

/** A file for import may take this long to arrive; Node's five minutes would cut off a large one on a slow line (ms). */
const UPLOAD_MAX_MS = 60 * 60_000;

/**
 * Connections that wait to be accepted, at most; the system may allow fewer (net.core.somaxconn). One that finds no room tries again after 1 s, then 2 s, then
 * 4 s. With Node's 511 a rush of 10,000 connections had 4,000 that found none, with this 1,700.
 */
const BACKLOG = 4_096;

export interface Listening {
  readonly port: number;
  /**
   * Stops: serves on for `drainMs` (every answer closes its connection, so a client goes elsewhere by itself), then takes no new
   * connection and waits for the requests in hand, at most `patienceMs`.
   */
  readonly stop: (drainMs: number, patienceMs: number) => Promise<void>;
}

/** Listens; resolves when the port is open. Throws CONFIG_INVALID, which names the setting of the port, when it cannot be opened. */
export async function listen(
  handler: RequestListener,
  host: string,
  port: number,
  setting: 'MAGAM_PORT' | 'MAGAM_METRICS_PORT' = 'MAGAM_PORT',
): Promise<Listening> {
  const server = createServer(
    { keepAliveTimeout: 65_000, headersTimeout: 66_000, requestTimeout: UPLOAD_MAX_MS },
    handler,
  );
  // A socket keeps its peer's address once it was asked; after a client has cut the connection nobody could tell whose request it was.
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
  // A connection whose request was in hand becomes idle after its answer.
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  const force = setTimeout(() => server.closeAllConnections(), patienceMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(force);
}
