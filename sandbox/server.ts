/** The sandbox as a server: three payment providers, a mail server and Slack, in one process and in memory. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type ErrorRequestHandler } from 'express';
import { Book } from './book.js';
import { controlRoutes, Messages } from './control.js';
import { Faults } from './faults.js';
import { kakaopayRoutes } from './kakaopay/kakaopay.js';
import { Mailbox } from './mailbox.js';
import { portoneRoutes, writePortoneWebhook } from './portone/portone.js';
import type { World } from './provider-call.js';
import { tossRoutes, writeTossWebhook } from './toss/toss.js';
import { Webhooks } from './webhooks.js';
import { windowRoutes } from './window.js';

export interface SandboxOptions {
  readonly host?: string;
  /** 0: any free port. */
  readonly port?: number;
  readonly mailPort?: number;
  /** Of the faults that befall a share of the calls. */
  readonly seed?: number;
  /** The platform that webhooks are sent to; null: none are sent. */
  readonly webhookTarget?: string | null;
  /** Pauses before a webhook is sent again (ms). */
  readonly webhookRetryMs?: readonly number[];
}

export interface Sandbox {
  readonly url: string;
  readonly mailPort: number;
  readonly book: Book;
  readonly faults: Faults;
  readonly webhooks: Webhooks;
  readonly mailbox: Mailbox;
  readonly world: World;
  /** Forgets payments, book, answers, faults, mails and messages. */
  readonly reset: () => void;
  readonly close: () => Promise<void>;
}

const BODY_BYTES_MAX = '256kb';
const WEBHOOK_RETRY_MS = [1_000, 4_000, 16_000, 64_000];

/** Starts it. Fails where a port is taken. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { host = '127.0.0.1', port = 0, mailPort = 0, seed = 1, webhookTarget = null } = options;
  const book = new Book();
  const faults = new Faults(seed);
  const webhooks = new Webhooks(
    faults,
    { TOSS: writeTossWebhook, PORTONE: writePortoneWebhook },
    { target: webhookTarget, retryMs: options.webhookRetryMs ?? WEBHOOK_RETRY_MS },
  );
  const mailbox = new Mailbox();
  const world: World = { book, faults, webhooks, answers: new Map() };
  const messages = new Messages();
  const reset = (): void => {
    book.reset();
    world.answers.clear();
    faults.set([]);
    webhooks.reset();
    mailbox.reset();
    messages.reset();
  };
  const app = express().disable('x-powered-by').disable('etag');
  app.use(express.json({ limit: BODY_BYTES_MAX }));
  let url = '';
  app.use(
    tossRoutes(world),
    portoneRoutes(world),
    kakaopayRoutes(world, () => url),
    windowRoutes(world),
    controlRoutes({ world, faults, webhooks, mailbox, messages, reset }),
  );
  app.get(
    '/',
    (_req, res) => void res.type('text').send('The sandbox of Magam: docs/sandbox.md says what can be asked here.\n'),
  );
  app.use(refusal);
  const mail = await mailbox.listen(host, mailPort);
  const server = createServer({ keepAliveTimeout: 65_000 }, app);
  try {
    server.listen({ port, host, backlog: 4_096 });
    await once(server, 'listening');
  } catch (error) {
    await mail.close();
    throw error;
  }
  url = `http://${host.includes(':') ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`;
  return {
    url,
    mailPort: mail.port,
    ...{ book, faults, webhooks, mailbox, world, reset },
    close: async () => {
      await webhooks.close();
      await mail.close();
      server.close();
      server.closeAllConnections();
    },
  };
}

/** A body that is no JSON. */
const refusal: ErrorRequestHandler = (
  error: { readonly status?: number; readonly message?: string },
  _req,
  res,
  next,
) => {
  if (res.headersSent) return next(error);
  res.status(error.status ?? 500).json({ code: 'INVALID_REQUEST', message: error.message ?? '' });
};
