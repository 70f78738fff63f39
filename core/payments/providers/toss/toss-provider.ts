/** Toss Payments, API version 1: https://docs.tosspayments.com/reference */
import type { OutboundCall, OutboundClient } from '../../../../infra/outbound/outbound-client.js';
import type { TossSettings } from '../../../../infra/payment-provider-settings.js';
import { sha256 } from '../../../../infra/sha256.js';
import { callApi, confirmationOf, type Meaning, type Reply, readApprovalBy, unknown } from '../api-call.js';
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
import { CANCEL_MEANINGS, CONFIRM_MEANINGS, LOOK_UP_MEANINGS } from './toss-codes.js';
import { approvalSchema, failureSchema, majorOf, paymentSchema, webhookSchema } from './toss-schemas.js';

const NAME_LENGTH_MAX = 100;
const REASON_LENGTH_MAX = 200;

export class TossProvider implements PaymentProvider {
  readonly name = 'TOSS';
  readonly currencies = ['KRW', 'USD'];
  private readonly authorization: string;

  constructor(
    private readonly settings: TossSettings,
    private readonly client: OutboundClient,
  ) {
    this.authorization = `Basic ${Buffer.from(`${settings.secretKey}:`).toString('base64')}`;
  }

  async open(ask: PaymentAsk, urls: ReturnUrls): Promise<ProviderOutcome<Opened>> {
    const values = {
      clientKey: this.settings.clientKey,
      orderId: ask.reference,
      orderName: ask.orderName.slice(0, NAME_LENGTH_MAX),
      amount: majorOf(ask.amountMinor, ask.currency),
      currency: ask.currency,
      successUrl: urls.success,
      failUrl: urls.fail,
    };
    return { outcome: 'done', value: { providerKey: null, next: { kind: 'widget', values } } };
  }

  readApproval(approval: unknown): Approval {
    return { providerKey: readApprovalBy(approvalSchema, approval).paymentKey, token: null };
  }

  async confirm(
    ask: PaymentAsk,
    approval: Approval,
    idempotencyKey: string,
  ): Promise<ProviderOutcome<ProviderPayment>> {
    const body = {
      paymentKey: approval.providerKey,
      orderId: ask.reference,
      amount: majorOf(ask.amountMinor, ask.currency),
    };
    const reply = await this.post('/v1/payments/confirm', body, idempotencyKey, CONFIRM_MEANINGS);
    if (reply.kind === 'value') return confirmationOf(reply.value);
    if (reply.kind === 'unclear') return reply.outcome;
    if (reply.meaning === 'declined') return { outcome: 'declined', failure: reply.failure };
    const found = await this.lookUp(ask.reference);
    if (found.kind === 'value' && found.value.status !== 'OPEN') return confirmationOf(found.value);
    // The payment that was already processed may belong to another order, whose key the buyer has brought.
    const other = await this.lookUpKey(approval.providerKey ?? '');
    if (other.kind === 'value' && other.value.reference !== ask.reference)
      return { outcome: 'done', value: other.value };
    return found.kind === 'value' ? confirmationOf(found.value) : unknown(reply.failure.code, reply.failure.message);
  }

  async inquire(ask: PaymentAsk): Promise<ProviderOutcome<ProviderPayment | null>> {
    const reply = await this.lookUp(ask.reference);
    if (reply.kind === 'unclear') return reply.outcome;
    return { outcome: 'done', value: reply.kind === 'value' ? reply.value : null };
  }

  async cancel(ask: CancelAsk): Promise<ProviderOutcome<ProviderPayment>> {
    const { payment } = ask;
    let paymentKey = payment.providerKey;
    if (paymentKey === null) {
      const known = await this.inquire(payment);
      if (known.outcome !== 'done') return known;
      if (known.value === null) return cancellationOf(ask, null);
      paymentKey = known.value.providerKey;
    }
    const body = {
      cancelReason: ask.reason.slice(0, REASON_LENGTH_MAX),
      cancelAmount: majorOf(ask.amountMinor, payment.currency),
      refundableAmount: majorOf(ask.remainingMinor, payment.currency),
      ...(payment.currency === 'KRW' ? {} : { currency: payment.currency }),
    };
    const path = `/v1/payments/${encodeURIComponent(paymentKey)}/cancel`;
    const reply = await this.post(path, body, ask.idempotencyKey, CANCEL_MEANINGS);
    if (reply.kind === 'unclear') return reply.outcome;
    if (reply.kind === 'value') return cancellationOf(ask, reply.value);
    const found = await this.lookUp(payment.reference);
    return found.kind === 'value'
      ? cancellationOf(ask, found.value, reply.failure)
      : unknown(reply.failure.code, reply.failure.message);
  }

  /** Webhooks about payments are not signed, so one only says which payment to look up. */
  readWebhook({ body, headers }: RawWebhook): ProviderEvent | undefined {
    const read = webhookSchema.safeParse(parsedWebhook(body));
    if (!read.success) return undefined;
    const { eventType, data, orderId } = read.data;
    if (eventType === undefined && orderId === undefined) return undefined;
    const sentId = headers['tosspayments-webhook-transmission-id'] ?? '';
    return {
      eventId: /^[\w-]{8,100}$/.test(sentId) ? sentId : sha256(body),
      reference: data?.orderId ?? orderId ?? null,
      providerKey: data?.paymentKey ?? null,
      type: eventType ?? 'DEPOSIT_CALLBACK',
      cancels: eventType === 'CANCEL_STATUS_CHANGED' || /^(PARTIAL_)?CANCELED$/.test(data?.status ?? ''),
    };
  }

  private post(
    path: string,
    body: object,
    idempotencyKey: string,
    meanings: Readonly<Record<string, Meaning>>,
  ): Promise<Reply<ProviderPayment>> {
    const { authorization } = this;
    const call: OutboundCall = {
      kind: 'confirmation',
      method: 'POST',
      path,
      headers: { authorization, 'content-type': 'application/json', 'idempotency-key': idempotencyKey },
      body: JSON.stringify(body),
      idempotent: true,
    };
    return callApi(this.client, call, { value: paymentSchema, failure: failureSchema, meanings });
  }

  /** Looked up by the order, which is ours, because the key of the payment comes from the buyer. */
  private lookUp(reference: string): Promise<Reply<ProviderPayment>> {
    return this.get(`/v1/payments/orders/${encodeURIComponent(reference)}`);
  }

  private lookUpKey(paymentKey: string): Promise<Reply<ProviderPayment>> {
    return this.get(`/v1/payments/${encodeURIComponent(paymentKey)}`);
  }

  private get(path: string): Promise<Reply<ProviderPayment>> {
    const call: OutboundCall = {
      kind: 'look-up',
      method: 'GET',
      path,
      headers: { authorization: this.authorization },
      idempotent: false,
    };
    return callApi(this.client, call, {
      value: paymentSchema,
      failure: failureSchema,
      meanings: LOOK_UP_MEANINGS,
    });
  }
}
