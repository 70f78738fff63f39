/** Sends one event to one address. */
import { exchange, TIME_IS_UP } from '../../infra/outbound/exchange.js';
import { hostOf, lookupPublic, requirePublicLiteral } from '../../infra/outbound/public-address.js';
import { SIGNATURE_HEADER, webhookSignature } from '../../infra/webhook-signature.js';
import type { FeedEvent } from '../event-feed/stores/feed-event.js';

/** From the first byte that is sent to the last one that is received (ms). */
const ANSWER_MS = 10_000;
const CONNECT_MS = 5_000;

/** The event of a test: it is not part of the feed and has no position. */
export interface Ping {
  readonly id: 0;
  readonly type: 'ping';
  /** ISO 8601, UTC. */
  readonly happenedAt: string;
  readonly data: { readonly endpointId: number };
}

export interface Sent {
  readonly delivered: boolean;
  /** The status of the receiver's answer; null: no answer. */
  readonly status: number | null;
  /** Why it was not delivered. */
  readonly error: string | null;
  readonly durationMs: number;
}

/**
 * Sends an event, signed under each of the secrets. Only an answer of 200 to 299 counts as delivered. A redirect is not followed, and an answer of more than a
 * mebibyte or after ten seconds does not count. Never throws.
 * @param privateAllowed whether the address may lie in a private network
 */
export async function sendWebhook(
  event: FeedEvent | Ping,
  {
    url,
    secrets,
    privateAllowed,
  }: { readonly url: string; readonly secrets: readonly string[]; readonly privateAllowed: boolean },
): Promise<Sent> {
  const startedAt = performance.now();
  const failed = (error: string, status: number | null = null): Sent => ({
    ...{ delivered: false, status, error },
    durationMs: performance.now() - startedAt,
  });
  const { origin, pathname, search } = new URL(url);
  try {
    if (!privateAllowed) requirePublicLiteral(hostOf(url));
  } catch (error) {
    return failed((error as Error).message);
  }
  // The pool is for this event alone, so that the next event resolves the address again.
  const connect = { timeout: CONNECT_MS, ...(privateAllowed ? {} : { lookup: lookupPublic }) };
  // A large package: a runner without webhooks does not load it. In the bundle it has its default export alone.
  const { default: undici } = await import('undici');
  const pool = new undici.Pool(origin, { connections: 1, pipelining: 1, connect });
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(TIME_IS_UP), ANSWER_MS);
  try {
    const body = JSON.stringify(event);
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'magam-webhooks',
      [SIGNATURE_HEADER]: webhookSignature(secrets, Math.floor(Date.now() / 1_000), body),
    };
    const path = `${pathname}${search}`;
    const outcome = await exchange(pool, { method: 'POST', path, headers, body }, ANSWER_MS, limit.signal);
    if (outcome.kind !== 'answered') return failed(outcome.message);
    const { status } = outcome;
    if (status >= 300 && status <= 399) return failed(`answered ${status}; redirects are not followed`, status);
    if (status < 200 || status > 299) return failed(`answered ${status}`, status);
    return { delivered: true, status, error: null, durationMs: performance.now() - startedAt };
  } finally {
    clearTimeout(timer);
    await pool.destroy();
  }
}
