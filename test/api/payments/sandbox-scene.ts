/** A platform of real processes whose outside world is the sandbox, and buyers who order, approve and confirm over HTTP. */
import { expect } from '@jest/globals';
import { expireCheckouts } from '../../../core/orders/expire-checkouts.js';
import type { PaymentContext } from '../../../core/payments/payment-step.js';
import { paymentProviders } from '../../../core/payments/providers/registry.js';
import { readConfig } from '../../../infra/config.js';
import { change, select } from '../../../infra/database.js';
import { currencyExponent } from '../../../kernel/currency.js';
import type { ProviderName } from '../../../sandbox/book.js';
import type { Decision } from '../../../sandbox/decide.js';
import { type Sandbox, startSandbox } from '../../../sandbox/server.js';
import { environment, type Magam, startMagam, until } from '../../../scripts/chaos/magam.mjs';
import { letExpire, makeUnit, receiver } from '../../core/orders/order-scene.js';
import { letTimePass, payDuties } from '../../core/payments/payment-scene.js';
import { makeAccount, type TestAccount } from '../../support/accounts.js';
import { type ApiProcess, type CallAnswer, spawnApi } from '../../support/api.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { sandboxEnvironment } from '../../support/sandbox.js';

export const PROVIDERS = ['TOSS', 'PORTONE', 'KAKAOPAY'] as const;

/** The provider's call of which a confirmation consists. */
export const CONFIRMING = { TOSS: 'confirm', PORTONE: 'inquire', KAKAOPAY: 'confirm' } as const;

/** A provider that takes longer than this gives no answer (ms). */
export const PATIENCE_MS = 2_000;

/** Calls are made once, so that what a test does to one of them is not mended by the next try; no breaker stands in the way. */
const outbound: Readonly<Record<string, string>> = {
  MAGAM_OUTBOUND_TRIES: '1',
  MAGAM_OUTBOUND_TRY_PAUSE_MS: '1',
  MAGAM_OUTBOUND_READ_MS: String(PATIENCE_MS),
  MAGAM_OUTBOUND_BREAKER_WINDOW: '10000',
  MAGAM_OUTBOUND_BREAKER_CALLS_MIN: '10000',
};

/** Nothing is due for a runner but what the shop has to do. */
const IDLE = { MAGAM_TIME_ZONE: 'Asia/Seoul', MAGAM_SETTLE_AT: '23:59', MAGAM_WORKERS: '1' };

/** A checkout of one order. */
export interface Ordered {
  readonly checkoutId: number;
  readonly orderId: number;
  readonly unitId: number;
  readonly amountMinor: number;
  readonly token: string;
}

export interface Opened extends Ordered {
  readonly provider: ProviderName;
  readonly paymentId: number;
  readonly reference: string;
  /** Where the buyer goes, or what the page of the provider is opened with. */
  readonly next: { readonly url?: string };
}

/** What the buyer brings back from the provider. */
export interface Approved extends Opened {
  readonly key: string;
  readonly approval: Readonly<Record<string, string>>;
}

/** What the buyer approves in place of what we have asked for. */
export interface Otherwise {
  readonly amount?: number;
  readonly currency?: string;
}

/** The platform has refused what the story needs. */
export class Refused extends Error {}

interface Options {
  readonly servers?: number;
  readonly seed?: number;
  readonly settings?: Readonly<Record<string, string>>;
}

export class SandboxScene {
  readonly servers: ApiProcess[] = [];
  private readonly runners: Magam[] = [];

  private constructor(
    readonly database: TestDatabase,
    readonly sandbox: Sandbox,
    readonly buyer: TestAccount,
    readonly seller: TestAccount,
    readonly operator: TestAccount,
    private readonly settings: Readonly<Record<string, string>>,
    private readonly providers: ReturnType<typeof paymentProviders>,
    private readonly context: PaymentContext,
  ) {}

  static async open({ servers = 1, seed = 1, settings = {} }: Options = {}): Promise<SandboxScene> {
    const [database, sandbox] = await Promise.all([
      createTestDatabase(),
      startSandbox({ seed, webhookRetryMs: [50, 200, 1_000, 5_000] }),
    ]);
    const { db } = database;
    const all = {
      ...sandboxEnvironment(sandbox.url),
      ...outbound,
      MAGAM_MAIL_URL: `smtp://127.0.0.1:${sandbox.mailPort}`,
      MAGAM_MAIL_FROM: 'shop@magam.example',
      MAGAM_SLACK_WEBHOOK_URL: `${sandbox.url}/slack`,
      ...settings,
    };
    const config = readConfig({ NODE_ENV: 'test', ...all });
    const providers = paymentProviders(config);
    const [buyer, seller, operator] = [
      await makeAccount(db, 'buyer'),
      await makeAccount(db, 'seller', { sellerId: 'S1' }),
      await makeAccount(db, 'operator'),
    ];
    const context = { config, providers: providers.providers };
    const scene = new SandboxScene(database, sandbox, buyer, seller, operator, all, providers, context);
    for (let n = 0; n < servers; n += 1) scene.servers.push(await scene.server());
    sandbox.webhooks.target = scene.servers[0]?.url ?? null;
    return scene;
  }

  async end(): Promise<void> {
    await this.sandbox.close();
    for (const one of [...this.servers, ...this.runners]) one.send('SIGKILL');
    await Promise.all([...this.servers, ...this.runners].map(({ ended }) => ended));
    await this.providers.close();
    await this.database.drop();
  }

  /** A server in a process of its own, which is struck where that is said. */
  server(fault?: string): Promise<ApiProcess> {
    return spawnApi(this.database.url, { ...this.settings, ...(fault === undefined ? {} : { MAGAM_FAULT: fault }) });
  }

  async runner(fault?: string): Promise<Magam> {
    const settings = {
      ...IDLE,
      ...this.settings,
      MAGAM_REDIS_URL: process.env.MAGAM_REDIS_URL ?? '',
      ...(fault === undefined ? {} : { MAGAM_FAULT: fault }),
    };
    const runner = startMagam(['runner'], environment(this.database.url, settings));
    this.runners.push(runner);
    await runner.says('runner started');
    return runner;
  }

  get api(): ApiProcess {
    return this.servers[0] as ApiProcess;
  }

  /** Two units of 10,000 won, or of another price. */
  async order(buyer = this.buyer, fields: Parameters<typeof makeUnit>[2] = {}): Promise<Ordered> {
    return this.orderOf(await makeUnit(this.database.db, 'S1', fields), buyer);
  }

  async orderOf(
    unitId: number,
    { token }: Pick<TestAccount, 'token'> = this.buyer,
    server = this.api,
  ): Promise<Ordered> {
    const body = { items: [{ unitId, quantity: 2 }], receiver };
    const placed = await server.call('POST', '/v1/checkouts', { token, body });
    if (placed.status !== 201) throw new Refused(placed.text);
    const { checkoutId, amountMinor, orders } = placed.body;
    return { checkoutId, orderId: orders[0].orderId, unitId, amountMinor, token };
  }

  readonly opening = (ordered: Ordered, provider: ProviderName, server = this.api): Promise<CallAnswer> =>
    server.call('POST', `/v1/checkouts/${ordered.checkoutId}/payments`, {
      token: ordered.token,
      body: { provider, successUrl: 'https://shop.example/ok', failUrl: 'https://shop.example/no' },
    });

  async opened(ordered: Ordered, provider: ProviderName, server = this.api): Promise<Opened> {
    const { status, body, text } = await this.opening(ordered, provider, server);
    if (status !== 201) throw new Refused(text);
    const { paymentId, reference, next } = body;
    return { ...ordered, provider, paymentId, reference, next };
  }

  /** The buyer goes to the provider, decides, and comes back. */
  async visit(opened: Opened, decision: Decision = 'approve', otherwise: Otherwise = {}): Promise<Approved> {
    const { provider, reference, amountMinor, next } = opened;
    const asked = { provider, reference, amount: amountMinor, successUrl: 'https://shop.example/ok', ...otherwise };
    const decide = (): Promise<CallAnswer['body']> =>
      provider === 'KAKAOPAY'
        ? this.control('POST', `/payments/kakaopay/${String(next.url).split('/').at(-1)}/${decision}`)
        : this.control('POST', '/payments', { ...asked, decision });
    // Where the approval charges, the provider's faults befall it as well: the buyer loads the page again.
    const answer = await until(() => decide().catch(() => undefined), 'the provider has heard the buyer');
    return { ...opened, key: answer.key, approval: Object.fromEntries(new URL(answer.sentTo).searchParams) };
  }

  /** A payment that the buyer has approved. */
  async approved(provider: ProviderName, otherwise: Otherwise = {}): Promise<Approved> {
    return this.visit(await this.opened(await this.order(), provider), 'approve', otherwise);
  }

  readonly confirm = (
    { paymentId, approval, token }: Pick<Approved, 'paymentId' | 'approval' | 'token'>,
    { server = this.api, key }: { readonly server?: ApiProcess; readonly key?: string } = {},
  ): Promise<CallAnswer> =>
    server.call('POST', `/v1/payments/${paymentId}/confirmation`, {
      token,
      body: { approval },
      headers: key === undefined ? {} : { 'Idempotency-Key': key },
    });

  /** A payment that was charged. */
  async paid(provider: ProviderName): Promise<Approved> {
    const one = await this.approved(provider);
    expect(await this.confirm(one)).toMatchObject({ status: 200, body: { status: 'DONE' } });
    return one;
  }

  readonly show = async ({ paymentId, token }: Pick<Opened, 'paymentId' | 'token'>): Promise<CallAnswer['body']> =>
    (await this.api.call('GET', `/v1/payments/${paymentId}`, { token })).body;

  readonly showOrder = async ({ orderId, token }: Ordered): Promise<CallAnswer['body']> =>
    (await this.api.call('GET', `/v1/orders/${orderId}`, { token })).body;

  /** Cancels this many units, or all. */
  async cancel({ orderId, token }: Ordered, quantity?: number, server = this.api): Promise<CallAnswer> {
    const { body } = await server.call('GET', `/v1/orders/${orderId}`, { token });
    const lines = quantity === undefined ? {} : { lines: [{ lineNumber: 1, quantity }], version: body.version };
    return server.call('POST', `/v1/orders/${orderId}/cancellations`, { token, body: { reason: 'changed', ...lines } });
  }

  /** The order is sent, and what is left of it confirmed. */
  async deliver({ orderId, token }: Ordered, server = this.api): Promise<void> {
    const steps = [
      ['preparation', this.seller.token],
      ['shipment', this.seller.token, { carrier: 'CJ', trackingNumber: '6400' }],
      ['delivery', this.seller.token],
      ['confirmation', token],
    ] as const;
    for (const [step, by, body] of steps) {
      const answer = await server.call('POST', `/v1/orders/${orderId}/${step}`, { token: by, body });
      if (answer.status !== 200) throw new Refused(`${step}: ${answer.text}`);
    }
  }

  async takeBack({ orderId }: Ordered, quantity: number, server = this.api): Promise<CallAnswer> {
    const { token } = this.seller;
    const { version } = (await server.call('GET', `/v1/orders/${orderId}`, { token })).body;
    const body = { reason: 'broken', lines: [{ lineNumber: 1, quantity }], version };
    return server.call('POST', `/v1/orders/${orderId}/returns`, { token, body });
  }

  /** What the sandbox is asked itself. */
  async control(method: string, path: string, body?: object): Promise<CallAnswer['body']> {
    const answer = await fetch(`${this.sandbox.url}/sandbox${path}`, {
      method,
      headers: { 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }

  readonly faults = (...rules: Parameters<Sandbox['faults']['set']>[0]): Promise<unknown> =>
    this.control('PUT', '/faults', rules as unknown as object);

  /** Lets time pass and the duties run until every outcome is known and no money is on its way back. */
  async settle(): Promise<void> {
    const sql = `SELECT payment_id AS paymentId, provider, status, failure_code AS failure, looks, cancelling_minor AS cancelling FROM payment
      WHERE status IN ('IN_PROGRESS', 'UNKNOWN') OR cancelling_minor > 0`;
    let open: object[] = [];
    const settled = until(async () => {
      await letTimePass(this.database.db);
      await payDuties(this.database.db, this.context);
      open = await select<object>(this.database.db, sql);
      return open.length === 0;
    });
    await settled.catch((cause: unknown) => {
      throw new Error(`something stays open, however often it is looked at: ${JSON.stringify(open)}`, { cause });
    });
  }

  /** The time to pay of a checkout passes. */
  async expire(...ordered: readonly Pick<Ordered, 'checkoutId'>[]): Promise<void> {
    const { db } = this.database;
    for (const { checkoutId } of ordered) await letExpire(db, checkoutId);
    await expireCheckouts(db, { rowsMax: 1_000 });
  }

  /** The claims of dead processes run out. */
  async letLeasesEnd(): Promise<void> {
    const past = 'UTC_TIMESTAMP(3) - INTERVAL 1 SECOND';
    await change(this.database.db, `UPDATE idempotency_key SET lease_until = ${past} WHERE status = 'IN_FLIGHT'`);
    await letTimePass(this.database.db);
  }

  /** Both books say the same of every payment, and nobody was charged twice. */
  async expectSameBooks(): Promise<void> {
    const { entries } = await this.control('GET', '/book');
    const theirs = new Map<string, { currency: string; charged: number; cancelled: number }>();
    for (const { kind, provider, reference, amount, currency } of entries) {
      const name = `${provider} ${reference}`;
      const one = theirs.get(name) ?? { currency, charged: 0, cancelled: 0 };
      if (kind === 'CHARGE' && one.charged > 0) throw new Error(`${name} was charged twice`);
      one[kind === 'CHARGE' ? 'charged' : 'cancelled'] += minorOf(amount, provider, currency);
      theirs.set(name, one);
    }
    const ours = await select<{ name: string; currency: string; charged: number; cancelled: number; status: string }>(
      this.database.db,
      `SELECT CONCAT(provider, ' ', reference) AS name, charged_currency AS currency, charged_minor AS charged, cancelled_minor AS cancelled
       FROM payment WHERE charged_minor IS NOT NULL AND provider <> 'NONE'`,
      [],
      { charged: Number, cancelled: Number },
    );
    const sorted = (rows: Iterable<readonly [string, object]>) => Object.fromEntries([...rows].sort());
    expect(
      sorted(ours.map(({ name, currency, charged, cancelled }) => [name, { currency, charged, cancelled }])),
    ).toEqual(sorted(theirs));
  }
}

/** PortOne counts in minor units, the others in units of the currency. */
const minorOf = (amount: number, provider: ProviderName, currency: string): number =>
  provider === 'PORTONE' ? amount : amount * 10 ** (currencyExponent(currency) ?? 0);
