/** A service outside, as a test wants it to behave: a real HTTP server of its own, and clients whose limits are short. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createRawServer, type Socket } from 'node:net';
import { readConfig } from '../../infra/config.js';
import type { OutboundSettings } from '../../infra/outbound/outbound-settings.js';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  // biome-ignore lint/suspicious/noExplicitAny: what a test expects of it is the test's business
  readonly body: any;
}

export type Behaviour = (response: ServerResponse, received: Received) => void;

export interface Outside {
  readonly url: string;
  /** What has arrived, in order. */
  readonly received: Received[];
  /** How the next requests are answered, one after the other; the last one stays. */
  readonly answer: (...behaviours: Behaviour[]) => void;
  readonly connections: () => number;
  readonly close: () => Promise<void>;
}

export const json =
  (status: number, body: unknown): Behaviour =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };

export const text =
  (status: number, body: string): Behaviour =>
  (response) => {
    response.writeHead(status).end(body);
  };

/** Closes the connection without an answer. */
export const cut: Behaviour = (response) => void response.socket?.destroy();

/** Never answers. */
export const silent: Behaviour = () => undefined;

export async function startOutside(): Promise<Outside> {
  const received: Received[] = [];
  const sockets = new Set<Socket>();
  let behaviours: Behaviour[] = [json(200, {})];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const sent = Buffer.concat(chunks).toString();
      const { method = '', url: path = '', headers } = request;
      const one = { method, path, headers, body: sent === '' ? undefined : JSON.parse(sent) };
      received.push(one);
      const behaviour = behaviours.length > 1 ? behaviours.shift() : behaviours[0];
      behaviour?.(response, one);
    });
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${portOf(server.address())}`,
    received,
    answer: (...given) => {
      behaviours = given;
    },
    connections: () => sockets.size,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** Takes connections and speaks no TLS, so that an `https` address of it can be reached and never be connected to. */
export async function startDeaf(onConnection: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const server = createRawServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `https://127.0.0.1:${portOf(server.address())}`,
    close: (): Promise<void> =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

const portOf = (address: ReturnType<ReturnType<typeof createRawServer>['address']>): number =>
  typeof address === 'object' && address !== null ? address.port : 0;

/** The default settings, without pauses between tries unless the test says so. */
export const outboundSettingsOf = (more: Partial<OutboundSettings> = {}): OutboundSettings => ({
  ...readConfig({}).outbound,
  tryPauseMs: 1,
  ...more,
});
