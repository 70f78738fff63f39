/**
 * The other end of the tests' payment provider: a real HTTP server with a book of its own. A test has it decline, cut the connection before or after it has done what was
 * asked, answer otherwise than it did, or hold its answers back.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ProviderPayment } from '../../core/payments/providers/provider.js';
import { testProvider } from './test-provider.mjs';

type Operation = 'open' | 'confirm' | 'inquire' | 'cancel';

/** What happens to a call in place of its answer. */
export type Fault =
  | 'decline'
  | 'fail'
  | 'cut-before'
  | 'cut-after'
  /** The answer says something else than the book. */
  | { readonly answer: Partial<ProviderPayment> };

interface Account extends ProviderPayment {
  readonly name: string;
}

interface Asked {
  readonly name: string;
  readonly reference: string;
  readonly amountMinor: number;
  readonly remainingMinor?: number;
  readonly key: string | null;
  readonly idempotencyKey?: string;
}

/** Money that moved. */
export interface Booked {
  readonly kind: 'charge' | 'cancel';
  readonly reference: string;
  readonly amountMinor: number;
}

export class Bank {
  readonly book: Booked[] = [];
  readonly asked: Operation[] = [];
  /** The idempotency keys under which it was asked to charge. */
  readonly chargeKeys: string[] = [];
  inFlight = 0;
  private accounts = new Map<string, Account>();
  private faults = new Map<Operation, Fault[]>();
  private gates = new Map<Operation, { readonly opened: Promise<void>; readonly open: () => void }>();
  private cancelled = new Map<string, Account>();
  /** Keys of cancellations that were declined: the answer under them stays the same. */
  private declined = new Set<string>();
  private readonly server = createServer((req, res) => void this.serve(req, res));
  url = '';

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    return this;
  }

  /** Nobody can reach it any more. */
  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  readonly providers = (...names: string[]) =>
    new Map((names.length === 0 ? ['TEST'] : names).map((name) => [name, testProvider(this.url, name)]));

  /** The buyer approves. @returns the key of the payment */
  approve(reference: string, amountMinor: number, more: Partial<Account> = {}): string {
    const providerKey = more.providerKey ?? randomUUID();
    const open = { status: 'OPEN' as const, cancelledMinor: 0, method: 'card', failure: null, currency: 'KRW' };
    this.accounts.set(providerKey, { ...open, name: 'TEST', reference, amountMinor, ...more, providerKey });
    return providerKey;
  }

  /** Charges without being asked, as a provider does that charges when the buyer approves. */
  charge(key: string): void {
    const account = this.accounts.get(key) as Account;
    if (account.status !== 'OPEN') return;
    this.accounts.set(key, { ...account, status: 'CHARGED' });
    this.book.push({ kind: 'charge', reference: account.reference, amountMinor: account.amountMinor });
  }

  /** Gives money back without being asked by the shop, as a person does on the page of a provider. */
  giveBackByHand(key: string, amountMinor: number): void {
    const account = this.accounts.get(key) as Account;
    const remainingMinor = account.amountMinor - account.cancelledMinor;
    const { name, reference } = account;
    this.cancel(account, { name, reference, key, amountMinor, remainingMinor, idempotencyKey: randomUUID() });
  }

  /** What becomes of the next calls of this kind. */
  next(operation: Operation, ...faults: Fault[]): void {
    this.faults.set(operation, [...(this.faults.get(operation) ?? []), ...faults]);
  }

  /** Holds the calls of this kind until `open`. */
  hold(operation: Operation): () => void {
    let open = (): void => undefined;
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    this.gates.set(operation, { opened, open });
    return () => {
      this.gates.delete(operation);
      open();
    };
  }

  /** Charged and not given back, by the book. */
  kept(): number {
    return this.book.reduce((sum, { kind, amountMinor }) => sum + (kind === 'charge' ? amountMinor : -amountMinor), 0);
  }

  count = (kind: Booked['kind']): number => this.book.filter((booked) => booked.kind === kind).length;

  private async serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    const operation = (req.url ?? '').slice(1) as Operation;
    this.asked.push(operation);
    this.inFlight += 1;
    await this.gates.get(operation)?.opened;
    this.inFlight -= 1;
    const asked = JSON.parse(Buffer.concat(chunks).toString()) as Asked;
    if (operation === 'confirm') this.chargeKeys.push(asked.idempotencyKey ?? '');
    const fault = this.faults.get(operation)?.shift();
    if (fault === 'cut-before') return void req.socket.destroy();
    if (fault === 'fail') return answer(res, 500, { code: 'FAILED', message: 'internal error' });
    const { idempotencyKey = '' } = asked;
    if (fault === 'decline' && operation === 'cancel') this.declined.add(idempotencyKey);
    if (fault === 'decline' || (operation === 'cancel' && this.declined.has(idempotencyKey)))
      return answer(res, 402, { code: 'REJECTED', message: '한도 초과' });
    const [status, body] = this.carryOut(operation, asked);
    if (fault === 'cut-after') return void req.socket.destroy();
    answer(res, status, fault === undefined ? body : { ...(body as object), ...fault.answer });
  }

  private carryOut(operation: Operation, asked: Asked): readonly [number, unknown] {
    if (operation === 'open') return [200, { providerKey: null, next: { kind: 'redirect', url: `${this.url}/page` } }];
    const account = this.find(asked);
    if (account === undefined)
      return operation === 'inquire' ? [200, null] : [402, { code: 'NOT_FOUND', message: 'no such payment' }];
    if (operation === 'inquire') return [200, account];
    if (operation === 'confirm') {
      if (account.status === 'DECLINED' || account.status === 'EXPIRED')
        return [402, { code: account.status, message: '' }];
      this.charge(account.providerKey);
      return [200, this.find(asked)];
    }
    return this.cancel(account, asked);
  }

  private find({ key, reference, name }: Asked): Account | undefined {
    if (key !== null) return this.accounts.get(key);
    return [...this.accounts.values()].find((one) => one.reference === reference && one.name === name);
  }

  private cancel(
    account: Account,
    { amountMinor, remainingMinor, idempotencyKey = '' }: Asked,
  ): readonly [number, unknown] {
    const before = this.cancelled.get(idempotencyKey);
    if (before !== undefined) return [200, before];
    const left = account.amountMinor - account.cancelledMinor;
    if (amountMinor > left || remainingMinor !== left)
      return [402, { code: 'NOT_CANCELLABLE', message: `${left} is left` }];
    const cancelledMinor = account.cancelledMinor + amountMinor;
    const status = cancelledMinor === account.amountMinor ? ('CANCELLED' as const) : ('PARTLY_CANCELLED' as const);
    const after = { ...account, cancelledMinor, status };
    this.accounts.set(account.providerKey, after);
    this.cancelled.set(idempotencyKey, after);
    this.book.push({ kind: 'cancel', reference: account.reference, amountMinor });
    return [200, after];
  }
}

function answer(res: ServerResponse, status: number, body: unknown): void {
  res.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}
