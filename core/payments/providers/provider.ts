/**
 * What a payment provider is to the platform. One folder each, beside this file; `registry.ts` lists them, and adding one touches nothing else. A provider
 * knows its HTTP API, its authentication, its error codes and its webhooks; it knows no table and no rule of the shop.
 */

/** What the platform asks about. Amounts are in minor units of the currency; a provider converts where its API counts otherwise. */
export interface PaymentAsk {
  /** Random; names the payment to the provider (Toss `orderId`, KakaoPay `partner_order_id`, PortOne `paymentId`). */
  readonly reference: string;
  /** The account that pays, as the provider may know it. */
  readonly buyer: string;
  readonly amountMinor: number;
  readonly currency: string;
  /** What the buyer reads on the provider's page. */
  readonly orderName: string;
  /** The provider's own name of the payment (Toss `paymentKey`, KakaoPay `tid`); null: not known yet. */
  readonly providerKey: string | null;
}

/** Where the buyer goes to approve. */
export type NextStep =
  /** A page of the provider; another one for phones, where the provider has one. */
  | { readonly kind: 'redirect'; readonly url: string; readonly mobileUrl?: string }
  /** The provider's script in the shop's page, opened with these values. */
  | { readonly kind: 'widget'; readonly values: Readonly<Record<string, string | number>> };

/** What a provider says of a payment, in its own answer. */
export interface ProviderPayment {
  readonly providerKey: string;
  readonly reference: string;
  /** What was charged, cancellations not taken off. */
  readonly amountMinor: number;
  readonly currency: string;
  /** OPEN: the buyer has not approved, or we have not confirmed. */
  readonly status: 'OPEN' | 'CHARGED' | 'PARTLY_CANCELLED' | 'CANCELLED' | 'DECLINED' | 'EXPIRED';
  readonly cancelledMinor: number;
  /** Card, transfer, the provider's money; for people. */
  readonly method: string;
  /** Why it was declined: the provider's code and words; null otherwise. */
  readonly failure: ProviderFailure | null;
}

export interface ProviderFailure {
  readonly code: string;
  readonly message: string;
}

/**
 * How a call ended. `declined`: the provider said no for good, nothing was charged or given back by this call. `unknown`: nobody knows, ask again by
 * `inquire`, never by a second charge. `away`: the call certainly never reached the provider (breaker open, no connection, queue full), or the provider did not
 * accept our key; nothing happened, and it may be asked again (PROVIDER_UNAVAILABLE).
 */
export type ProviderOutcome<T> =
  | { readonly outcome: 'done'; readonly value: T }
  | { readonly outcome: 'declined'; readonly failure: ProviderFailure }
  | { readonly outcome: 'unknown'; readonly failure: ProviderFailure }
  | { readonly outcome: 'away'; readonly failure: ProviderFailure };

export interface CancelAsk {
  readonly payment: PaymentAsk;
  readonly amountMinor: number;
  /** What is left of the charge before this cancellation, so that the provider refuses one that does not fit. */
  readonly remainingMinor: number;
  readonly reason: string;
  /** Sent as the provider's idempotency key: the same cancellation asked twice is carried out once. */
  readonly idempotencyKey: string;
}

/** A webhook as it came. Header names are in lower case. */
export interface RawWebhook {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What a webhook is about. It is only a hint: whoever acts on it looks the payment up. */
export interface ProviderEvent {
  /** The provider's own id of the event, or one that is made of what it says. */
  readonly eventId: string;
  readonly reference: string | null;
  readonly providerKey: string | null;
  readonly type: string;
  /** It tells of money that was given back. */
  readonly cancels: boolean;
}

export interface PaymentProvider {
  /** In capitals; stored, and a label of the metrics: TOSS, PORTONE, KAKAOPAY. */
  readonly name: string;
  readonly currencies: readonly string[];
  /** Prepares the payment, where the provider wants to be told before the buyer comes; others answer without a call. */
  readonly open: (ask: PaymentAsk, urls: ReturnUrls, signal?: AbortSignal) => Promise<ProviderOutcome<Opened>>;
  /** What the buyer brings back from the provider, checked by this schema's `parse`; throws REQUEST_INVALID for what does not belong to it. */
  readonly readApproval: (approval: unknown) => Approval;
  /**
   * Charges, or for a provider that has charged already looks up. `idempotencyKey` is sent where the API has one. `done` with OPEN: the buyer has not approved
   * yet, and nothing was charged.
   */
  readonly confirm: (
    ask: PaymentAsk,
    approval: Approval,
    idempotencyKey: string,
  ) => Promise<ProviderOutcome<ProviderPayment>>;
  /** Looks the payment up, by its key or by its reference; `done` with null when the provider knows of none. */
  readonly inquire: (ask: PaymentAsk) => Promise<ProviderOutcome<ProviderPayment | null>>;
  /** Gives money back. @returns the payment after it */
  readonly cancel: (ask: CancelAsk) => Promise<ProviderOutcome<ProviderPayment>>;
  /** Reads a webhook; undefined when its signature is wrong or it is no webhook of this provider. A provider without signatures returns what it says. */
  readonly readWebhook: (webhook: RawWebhook) => ProviderEvent | undefined;
}

export interface Opened {
  readonly providerKey: string | null;
  readonly next: NextStep;
}

/** Where the provider sends the buyer back to. */
export interface ReturnUrls {
  readonly success: string;
  readonly fail: string;
}

/** What the buyer brought back. */
export interface Approval {
  /** Toss `paymentKey`, PortOne `paymentId`; null where the key is known from `open`. */
  readonly providerKey: string | null;
  /** KakaoPay `pg_token`; null elsewhere. */
  readonly token: string | null;
}
