/** The sandbox as a separate process: the payment provider and the mail server of the payment bench. */
import { fileURLToPath } from 'node:url';
import type { BookEntry, ProviderName } from '../sandbox/book.js';
import type { FaultRule } from '../sandbox/faults.js';
import { SANDBOX_KEYS } from '../sandbox/keys.js';
import { type ApiUnderMeasurement, startServer } from './api-process.js';

const program = fileURLToPath(new URL('../../bin/magam.mjs', import.meta.url));

/** The payment that a buyer approves. */
interface Approving {
  readonly provider: ProviderName;
  readonly reference: string;
  readonly amount: number;
}

export class OutsideWorld {
  private constructor(
    private readonly server: ApiUnderMeasurement,
    /** Settings of a platform that uses this sandbox. */
    readonly environment: Readonly<Record<string, string>>,
  ) {}

  /** Starts it. It sends no webhooks. */
  static async start(): Promise<OutsideWorld> {
    const server = await startServer([program, 'sandbox', '--port', '0', '--mail-port', '0'], {});
    const { toss, kakaopay } = SANDBOX_KEYS;
    const world = new OutsideWorld(server, {
      MAGAM_TOSS_URL: server.url,
      MAGAM_TOSS_SECRET_KEY: toss.secretKey,
      MAGAM_TOSS_CLIENT_KEY: toss.clientKey,
      MAGAM_KAKAOPAY_URL: server.url,
      MAGAM_KAKAOPAY_SECRET_KEY: kakaopay.secretKey,
      MAGAM_KAKAOPAY_CID: kakaopay.cid,
      MAGAM_MAIL_URL: `smtp://127.0.0.1:${/mail: port (\d+)/.exec(server.log())?.[1]}`,
      MAGAM_MAIL_FROM: 'Shop <shop@example.com>',
    });
    await world.ask('PUT', '/sandbox/webhooks', { target: null });
    return world;
  }

  /** Sets the faults and delays from now on. */
  setFaults(rules: readonly FaultRule[]): Promise<unknown> {
    return this.ask('PUT', '/sandbox/faults', rules);
  }

  /** The buyer approves in the provider's window. @returns the provider's key of the payment */
  async approve(approving: Approving): Promise<string> {
    return ((await this.ask('POST', '/sandbox/payments', { ...approving, decision: 'approve' })) as { key: string })
      .key;
  }

  /** The buyer approves a payment of KakaoPay that was opened there. @returns the token that the buyer brings back */
  async approveOpened(key: string): Promise<string> {
    return ((await this.ask('POST', `/sandbox/payments/kakaopay/${key}/approve`)) as { token: string }).token;
  }

  /** The amounts taken from buyers and given back. */
  async book(): Promise<readonly BookEntry[]> {
    return ((await this.ask('GET', '/sandbox/book')) as { entries: readonly BookEntry[] }).entries;
  }

  /** Deletes payments, book and faults. */
  reset(): Promise<unknown> {
    return this.ask('POST', '/sandbox/reset');
  }

  stop(): Promise<void> {
    return this.server.stop();
  }

  private async ask(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await fetch(`${this.server.url}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`the sandbox answers ${method} ${path} with ${answer.status}: ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }
}
