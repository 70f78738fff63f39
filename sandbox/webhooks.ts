/**
 * Sends webhooks to the address of each provider, and tries again with growing pauses until the receiver answers with success, as the providers do. A limited
 * number waits at a time; further ones are lost, which a receiver has to tolerate anyway.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Agent, request } from 'undici';
import type { ProviderName, SandboxPayment } from './book.js';
import type { Faults } from './faults.js';
import { sharedController, type WebhookEvent } from './provider-call.js';

/** A webhook to send. */
export interface OutgoingWebhook {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** How a provider writes a webhook; `at` is when the event was, `attempt` counts from 1. */
export type WriteWebhook = (
  event: WebhookEvent & { readonly at: string },
  id: string,
  attempt: number,
) => OutgoingWebhook;

export interface SentWebhook {
  readonly provider: ProviderName;
  readonly reference: string;
  readonly type: string;
  readonly id: string;
  readonly attempts: number;
  /** The last HTTP status; 0: no answer. */
  readonly status: number;
}

export interface WebhookOptions {
  /** The platform's address; webhooks go to `/v1/webhooks/<provider>` there. Null: none are sent. */
  readonly target: string | null;
  readonly retryMs: readonly number[];
}

const WAITING_MAX = 10_000;
const SENT_MAX = 10_000;
const ANSWER_MS = 10_000;
const LATE_MS = 1_000;
/** The longest time that a webhook waits for a later one to overtake it (ms). */
const REORDER_MS = 1_000;

export class Webhooks {
  private readonly agent = new Agent({ connections: 20, pipelining: 1 });
  private readonly under = new Set<Promise<void>>();
  private sent: SentWebhook[] = [];
  private passed: (() => void)[] = [];
  /** The signal of the webhooks under way; a reset gives them up. */
  private over = sharedController();
  private closed = false;
  /** Ids differ from those of other sandboxes, because receivers keep the ids of webhooks permanently. */
  private readonly name = randomBytes(6).toString('hex');
  private count = 0;
  target: string | null;

  constructor(
    private readonly faults: Faults,
    private readonly write: Readonly<Partial<Record<ProviderName, WriteWebhook>>>,
    private readonly options: WebhookOptions,
  ) {
    this.target = options.target;
  }

  /** Sends an event to the platform without waiting for it. */
  tell(payment: SandboxPayment, event: WebhookEvent): void {
    const { provider, reference } = payment;
    const write = this.write[provider];
    const url =
      payment.webhookUrl ?? (this.target === null ? null : `${this.target}/v1/webhooks/${provider.toLowerCase()}`);
    if (write === undefined || url === null || this.under.size >= WAITING_MAX || this.closed) return;
    this.count += 1;
    const id = `event-${this.name}-${this.count}`;
    const told = { ...event, at: new Date().toISOString() };
    const post = (attempt: number, signal: AbortSignal) => this.post(url, write(told, id, attempt), signal);
    const work = this.deliver({ provider, reference, type: event.type, id }, post, this.over.signal);
    const known = work.catch(() => undefined).finally(() => this.under.delete(known));
    this.under.add(known);
  }

  /** The newest webhooks sent, oldest first. */
  read(): readonly SentWebhook[] {
    return this.sent;
  }

  /** Resolves when nothing waits to be sent. */
  async idle(): Promise<void> {
    while (this.under.size > 0) await Promise.all(this.under);
  }

  /** Deletes the sent webhooks and gives up the waiting ones. */
  reset(): void {
    this.over.abort();
    this.over = sharedController();
    for (const pass of this.passed.splice(0)) pass();
    this.sent = [];
  }

  async close(): Promise<void> {
    this.closed = true;
    this.reset();
    await this.idle();
    await this.agent.destroy();
  }

  private async deliver(
    about: Omit<SentWebhook, 'attempts' | 'status'>,
    post: (attempt: number, signal: AbortSignal) => Promise<number>,
    signal: AbortSignal,
  ): Promise<void> {
    const faults = this.faults.ofWebhook(about.provider, about.type);
    const fault = (kind: string) => faults.find((one) => one.kind === kind);
    if (fault('lose')) return;
    const late = fault('late');
    if (late) await pause(late.ms ?? LATE_MS, undefined, { signal });
    const reorder = fault('reorder');
    if (reorder) await this.untilPassed(reorder.ms ?? REORDER_MS);
    let result = await this.send(post, signal);
    if (fault('duplicate')) result = await this.send(post, signal);
    for (const pass of this.passed.splice(0)) pass();
    if (signal.aborted) return;
    if (this.sent.length >= SENT_MAX) this.sent.shift();
    this.sent.push({ ...about, ...result });
  }

  private async untilPassed(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.passed.push(resolve);
      timer = setTimeout(resolve, ms);
    });
    clearTimeout(timer);
  }

  private async send(
    post: (attempt: number, signal: AbortSignal) => Promise<number>,
    signal: AbortSignal,
  ): Promise<{ readonly attempts: number; readonly status: number }> {
    for (let attempt = 1; ; attempt += 1) {
      const status = await post(attempt, signal);
      const wait = this.options.retryMs[attempt - 1];
      if ((status >= 200 && status < 300) || wait === undefined) return { attempts: attempt, status };
      await pause(wait, undefined, { signal });
    }
  }

  /** @returns the HTTP status; 0: no answer */
  private async post(url: string, { headers, body }: OutgoingWebhook, signal: AbortSignal): Promise<number> {
    try {
      const answer = await request(url, {
        method: 'POST',
        dispatcher: this.agent,
        headers: { 'content-type': 'application/json', ...headers },
        body,
        headersTimeout: ANSWER_MS,
        bodyTimeout: ANSWER_MS,
        signal,
      });
      await answer.body.dump();
      return answer.statusCode;
    } catch {
      return 0;
    }
  }
}
