/** The book of the sandbox's payout service: sellers, payouts, and all money that left. It is in memory and ends with the process. */
import { SandboxFull } from './book.js';

export interface PayoutSeller {
  readonly id: string;
  readonly refSellerId: string;
  status: 'APPROVAL_REQUIRED' | 'PARTIALLY_APPROVED' | 'KYC_REQUIRED' | 'APPROVED';
  readonly businessType: string;
  readonly account: { readonly bankCode: string; readonly accountNumber: string; readonly holderName: string };
}

export type PayoutStatus = 'REQUESTED' | 'IN_PROGRESS' | 'COMPLETED' | 'FAILED' | 'CANCELED';

export interface SandboxPayout {
  readonly id: string;
  readonly refPayoutId: string;
  readonly destination: string;
  readonly scheduleType: string;
  readonly amount: { readonly currency: string; readonly value: number };
  readonly transactionDescription: string;
  readonly payoutDate: string;
  readonly requestedAt: string;
  status: PayoutStatus;
  /** Whether it is completed when it is looked up. */
  held: boolean;
  error: { readonly code: string; readonly message: string } | null;
}

/** A line of the book: money that was sent to a seller (PAYOUT) or that came back (RETURN). */
export interface PayoutEntry {
  readonly kind: 'PAYOUT' | 'RETURN';
  readonly refPayoutId: string;
  readonly id: string;
  readonly amount: number;
  readonly at: string;
}

const KEPT_MAX = 100_000;
const BALANCE = 1_000_000_000_000;

export class PayoutBook {
  private readonly started = Date.now();
  private numbered = 0;
  private entries: PayoutEntry[] = [];
  private sellersById = new Map<string, PayoutSeller>();
  private payoutsById = new Map<string, SandboxPayout>();
  private asked: string[] = [];
  /** The balance for payouts (won). */
  balance = BALANCE;

  register(made: Omit<PayoutSeller, 'id'>): PayoutSeller {
    if (this.sellersById.size >= KEPT_MAX) throw new SandboxFull();
    const seller = { ...made, id: this.newId('seller') };
    this.sellersById.set(seller.id, seller);
    return seller;
  }

  seller(id: string): PayoutSeller | undefined {
    return this.sellersById.get(id);
  }

  sellers(): readonly PayoutSeller[] {
    return [...this.sellersById.values()];
  }

  payout(id: string): SandboxPayout | undefined {
    return this.payoutsById.get(id);
  }

  byReference(refPayoutId: string): SandboxPayout | undefined {
    return this.payouts().find((payout) => payout.refPayoutId === refPayoutId);
  }

  payouts(): readonly SandboxPayout[] {
    return [...this.payoutsById.values()];
  }

  /** Records a request, whatever its outcome is. */
  note(refPayoutId: string): void {
    if (this.asked.length >= KEPT_MAX) throw new SandboxFull();
    this.asked.push(refPayoutId);
  }

  /** Sends the money. The caller has checked that there is enough. */
  send(
    made: Pick<SandboxPayout, 'refPayoutId' | 'destination' | 'scheduleType' | 'amount' | 'transactionDescription'>,
  ): SandboxPayout {
    const requestedAt = new Date().toISOString();
    const payout: SandboxPayout = {
      ...made,
      ...{ id: this.newId('payout'), requestedAt, payoutDate: requestedAt.slice(0, 10) },
      ...{ status: 'REQUESTED', held: false, error: null },
    };
    this.enter('PAYOUT', payout);
    this.balance -= payout.amount.value;
    this.payoutsById.set(payout.id, payout);
    return payout;
  }

  /** Fails the payout, even after it was completed: the money is back. */
  fail(payout: SandboxPayout, error: { readonly code: string; readonly message: string }): void {
    this.enter('RETURN', payout);
    this.balance += payout.amount.value;
    payout.status = 'FAILED';
    payout.error = error;
  }

  /** All lines and all requests, oldest first. */
  read(): { readonly entries: readonly PayoutEntry[]; readonly requests: readonly string[]; readonly balance: number } {
    return { entries: [...this.entries], requests: [...this.asked], balance: this.balance };
  }

  reset(): void {
    this.entries = [];
    this.asked = [];
    this.sellersById = new Map();
    this.payoutsById = new Map();
    this.balance = BALANCE;
  }

  private newId(kind: string): string {
    this.numbered += 1;
    return `${kind}_${this.started}${String(this.numbered).padStart(6, '0')}`;
  }

  private enter(kind: PayoutEntry['kind'], { refPayoutId, id, amount }: SandboxPayout): void {
    if (this.entries.length >= KEPT_MAX) throw new SandboxFull();
    this.entries.push({ kind, refPayoutId, id, amount: amount.value, at: new Date().toISOString() });
  }
}
