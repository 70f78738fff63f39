/** The common part of the calls of all three providers: faults, the idempotency key where the API has one, and an answer. */
import { setMaxListeners } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type { Request, RequestHandler, Response } from 'express';
import type { Book, ProviderName, SandboxPayment } from './book.js';
import { type CallFault, type Faults, faultsOfHeader, type Operation } from './faults.js';
import type { PayoutBook } from './payout-book.js';

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export interface World {
  readonly book: Book;
  readonly payouts: PayoutBook;
  /** The answers under idempotency keys. */
  readonly answers: Map<string, Answer | 'in progress'>;
  readonly faults: Faults;
  readonly webhooks: { readonly tell: (payment: SandboxPayment, event: WebhookEvent) => void };
  /** Aborted when the sandbox closes, which drops delayed calls. */
  readonly closing: AbortSignal;
}

export interface WebhookEvent {
  readonly type: string;
  readonly data: unknown;
}

export interface ProviderCall {
  readonly provider: ProviderName | 'TOSS_PAYOUT';
  readonly operation: Operation;
  /** Undefined where the credentials are right. */
  readonly unauthorised: (req: Request) => Answer | undefined;
  /** An error that a test requests by the provider's code; undefined: a provider's usual error with status 500. */
  readonly broken: (code: string | undefined) => Answer;
  /** Undefined: the API knows no idempotency keys. */
  readonly idempotency?: {
    /** Undefined: none was sent. An answer: it is malformed. */
    readonly keyOf: (req: Request) => string | Answer | undefined;
    /** The same key again while the first call is under way. */
    readonly inProgress: Answer;
  };
  /** Faults that the API itself lets a test request. */
  readonly ownFaults?: (req: Request) => CallFault[];
  readonly handle: (
    req: Request,
    context: { readonly declineWith: CallFault | undefined; readonly key: string | null },
  ) => Answer;
}

/** Answers of calls under a key. The oldest go first. */
const KEYS_MAX = 100_000;

/**
 * Makes the handler of a call. A call under a known key gets the first answer again, whatever its body says: both providers that have keys compare the key, the
 * address and the method alone.
 */
export function providerCall(world: World, call: ProviderCall): RequestHandler {
  const { answers: known, faults } = world;
  return async (req, res) => {
    const unauthorised = call.unauthorised(req);
    if (unauthorised !== undefined) return send(res, unauthorised);
    const key = call.idempotency?.keyOf(req) ?? null;
    if (key !== null && typeof key !== 'string') return send(res, key);
    const name = key === null ? null : `${call.provider} ${req.method} ${req.path} ${key}`;
    const former = name === null ? undefined : known.get(name);
    if (former !== undefined)
      return send(
        res,
        former === 'in progress' ? (call.idempotency as NonNullable<typeof call.idempotency>).inProgress : former,
      );
    if (name !== null) remember(known, name, 'in progress');
    const befall = [
      ...faultsOfHeader(req.get('x-sandbox-fault')),
      ...(call.ownFaults?.(req) ?? []),
      ...faults.ofCall(call.provider, call.operation),
    ];
    try {
      const answer = await withFaults(world, befall, res, {
        broken: call.broken,
        handle: (declineWith) => call.handle(req, { declineWith, key }),
        say: (said) => send(res, said),
      });
      // A call that was not carried out may be tried again under the same key.
      if (name !== null) answer === undefined ? known.delete(name) : known.set(name, answer);
    } catch (error) {
      if (name !== null) known.delete(name);
      throw error;
    }
  };
}

function remember(known: World['answers'], name: string, value: Answer | 'in progress'): void {
  if (known.size >= KEYS_MAX)
    for (const oldest of known.keys()) {
      known.delete(oldest);
      break;
    }
  known.set(name, value);
}

export interface FaultyCall<Outcome> {
  readonly broken: ProviderCall['broken'];
  readonly handle: (declineWith: CallFault | undefined) => Outcome;
  readonly say: (outcome: Outcome) => void;
}

/**
 * Carries out a call and answers, with its faults.
 * @returns its result, even where the caller gets no answer; undefined: it was not carried out
 */
export async function withFaults<Outcome>(
  { closing }: World,
  befall: readonly CallFault[],
  res: Response,
  { broken, handle, say }: FaultyCall<Outcome>,
): Promise<Outcome | undefined> {
  const fault = (kind: CallFault['kind']) => befall.find((one) => one.kind === kind);
  const delay = fault('delay');
  if (delay !== undefined) await pause(delay.ms ?? 0, undefined, { signal: closing }).catch(() => undefined);
  if (closing.aborted || fault('cut-before')) return void res.destroy();
  const before = fault('error-before');
  if (before !== undefined) return void send(res, broken(before.code));
  const outcome = handle(fault('decline'));
  const after = fault('error-after');
  if (fault('cut-after')) res.destroy();
  else if (after !== undefined) send(res, broken(after.code));
  else say(outcome);
  return outcome;
}

const send = (res: Response, { status, body }: Answer): void => void res.status(status).json(body);

/** A controller with a signal for any number of waits. */
export function sharedController(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}
