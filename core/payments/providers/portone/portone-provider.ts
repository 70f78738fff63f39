/** PortOne, API version 2: https://developers.portone.io/api/rest-v2/payment */
import type * as z from 'zod';
import type { OutboundCall, OutboundClient } from '../../../../infra/outbound/outbound-client.js';
import type { PortOneSettings } from '../../../../infra/payment-provider-settings.js';
import { sha256 } from '../../../../infra/sha256.js';
import { callApi, confirmationOf, failureOf, type Reply, readApprovalBy, unapproved, unknown } from '../api-call.js';
import { cancellationOf } from '../cancellation.js';
import type {
  Approval,
  CancelAsk,
  Opened,
  PaymentAsk,
  PaymentProvider,
  ProviderEvent,
  ProviderOutcome,
  ProviderPayment,
  RawWebhook,
  ReturnUrls,
} from '../provider.js';
import { parsedWebhook } from '../webhook-body.js';
import { CANCEL_MEANINGS, LOOK_UP_MEANINGS } from './portone-codes.js';
import { approvalSchema, cancellationSchema, failureSchema, paymentSchema, webhookSchema } from './portone-schemas.js';
import { isSigned, webhookKey } from './webhook-signature.js';

export interface PortOneOptions {
  /** Whether payments of a test channel count. A buyer's browser chooses the channel, so in production they must not. */
  readonly testChannels: boolean;
  /** The time, in milliseconds since 1970. */
  readonly now: () => number;
}

export class PortOneProvider implements PaymentProvider {
  readonly name = 'PORTONE';
  readonly currencies = ['KRW', 'USD', 'EUR', 'JPY', 'CNY'];
  private readonly authorization: string;

  constructor(
    private readonly settings: PortOneSettings,
    private readonly client: OutboundClient,
    private readonly options: PortOneOptions,
  ) {
    this.authorization = `PortOne ${settings.apiSecret}`;
  }

  async open(ask: PaymentAsk, urls: ReturnUrls): Promise<ProviderOutcome<Opened>> {
    const { storeId, channelKey } = this.settings;
    const values = {
      storeId,
      ...(channelKey === null ? {} : { channelKey }),
      paymentId: ask.reference,
      orderName: ask.orderName,
      totalAmount: ask.amountMinor,
      currency: ask.currency,
      redirectUrl: urls.success,
    };
    return { outcome: 'done', value: { providerKey: ask.reference, next: { kind: 'widget', values } } };
  }

  readApproval(approval: unknown): Approval {
    readApprovalBy(approvalSchema, approval);
    return { providerKey: null, token: null }; // our own name of the payment is its key
  }

  /** The provider charges when the buyer approves, so that a confirmation is a look-up for which the buyer waits. */
  async confirm(ask: PaymentAsk): Promise<ProviderOutcome<ProviderPayment>> {
    const found = await this.lookUp(ask.reference, 'confirmation');
    if (found.outcome !== 'done') return found;
    const value = found.value ?? unapproved(ask); // the provider knows it from the moment the buyer opens its window
    return value.status === 'OPEN' ? { outcome: 'done', value } : confirmationOf(value);
  }

  inquire(ask: PaymentAsk): Promise<ProviderOutcome<ProviderPayment | null>> {
    return this.lookUp(ask.reference, 'look-up');
  }

  async cancel(ask: CancelAsk): Promise<ProviderOutcome<ProviderPayment>> {
    const reply = await this.askToCancel(ask);
    if (reply.kind === 'unclear') return reply.outcome;
    const refusal = reply.kind === 'refused' ? reply.failure : refusalOf(reply.value.cancellation);
    const found = await this.lookUp(ask.payment.reference, 'look-up');
    if (found.outcome === 'done') return cancellationOf(ask, found.value, refusal);
    return unknown(found.failure.code, found.failure.message);
  }

  readWebhook(webhook: RawWebhook): ProviderEvent | undefined {
    const { webhookSecret, storeId } = this.settings;
    if (webhookSecret === null || !isSigned(webhook, webhookKey(webhookSecret), this.options.now())) return undefined;
    const read = webhookSchema.safeParse(parsedWebhook(webhook.body));
    if (!read.success) return undefined;
    const { type, data } = read.data;
    if (data.storeId !== undefined && data.storeId !== storeId) return undefined;
    const eventId = shortened(webhook.headers['webhook-id'] ?? '');
    const paymentId = data.paymentId ?? null;
    const cancels = /^Transaction\.(Partial)?Cancelled$/.test(type);
    return { eventId, reference: paymentId, providerKey: paymentId, type, cancels };
  }

  private async lookUp(
    reference: string,
    kind: OutboundCall['kind'],
  ): Promise<ProviderOutcome<ProviderPayment | null>> {
    const { storeId } = this.settings;
    const path = `${pathOf(reference)}?storeId=${encodeURIComponent(storeId)}`;
    const headers = { authorization: this.authorization };
    const call: OutboundCall = { kind, method: 'GET', path, headers, idempotent: false };
    const reply = await callApi(this.client, call, {
      value: paymentSchema,
      failure: failureSchema,
      meanings: LOOK_UP_MEANINGS,
    });
    if (reply.kind === 'unclear') return reply.outcome;
    if (reply.kind === 'refused') return { outcome: 'done', value: null };
    const { payment, isTest } = reply.value;
    if (reply.value.storeId !== storeId) return unknown('STORE_DIFFERS', 'the payment is one of another store');
    if (!isTest || this.options.testChannels) return { outcome: 'done', value: payment };
    const failure = failureOf('TEST_CHANNEL', 'the payment went through a test channel, which moves no money');
    return { outcome: 'done', value: { ...payment, status: 'DECLINED', failure } };
  }

  private askToCancel(ask: CancelAsk): Promise<Reply<z.infer<typeof cancellationSchema>>> {
    const call: OutboundCall = {
      kind: 'confirmation',
      method: 'POST',
      path: `${pathOf(ask.payment.reference)}/cancel`,
      headers: {
        authorization: this.authorization,
        'content-type': 'application/json',
        'idempotency-key': idempotencyKeyOf(ask.idempotencyKey),
      },
      body: JSON.stringify({
        storeId: this.settings.storeId,
        amount: ask.amountMinor,
        currentCancellableAmount: ask.remainingMinor,
        reason: ask.reason,
      }),
      idempotent: true,
    };
    return callApi(this.client, call, {
      value: cancellationSchema,
      failure: failureSchema,
      meanings: CANCEL_MEANINGS,
    });
  }
}

const pathOf = (reference: string): string => `/payments/${encodeURIComponent(reference)}`;

const refusalOf = ({ status, reason }: { readonly status: string; readonly reason: string }) =>
  status === 'FAILED' ? failureOf('CANCELLATION_FAILED', reason) : undefined;

/** The provider takes 16 to 256 letters, digits, hyphens and underscores. */
const idempotencyKeyOf = (key: string): string => (/^[\w-]{16,256}$/.test(key) ? key : sha256(key));

const shortened = (eventId: string): string => (eventId.length <= 100 ? eventId : sha256(eventId));
