/**
 * The book of the sandbox: every payment that its providers know, and all money that they have taken or given back. It stands for the records of the outside
 * world, so tests compare it with the books of the platform. It is in memory and ends with the process.
 */

export type ProviderName = 'TOSS' | 'PORTONE' | 'KAKAOPAY';

/**
 * OPEN: known, the buyer has not decided. APPROVED: the buyer has approved, nobody was charged. CHARGED: money was taken, and part or all of it may have been given
 * back. DECLINED: the buyer or the bank refused.
 */
type SandboxStatus = 'OPEN' | 'APPROVED' | 'CHARGED' | 'DECLINED';

export interface NewPayment {
  readonly provider: ProviderName;
  /** The provider's name of the payment: Toss `paymentKey`, PortOne `transactionId`, KakaoPay `tid`. */
  readonly key: string;
  /** The shop's name of the payment: `orderId`, `paymentId`, `partner_order_id`. */
  readonly reference: string;
  readonly amount: number;
  readonly currency: string;
  readonly orderName: string;
  readonly buyer: string;
  /** Where the buyer is sent back to. */
  readonly successUrl: string;
  readonly failUrl: string;
  /** Where KakaoPay sends a buyer who has declined; absent: to `failUrl`. */
  readonly cancelUrl?: string | undefined;
  /** Where webhooks of this payment go; absent: to the address of the setting. */
  readonly webhookUrl?: string | undefined;
}

export interface SandboxPayment extends NewPayment {
  status: SandboxStatus;
  /** The token that the buyer brings back from KakaoPay. */
  token: string | null;
  failure: { readonly code: string; readonly message: string } | null;
  readonly requestedAt: string;
  chargedAt: string | null;
  readonly cancels: Cancel[];
}

export interface Cancel {
  readonly id: string;
  readonly amount: number;
  readonly reason: string;
  readonly at: string;
}

/** A line of the book: money that was taken from a buyer (CHARGE) or given back (CANCEL). */
export interface BookEntry {
  readonly kind: 'CHARGE' | 'CANCEL';
  readonly provider: ProviderName;
  readonly key: string;
  readonly reference: string;
  readonly amount: number;
  readonly currency: string;
  readonly idempotencyKey: string | null;
  readonly at: string;
}

/** The most payments and lines that are kept; one more is refused. A sandbox with more is misused or was forgotten. */
const KEPT_MAX = 500_000;

export class SandboxFull extends Error {
  constructor() {
    super('The sandbox keeps no more payments: reset it.');
  }
}

/** The names of each provider's payments. No two sandboxes give the same names, even after a restart: `started` is the start of this one. */
const KEYS: Readonly<Record<ProviderName, (started: number, number: number) => string>> = {
  TOSS: (started, number) => `tviva${started}${number}`,
  PORTONE: (started, number) => `tx-${started}-${number}`,
  KAKAOPAY: (started, number) => `T${started}${String(number).padStart(6, '0')}`,
};

export class Book {
  private readonly started = Date.now();

  constructor(private readonly keptMax: number = KEPT_MAX) {}

  private payments = new Map<string, SandboxPayment>();
  private known = new Map<string, SandboxPayment>();
  private entries: BookEntry[] = [];
  private numbered = 0;

  /** A number that is unique in this sandbox. */
  next(): number {
    this.numbered += 1;
    return this.numbered;
  }

  /** A name for a payment that is opened. */
  newKey(provider: ProviderName): string {
    return KEYS[provider](this.started, this.next());
  }

  open(made: NewPayment): SandboxPayment {
    if (this.payments.size >= this.keptMax) throw new SandboxFull();
    const payment: SandboxPayment = {
      ...made,
      status: 'OPEN',
      token: null,
      failure: null,
      requestedAt: now(),
      chargedAt: null,
      cancels: [],
    };
    this.payments.set(`${made.provider} ${made.key}`, payment);
    const former = this.byReference(made.provider, made.reference);
    if (former?.status !== 'CHARGED') this.known.set(`${made.provider} ${made.reference}`, payment);
    return payment;
  }

  byKey(provider: ProviderName, key: string): SandboxPayment | undefined {
    return this.payments.get(`${provider} ${key}`);
  }

  /** The payment with the shop's name: the charged one, or the newest. */
  byReference(provider: ProviderName, reference: string): SandboxPayment | undefined {
    return this.known.get(`${provider} ${reference}`);
  }

  /** Takes the buyer's money. */
  charge(payment: SandboxPayment, idempotencyKey: string | null = null): void {
    this.enter('CHARGE', payment, payment.amount, idempotencyKey);
    payment.status = 'CHARGED';
    payment.chargedAt = now();
    this.known.set(`${payment.provider} ${payment.reference}`, payment);
  }

  /** Gives some of it back. The caller has checked that there is enough. */
  cancel(payment: SandboxPayment, amount: number, reason: string, idempotencyKey: string | null = null): Cancel {
    this.enter('CANCEL', payment, amount, idempotencyKey);
    const cancel = { id: `cancel-${this.started}-${this.next()}`, amount, reason, at: now() };
    payment.cancels.push(cancel);
    return cancel;
  }

  private enter(kind: BookEntry['kind'], payment: SandboxPayment, amount: number, idempotencyKey: string | null): void {
    if (this.entries.length >= this.keptMax) throw new SandboxFull();
    const { provider, key, reference, currency } = payment;
    this.entries.push({ kind, provider, key, reference, amount, currency, idempotencyKey, at: now() });
  }

  /** All lines, oldest first, and their sums for each currency, in its minor units. */
  read(): { readonly entries: readonly BookEntry[]; readonly sums: Readonly<Record<string, BookSum>> } {
    const sums: Record<string, { charged: number; cancelled: number }> = {};
    for (const entry of this.entries) {
      const { kind, currency } = entry;
      sums[currency] ??= { charged: 0, cancelled: 0 };
      sums[currency][kind === 'CHARGE' ? 'charged' : 'cancelled'] += minorOf(entry);
    }
    return { entries: [...this.entries], sums };
  }

  reset(): void {
    this.payments = new Map();
    this.known = new Map();
    this.entries = [];
  }
}

/** Toss counts in units of the currency, the others in its minor units. */
const minorOf = ({ provider, currency, amount }: BookEntry): number =>
  provider === 'TOSS' ? Math.round(amount * 10 ** digitsOf(currency)) : amount;

/** Decimals of a currency, by ISO 4217. */
const digitsOf = (currency: string): number =>
  new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 0;

/** In minor units. */
export interface BookSum {
  readonly charged: number;
  readonly cancelled: number;
}

export const cancelledOf = ({ cancels }: SandboxPayment): number =>
  exact(cancels.reduce((sum, { amount }) => sum + amount, 0));

/** The rest of the charge. */
export const remainingOf = (payment: SandboxPayment): number => exact(payment.amount - cancelledOf(payment));

/** Toss counts dollars with cents as decimals; their sums are exact to a thousandth. */
const exact = (amount: number): number => Math.round(amount * 1_000) / 1_000;

const now = (): string => new Date().toISOString();
