/** The other end of webhooks, and the runner's loop in the test's process. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { runWebhooks } from '../../batch/webhooks/webhook-loop.js';
import { type NewFeedEvent, recordFeedEvents } from '../../core/event-feed/stores/feed-event.js';
import { readConfig } from '../../infra/config.js';
import { change, type Db, inTransaction, pause } from '../../infra/database.js';

export interface ReceivedWebhook {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly event: { readonly id: number; readonly type: string; readonly data: Readonly<Record<string, unknown>> };
}

export interface WebhookReceiver {
  readonly url: string;
  readonly port: number;
  readonly received: ReceivedWebhook[];
  /** What it does with the next webhooks; default: 204. */
  answer: (respond: (res: ServerResponse, webhook: ReceivedWebhook) => void) => void;
  readonly stop: () => Promise<void>;
}

export async function startWebhookReceiver(): Promise<WebhookReceiver> {
  const received: ReceivedWebhook[] = [];
  let respond: (res: ServerResponse, webhook: ReceivedWebhook) => void = (res) => void res.writeHead(204).end();
  const server = createServer(async (req, res) => {
    const body = await text(req);
    const webhook = { path: req.url ?? '', headers: req.headers, body, event: JSON.parse(body) };
    received.push(webhook);
    respond(res, webhook);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}/magam`,
    port,
    received,
    answer: (next) => {
      respond = next;
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Settings of a test whose receivers are on its own machine. */
export const PRIVATE = { MAGAM_WEBHOOK_PRIVATE_ADDRESSES: 'on' };

/** Runs the loop until it is ended. */
export function startWebhookLoop(db: Db, settings: Readonly<Record<string, string>> = PRIVATE): () => Promise<void> {
  const stop = new AbortController();
  const config = readConfig({ NODE_ENV: 'test', ...settings });
  const idle = (): Promise<void> => pause(20);
  const ended = runWebhooks({ db, config, log: () => undefined, signal: stop.signal, idle });
  return () => {
    stop.abort();
    return ended;
  };
}

const stoppedRun = (runId: number): NewFeedEvent => ({
  type: 'run.stopped',
  data: { runId, date: '2026-05-04', generation: 1 },
});

export const recordRuns = (db: Db, ...runIds: readonly number[]): Promise<void> =>
  inTransaction(db, (tx) => recordFeedEvents(tx, runIds.map(stoppedRun)));

/** What failed is tried again now. */
export const letTry = (db: Db) => change(db, 'UPDATE webhook_endpoint SET next_try_at = UTC_TIMESTAMP(3)');
