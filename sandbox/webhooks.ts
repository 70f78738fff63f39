/**
 * Webhooks: sent to the address of each provider, tried again with growing pauses until the receiver answers with success, as the providers do. At most so many wait
 * at a time; more are lost, which a receiver has to bear anyway.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Agent, request } from 'undici';
import type { ProviderName } from './book.js';
import type { Faults } from './faults.js';
import type { WebhookEvent } from './provider-call.js';

/** A webhook as it goes out. */
export interface OutgoingWebhook {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** How a provider writes a webhook; `attempt` counts from 1. */
export type WriteWebhook = (event: WebhookEvent, id: string, attempt: number) => OutgoingWebhook;

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
/** A webhook that waits for another one to pass it does not wait for longer (ms). */
const REORDER_MS = 1_000;

export class Webhooks {
  private readonly agent = new Agent({ connections: 20, pipelining: 1 });
  private readonly under = new Set<Promise<void>>();
  private sent: SentWebhook[] = [];
  private passed: (() => void)[] = [];
  private readonly over = new AbortController();
  private count = 0;
  target: string | null;

  constructor(
    private readonly faults: Faults,
    private readonly write: Readonly<Partial<Record<ProviderName, WriteWebhook>>>,
    private readonly options: WebhookOptions,
  ) {
    this.target = options.target;
  }

  /** Tells the platform of an event. Nobody waits for it. */
  tell(provider: ProviderName, reference: string, event: WebhookEvent): void {
    const write = this.write[provider];
    if (write === undefined || this.target === null || this.under.size >= WAITING_MAX || this.over.signal.aborted)
      return;
    this.count += 1;
    const id = `event-${this.count}`;
    const work = this.deliver(provider, reference, (attempt) => write(event, id, attempt), { id, type: event.type });
    const known = work.catch(() => undefined).finally(() => this.under.delete(known));
    this.under.add(known);
  }

  /** Those that were sent, oldest first; of many the newest. */
  read(): readonly SentWebhook[] {
    return this.sent;
  }

  /** Resolves when nothing waits to be sent. */
  async idle(): Promise<void> {
    while (this.under.size > 0) await Promise.all(this.under);
  }

  reset(): void {
    this.sent = [];
  }

  async close(): Promise<void> {
    this.over.abort();
    for (const pass of this.passed.splice(0)) pass();
    await this.idle();
    await this.agent.destroy();
  }

  private async deliver(
    provider: ProviderName,
    reference: string,
    write: (attempt: number) => OutgoingWebhook,
    about: { readonly id: string; readonly type: string },
  ): Promise<void> {
    const faults = this.faults.ofWebhook(provider);
    const fault = (kind: string) => faults.find((one) => one.kind === kind);
    if (fault('lose')) return;
    const late = fault('late');
    if (late) await pause(late.ms ?? 1_000, undefined, { signal: this.over.signal });
    const reorder = fault('reorder');
    if (reorder) await this.untilPassed(reorder.ms ?? REORDER_MS);
    const result = await this.send(provider, write);
    if (fault('duplicate')) await this.send(provider, write);
    for (const pass of this.passed.splice(0)) pass();
    if (this.sent.length >= SENT_MAX) this.sent.shift();
    this.sent.push({ provider, reference, ...about, ...result });
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
    provider: ProviderName,
    write: (attempt: number) => OutgoingWebhook,
  ): Promise<{ readonly attempts: number; readonly status: number }> {
    for (let attempt = 1; ; attempt += 1) {
      const status = await this.post(provider, write(attempt));
      const wait = this.options.retryMs[attempt - 1];
      if ((status >= 200 && status < 300) || wait === undefined) return { attempts: attempt, status };
      await pause(wait, undefined, { signal: this.over.signal });
    }
  }

  private async post(provider: ProviderName, { headers, body }: OutgoingWebhook): Promise<number> {
    try {
      const answer = await request(`${this.target}/v1/webhooks/${provider.toLowerCase()}`, {
        method: 'POST',
        dispatcher: this.agent,
        headers: { 'content-type': 'application/json', ...headers },
        body,
        headersTimeout: ANSWER_MS,
        bodyTimeout: ANSWER_MS,
        signal: this.over.signal,
      });
      await answer.body.dump();
      return answer.statusCode;
    } catch {
      return 0;
    }
  }
}
