/** The sandbox as a server: three payment providers, a payout service, a mail server and Slack, in one process and in memory. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type ErrorRequestHandler } from 'express';
import { Book, SandboxFull } from './book.js';
import { controlRoutes } from './control.js';
import { Faults } from './faults.js';
import { frontRoutes } from './front.js';
import { kakaopayRoutes } from './kakaopay/kakaopay.js';
import { Mailbox } from './mailbox.js';
import { PayoutBook } from './payout-book.js';
import { payoutControlRoutes } from './payout-control.js';
import { portoneRoutes, writePortoneWebhook } from './portone/portone.js';
import { sharedController, type World } from './provider-call.js';
import { Slack, slackRoutes } from './slack.js';
import { tossRoutes, writeTossWebhook } from './toss/toss.js';
import { tossPayoutRoutes } from './toss/toss-payouts.js';
import { Webhooks } from './webhooks.js';
import { windowRoutes } from './window.js';

export interface SandboxOptions {
  readonly host?: string;
  /** 0 takes a port that is free. */
  readonly port?: number;
  readonly mailPort?: number;
  /** The seed of faults for a share of the calls. */
  readonly seed?: number;
  /** The platform that webhooks are sent to; null: none are sent. */
  readonly webhookTarget?: string | null;
  /** The most payments and lines of the book. */
  readonly keptMax?: number;
  /** Pauses before a webhook is sent again (ms). */
  readonly webhookRetryMs?: readonly number[];
}

export interface Sandbox {
  readonly url: string;
  readonly mailPort: number;
  readonly book: Book;
  readonly payouts: PayoutBook;
  readonly faults: Faults;
  readonly webhooks: Webhooks;
  readonly mailbox: Mailbox;
  readonly world: World;
  /** Deletes payments, payouts, books, answers under keys, faults, webhooks, mails and messages. */
  readonly reset: () => void;
  readonly close: () => Promise<void>;
}

const BODY_BYTES_MAX = '256kb';
const WEBHOOK_RETRY_MS = [1_000, 4_000, 16_000, 64_000];

/** Starts it. Fails where a port is taken. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { host = '127.0.0.1', port = 0, mailPort = 0, seed = 1, webhookTarget = null } = options;
  const book = new Book(options.keptMax);
  const faults = new Faults(seed);
  const webhooks = new Webhooks(
    faults,
    { TOSS: writeTossWebhook, PORTONE: writePortoneWebhook },
    { target: webhookTarget, retryMs: options.webhookRetryMs ?? WEBHOOK_RETRY_MS },
  );
  const mailbox = new Mailbox();
  const slack = new Slack();
  const closing = sharedController();
  const payouts = new PayoutBook();
  const world: World = { book, payouts, faults, webhooks, answers: new Map(), closing: closing.signal };
  const reset = (): void => {
    book.reset();
    payouts.reset();
    world.answers.clear();
    faults.set([]);
    webhooks.reset();
    mailbox.reset();
    slack.reset();
  };
  const app = express().disable('x-powered-by').disable('etag');
  app.use(express.json({ limit: BODY_BYTES_MAX }));
  let url = '';
  app.use(
    tossRoutes(world),
    tossPayoutRoutes(world),
    portoneRoutes(world),
    kakaopayRoutes(world, () => url),
    windowRoutes(world),
    slackRoutes(slack),
    payoutControlRoutes(payouts),
    controlRoutes({ world, faults, webhooks, mailbox, reset }),
    frontRoutes(mailbox),
  );
  app.use((_req, res) => void res.status(404).json({ code: 'NOT_FOUND', message: '존재하지 않는 정보 입니다.' }));
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
    ...{ book, payouts, faults, webhooks, mailbox, world, reset },
    close: async () => {
      closing.abort();
      await webhooks.close();
      await mail.close();
      server.close();
      server.closeAllConnections();
    },
  };
}

/**
 * Answers a body that is not JSON or is too long, and a sandbox that is full. The fields are those of all providers: `code` of Toss, `type` of PortOne,
 * `error_code` of KakaoPay.
 */
const refusal: ErrorRequestHandler = (error: { readonly status?: number } & Error, _req, res, next) => {
  if (res.headersSent) return next(error);
  const full = error instanceof SandboxFull;
  const status = full ? 503 : (error.status ?? 500);
  const code = full ? 'SANDBOX_FULL' : status < 500 ? 'INVALID_REQUEST' : 'INTERNAL_SERVER_ERROR';
  const { message } = error;
  res.status(status).json({ code, message, type: code, error_code: status < 500 ? -2 : -1, error_message: message });
};
