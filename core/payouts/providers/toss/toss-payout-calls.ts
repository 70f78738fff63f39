/** Calls of the payout API: encryption, credentials, and what an answer means. */
import type * as z from 'zod';
import type { OutboundAnswer, OutboundClient } from '../../../../infra/outbound/outbound-client.js';
import type { TossPayoutSettings } from '../../../../infra/payout-provider-settings.js';
import type { ProviderMessage, TransferFailure } from '../../rules/transfer-failure.js';
import { decryptBody, encryptBody } from './toss-jwe.js';
import { KEY_REFUSED, REFUSALS } from './toss-payout-codes.js';
import { answerSchema, bareErrorSchema } from './toss-payout-schemas.js';

export interface Refused {
  readonly kind: 'refused';
  readonly reason: TransferFailure;
  readonly said: ProviderMessage;
}

/** `sent`: the request may have been carried out. */
export interface Unclear {
  readonly kind: 'unclear';
  readonly sent: boolean;
  readonly said: ProviderMessage;
}

export type Answer<T> = { readonly kind: 'value'; readonly value: T } | Refused | Unclear;

export class TossPayoutCalls {
  private readonly authorization: string;

  constructor(
    private readonly settings: TossPayoutSettings,
    private readonly client: OutboundClient,
    private readonly now: () => number,
  ) {
    this.authorization = `Basic ${Buffer.from(`${settings.secretKey}:`).toString('base64')}`;
  }

  /** A request that moves money leaves this process at most once, because the API does not promise that it is idempotent. */
  async post<T>(path: string, body: unknown, key: string, value: z.ZodType<T>): Promise<Answer<T>> {
    const { authorization } = this;
    const answer = await this.client.call({
      kind: 'confirmation',
      method: 'POST',
      path,
      headers: {
        authorization,
        'content-type': 'text/plain',
        'tosspayments-api-security-mode': 'ENCRYPTION',
        'idempotency-key': key,
      },
      body: await encryptBody(this.settings.securityKey, body, this.now()),
      idempotent: false,
    });
    return this.read(answer, value);
  }

  async get<T>(path: string, value: z.ZodType<T>): Promise<Answer<T>> {
    const { authorization } = this;
    const call = { kind: 'look-up', method: 'GET', path, headers: { authorization }, idempotent: true } as const;
    return this.read(await this.client.call(call), value);
  }

  private async read<T>(answer: OutboundAnswer, value: z.ZodType<T>): Promise<Answer<T>> {
    if (answer.outcome !== 'answered')
      return unclear(answer.outcome === 'unknown', answer.failure.replaceAll('-', '_').toUpperCase(), answer.message);
    const { status } = answer;
    const body = await decryptBody(this.settings.securityKey, answer.body);
    if (status >= 200 && status < 300) {
      const read = value.safeParse(answerSchema.safeParse(body).data?.entityBody);
      if (read.success) return { kind: 'value', value: read.data };
      return unclear(true, 'ANSWER_INVALID', `the answer is not in the expected form (HTTP ${status})`);
    }
    const error = answerSchema.safeParse(body).data?.error ?? bareErrorSchema.safeParse(body).data;
    const { code, message } = error ?? { code: 'ANSWER_INVALID', message: `HTTP ${status}` };
    if (status === 401 || (status < 500 && KEY_REFUSED.has(code))) return unclear(false, code, message);
    const forGood = status >= 400 && status < 500 && ![408, 409, 429].includes(status);
    const reason = forGood && Object.hasOwn(REFUSALS, code) ? REFUSALS[code] : undefined;
    return reason === undefined ? unclear(true, code, message) : { kind: 'refused', reason, said: { code, message } };
  }
}

const unclear = (sent: boolean, code: string, message: string): Unclear => ({
  kind: 'unclear',
  ...{ sent, said: { code, message } },
});
