/**
 * The interface of a payment provider. Each has a folder beside this file; `registry.ts` lists them, and adding one touches nothing else. A provider
 * knows its HTTP API, its authentication, its error codes and its webhooks; it knows no table and no rule of the shop.
 */

/** The payment of a call. Amounts are in minor units of the currency; a provider converts them where its API has other units. */
export interface PaymentAsk {
  /** Random; names the payment to the provider (Toss `orderId`, KakaoPay `partner_order_id`, PortOne `paymentId`). */
  readonly reference: string;
  /** The account that pays, as the provider may know it. */
  readonly buyer: string;
  readonly amountMinor: number;
  readonly currency: string;
  /** The text that the buyer reads on the provider's page. */
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

/** The state of a payment in a provider's answer. */
export interface ProviderPayment {
  readonly providerKey: string;
  readonly reference: string;
  /** The charged amount, before cancellations. */
  readonly amountMinor: number;
  readonly currency: string;
  /** OPEN: the buyer has not approved, or we have not confirmed. */
  readonly status: 'OPEN' | 'CHARGED' | 'PARTLY_CANCELLED' | 'CANCELLED' | 'DECLINED' | 'EXPIRED';
  readonly cancelledMinor: number;
  /** Card, transfer, the provider's money; for people. */
  readonly method: string;
  /** The reason for a decline: the provider's code and message; null otherwise. */
  readonly failure: ProviderFailure | null;
}

export interface ProviderFailure {
  readonly code: string;
  readonly message: string;
}

/**
 * The outcome of a call. `declined`: the provider refused permanently, and this call charged or gave back nothing. `unknown`: nobody knows, so ask again by
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
  /** The rest of the charge before this cancellation, so that the provider refuses one that does not fit. */
  readonly remainingMinor: number;
  readonly reason: string;
  /** Sent as the provider's idempotency key: the same cancellation asked twice is carried out once. */
  readonly idempotencyKey: string;
}

/** A webhook as received. Header names are in lower case. */
export interface RawWebhook {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** The subject of a webhook. It is only a hint: the payment is looked up before anything is done. */
export interface ProviderEvent {
  /** The provider's own id of the event, or one that is made from its content. */
  readonly eventId: string;
  readonly reference: string | null;
  readonly providerKey: string | null;
  readonly type: string;
  /** It reports money that was given back. */
  readonly cancels: boolean;
}

export interface PaymentProvider {
  /** In capitals; stored, and a label of the metrics: TOSS, PORTONE, KAKAOPAY. */
  readonly name: string;
  readonly currencies: readonly string[];
  /** Prepares the payment, where the provider requires it before the buyer comes; other providers answer without a call. */
  readonly open: (ask: PaymentAsk, urls: ReturnUrls, signal?: AbortSignal) => Promise<ProviderOutcome<Opened>>;
  /** Reads the parameters that the buyer brings back from the provider; throws REQUEST_INVALID for invalid ones. */
  readonly readApproval: (approval: unknown) => Approval;
  /**
   * Charges the payment, or looks it up where the provider has already charged. `idempotencyKey` is sent where the API has one. `done` with OPEN: the buyer has
   * not approved yet, and nothing was charged.
   */
  readonly confirm: (
    ask: PaymentAsk,
    approval: Approval,
    idempotencyKey: string,
  ) => Promise<ProviderOutcome<ProviderPayment>>;
  /** Looks up the payment, by its key or by its reference; `done` with null when the provider has no such payment. */
  readonly inquire: (ask: PaymentAsk) => Promise<ProviderOutcome<ProviderPayment | null>>;
  /** Gives money back. @returns the payment after it */
  readonly cancel: (ask: CancelAsk) => Promise<ProviderOutcome<ProviderPayment>>;
  /** Reads a webhook; undefined when its signature is wrong or it is not a webhook of this provider. A provider without signatures returns its content. */
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
