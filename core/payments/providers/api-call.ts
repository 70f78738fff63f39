/** The common part of all providers: an API call becomes a value, a refusal with a code, or an unclear outcome. */
import type * as z from 'zod';
import type { OutboundCall, OutboundClient } from '../../../infra/outbound/outbound-client.js';
import { MagamError } from '../../../kernel/errors.js';
import type { PaymentAsk, ProviderFailure, ProviderOutcome, ProviderPayment } from './provider.js';

/**
 * The meaning of an error code. `done-already`: look up the payment. `not-approved`: the buyer has not approved yet, and still can. `declined`: refused
 * permanently. `unknown`: ask again. `key-refused`: our credentials or our settings at the provider are wrong, so nothing happened and it works again when they
 * are right. A code that a provider does not list is `unknown`.
 */
export type Meaning = 'done-already' | 'not-approved' | 'declined' | 'unknown' | 'key-refused';

export type Unclear = Extract<ProviderOutcome<never>, { outcome: 'unknown' | 'away' }>;

export type Reply<T> =
  | { readonly kind: 'value'; readonly value: T }
  | {
      readonly kind: 'refused';
      readonly meaning: 'done-already' | 'not-approved' | 'declined';
      readonly failure: ProviderFailure;
    }
  | { readonly kind: 'unclear'; readonly outcome: Unclear };

/** How a provider answers. */
export interface Answers<T> {
  /** Reads the body of a success; a body that it does not accept is an unclear outcome. */
  readonly value: z.ZodType<T>;
  /** Reads the body of a refusal. */
  readonly failure: z.ZodType<ProviderFailure>;
  readonly meanings: Readonly<Record<string, Meaning>>;
}

const CODE_LENGTH_MAX = 100;
const MESSAGE_LENGTH_MAX = 500;

/** A failure as it is stored and shown: cut to a length that fits. */
export const failureOf = (code: string, message: string): ProviderFailure => ({
  code: code.slice(0, CODE_LENGTH_MAX),
  message: message.slice(0, MESSAGE_LENGTH_MAX),
});

const unclear = (outcome: Unclear['outcome'], failure: ProviderFailure): Reply<never> => ({
  kind: 'unclear',
  outcome: { outcome, failure },
});

export const unknown = (code: string, message: string): Unclear => ({
  outcome: 'unknown',
  failure: failureOf(code, message),
});

/** Makes a call. Never throws. */
export async function callApi<T>(client: OutboundClient, call: OutboundCall, answers: Answers<T>): Promise<Reply<T>> {
  const answer = await client.call(call);
  if (answer.outcome !== 'answered')
    return unclear(answer.outcome, failureOf(answer.failure.replaceAll('-', '_').toUpperCase(), answer.message));
  const { status, afterUnknown } = answer;
  const body = parseJson(answer.body);
  if (status >= 200 && status < 300) {
    const read = answers.value.safeParse(body);
    if (read.success) return { kind: 'value', value: read.data };
    return unclear('unknown', failureOf('ANSWER_INVALID', `the answer is not in the expected form (HTTP ${status})`));
  }
  const read = answers.failure.safeParse(body);
  const failure = read.success
    ? failureOf(read.data.code, read.data.message)
    : failureOf('ANSWER_INVALID', `the answer is not in the expected form (HTTP ${status})`);
  const meaning = read.success || status === 401 ? meaningOf(status, failure, answers.meanings) : 'unknown';
  if (meaning === 'unknown') return unclear('unknown', failure);
  // An earlier try may have been carried out before the key was refused.
  if (meaning === 'key-refused') return unclear(afterUnknown ? 'unknown' : 'away', failure);
  return { kind: 'refused', meaning, failure };
}

function meaningOf(status: number, { code }: ProviderFailure, meanings: Answers<unknown>['meanings']): Meaning {
  if (status === 401) return 'key-refused';
  const temporary = status < 400 || status >= 500 || status === 408 || status === 429;
  return temporary || !Object.hasOwn(meanings, code) ? 'unknown' : (meanings[code] ?? 'unknown');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The codes of each meaning, as the table that `callApi` reads. */
export const meanings = (codes: Partial<Readonly<Record<Meaning, readonly string[]>>>): Record<string, Meaning> =>
  Object.fromEntries(
    (Object.keys(codes) as Meaning[]).flatMap((meaning) => (codes[meaning] ?? []).map((code) => [code, meaning])),
  );

/** The payment as it was asked about, which the buyer has not approved yet. */
export const unapproved = ({ reference, amountMinor, currency, providerKey }: PaymentAsk): ProviderPayment => ({
  providerKey: providerKey ?? reference,
  ...{ reference, amountMinor, currency },
  status: 'OPEN',
  cancelledMinor: 0,
  method: '',
  failure: null,
});

/** The outcome of a confirmation, from the payment that was looked up. A payment that is still open is unclear: it was confirmed, and shows no trace of it. */
export function confirmationOf(payment: ProviderPayment): ProviderOutcome<ProviderPayment> {
  const { status, failure } = payment;
  if (status === 'OPEN')
    return unknown('STILL_OPEN', 'the payment was confirmed, and the provider says that it is open');
  if (status === 'DECLINED' || status === 'EXPIRED')
    return { outcome: 'declined', failure: failure ?? failureOf(status, `the payment is ${status.toLowerCase()}`) };
  return { outcome: 'done', value: payment };
}

/** Reads the parameters that the buyer brought back. Throws REQUEST_INVALID with every fault. */
export function readApprovalBy<T>(schema: z.ZodType<T>, approval: unknown): T {
  const read = schema.safeParse(approval);
  if (read.success) return read.data;
  const errors = read.error.issues.map(({ path, message }) => ({
    in: 'body',
    pointer: ['#', 'approval', ...path.map(String)].join('/'),
    message,
  }));
  throw new MagamError('REQUEST_INVALID', undefined, { errors });
}
