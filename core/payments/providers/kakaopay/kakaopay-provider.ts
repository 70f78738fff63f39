/** KakaoPay, online API version 1: https://developers.kakaopay.com/docs/payment/online/single-payment */
import type { OutboundCall, OutboundClient } from '../../../../infra/outbound/outbound-client.js';
import type { KakaoPaySettings } from '../../../../infra/payment-provider-settings.js';
import { type Answers, callApi, confirmationOf, type Reply, readApprovalBy, unapproved, unknown } from '../api-call.js';
import { cancellationOf, cancelledBeforeAndAfter } from '../cancellation.js';
import type {
  Approval,
  CancelAsk,
  Opened,
  PaymentAsk,
  PaymentProvider,
  ProviderOutcome,
  ProviderPayment,
  ReturnUrls,
} from '../provider.js';
import { APPROVE_MEANINGS, CANCEL_MEANINGS, LOOK_UP_MEANINGS, READY_MEANINGS } from './kakaopay-codes.js';
import { approvalSchema, approvedSchema, failureSchema, paymentSchema, readySchema } from './kakaopay-schemas.js';

const NAME_LENGTH_MAX = 100;

interface MerchantPayment {
  readonly cid: string;
  readonly payment: ProviderPayment;
}

export class KakaoPayProvider implements PaymentProvider {
  readonly name = 'KAKAOPAY';
  readonly currencies = ['KRW'];

  constructor(
    private readonly settings: KakaoPaySettings,
    private readonly client: OutboundClient,
  ) {}

  async open(ask: PaymentAsk, urls: ReturnUrls, signal?: AbortSignal): Promise<ProviderOutcome<Opened>> {
    const body = {
      partner_order_id: ask.reference,
      partner_user_id: ask.buyer,
      item_name: ask.orderName.slice(0, NAME_LENGTH_MAX),
      quantity: 1,
      total_amount: ask.amountMinor,
      tax_free_amount: 0,
      approval_url: urls.success,
      cancel_url: urls.fail,
      fail_url: urls.fail,
    };
    const reply = await this.post('ready', body, { value: readySchema, meanings: READY_MEANINGS }, signal);
    if (reply.kind === 'unclear') return reply.outcome;
    if (reply.kind === 'refused') return { outcome: 'declined', failure: reply.failure };
    const { tid, next_redirect_pc_url: url, next_redirect_mobile_url: mobileUrl } = reply.value;
    const next = { kind: 'redirect', url, ...(mobileUrl === undefined ? {} : { mobileUrl }) } as const;
    return { outcome: 'done', value: { providerKey: tid, next } };
  }

  readApproval(approval: unknown): Approval {
    return { providerKey: null, token: readApprovalBy(approvalSchema, approval).pg_token };
  }

  async confirm(ask: PaymentAsk, { token }: Approval): Promise<ProviderOutcome<ProviderPayment>> {
    const body = {
      tid: ask.providerKey,
      partner_order_id: ask.reference,
      partner_user_id: ask.buyer,
      pg_token: token,
      total_amount: ask.amountMinor,
    };
    const reply = await this.post('approve', body, { value: approvedSchema, meanings: APPROVE_MEANINGS });
    if (reply.kind === 'value') return this.ours(reply.value);
    if (reply.kind === 'unclear') return reply.outcome;
    if (reply.meaning === 'not-approved') return { outcome: 'done', value: unapproved(ask) };
    if (reply.meaning === 'declined') return { outcome: 'declined', failure: reply.failure };
    const found = await this.inquire(ask);
    return found.outcome === 'done' && found.value !== null
      ? confirmationOf(found.value)
      : unknown(reply.failure.code, reply.failure.message);
  }

  /** A payment without a key was never opened here, and nobody can approve it. */
  async inquire({ providerKey }: PaymentAsk): Promise<ProviderOutcome<ProviderPayment | null>> {
    if (providerKey === null) return { outcome: 'done', value: null };
    const reply = await this.post('order', { tid: providerKey }, { value: paymentSchema, meanings: LOOK_UP_MEANINGS });
    if (reply.kind === 'unclear') return reply.outcome;
    return reply.kind === 'refused' ? { outcome: 'done', value: null } : this.ours(reply.value);
  }

  /** This call is not safe to repeat, so the code first looks up whether an earlier one was carried out. */
  async cancel(ask: CancelAsk): Promise<ProviderOutcome<ProviderPayment>> {
    const found = await this.inquire(ask.payment);
    if (found.outcome !== 'done') return found;
    if (found.value?.cancelledMinor !== cancelledBeforeAndAfter(ask).before) return cancellationOf(ask, found.value);
    const body = {
      tid: ask.payment.providerKey,
      cancel_amount: ask.amountMinor,
      cancel_tax_free_amount: 0,
      cancel_available_amount: ask.remainingMinor,
    };
    const reply = await this.post('cancel', body, { value: paymentSchema, meanings: CANCEL_MEANINGS });
    if (reply.kind === 'unclear') return reply.outcome;
    if (reply.kind === 'value') {
      const after = this.ours(reply.value);
      return after.outcome === 'done' ? cancellationOf(ask, after.value) : after;
    }
    const now = await this.inquire(ask.payment);
    return now.outcome === 'done'
      ? cancellationOf(ask, now.value, reply.failure)
      : unknown(reply.failure.code, reply.failure.message);
  }

  /** The provider sends none. */
  readWebhook(): undefined {
    return undefined;
  }

  private post<T>(
    operation: 'ready' | 'approve' | 'cancel' | 'order',
    body: Readonly<Record<string, string | number | null>>,
    answers: Pick<Answers<T>, 'value' | 'meanings'>,
    signal?: AbortSignal,
  ): Promise<Reply<T>> {
    const { secretKey, cid } = this.settings;
    const call: OutboundCall = {
      kind: operation === 'order' ? 'look-up' : 'confirmation',
      method: 'POST',
      path: `/online/v1/payment/${operation}`,
      headers: { authorization: `SECRET_KEY ${secretKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ cid, ...body }),
      idempotent: false, // the API has no idempotency key
      signal,
    };
    return callApi(this.client, call, { ...answers, failure: failureSchema });
  }

  private ours({ cid, payment }: MerchantPayment): ProviderOutcome<ProviderPayment> {
    if (cid === this.settings.cid) return { outcome: 'done', value: payment };
    return unknown('MERCHANT_DIFFERS', 'the payment is one of another merchant');
  }
}
