/** The payment provider of the tests, over HTTP: `bank.ts` is its other end. Plain JavaScript, so that a server in a process of its own can have it as well. */
import { createHmac } from 'node:crypto';

/** @typedef {import('../../core/payments/providers/provider.js').PaymentProvider} PaymentProvider */
/** @typedef {import('../../core/payments/providers/provider.js').ProviderPayment} ProviderPayment */
/** @typedef {import('../../core/payments/providers/provider.js').ProviderFailure} ProviderFailure */

const SECRET = 'test webhook secret';

/** The signature of a webhook. */
export const signatureOf = (/** @type {string | Buffer} */ body) =>
  createHmac('sha256', SECRET).update(body).digest('hex');

/**
 * @param {string} url
 * @param {string} [name]
 * @returns {PaymentProvider}
 */
export function testProvider(url, name = 'TEST') {
  /**
   * @param {string} path
   * @param {object} body
   * @returns {Promise<{ outcome: 'done', value: any } | { outcome: 'declined' | 'unknown' | 'away', failure: ProviderFailure }>}
   */
  const ask = async (path, body) => {
    try {
      const response = await fetch(`${url}/${path}`, { method: 'POST', body: JSON.stringify({ name, ...body }) });
      const answer = /** @type {any} */ (await response.json());
      if (response.ok) return { outcome: 'done', value: answer };
      return { outcome: response.status === 402 ? 'declined' : 'unknown', failure: answer };
    } catch (error) {
      const { cause } = /** @type {{ cause?: { code?: string } }} */ (error);
      const code = cause?.code ?? 'CUT';
      return { outcome: code === 'ECONNREFUSED' ? 'away' : 'unknown', failure: { code, message: String(error) } };
    }
  };
  return {
    name,
    currencies: ['KRW'],
    open: ({ reference, amountMinor }) => ask('open', { reference, amountMinor }),
    readApproval: (approval) => {
      const { key } = /** @type {{ key?: string }} */ (approval);
      return { providerKey: key ?? null, token: null };
    },
    confirm: ({ reference, amountMinor }, { providerKey }, idempotencyKey) =>
      ask('confirm', { reference, amountMinor, key: providerKey, idempotencyKey }),
    inquire: ({ reference, providerKey }) => ask('inquire', { reference, key: providerKey }),
    cancel: ({ payment, amountMinor, remainingMinor, idempotencyKey }) =>
      ask('cancel', {
        reference: payment.reference,
        key: payment.providerKey,
        amountMinor,
        remainingMinor,
        idempotencyKey,
      }),
    readWebhook: ({ headers, body }) => {
      if (headers['x-test-signature'] !== signatureOf(body)) return undefined;
      const { eventId, reference = null, key = null, type = 'CHANGED' } = JSON.parse(body.toString());
      return { eventId, reference, providerKey: key, type, cancels: type === 'CANCELLED' };
    },
  };
}
