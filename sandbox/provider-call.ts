/** What calls of all three providers have in common: faults, the idempotency key where the API has one, and an answer. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Request, RequestHandler, Response } from 'express';
import { type Book, type ProviderName, SandboxFull } from './book.js';
import { type CallFault, type Faults, faultOfHeader, type Operation } from './faults.js';

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export interface World {
  readonly book: Book;
  /** What was answered under idempotency keys. */
  readonly answers: Map<string, Answer | 'in progress'>;
  readonly faults: Faults;
  readonly webhooks: { readonly tell: (provider: ProviderName, reference: string, event: WebhookEvent) => void };
}

export interface WebhookEvent {
  readonly type: string;
  readonly data: unknown;
}

export interface ProviderCall {
  readonly provider: ProviderName;
  readonly operation: Operation;
  /** Undefined where the credentials are right. */
  readonly unauthorised: (req: Request) => Answer | undefined;
  /** How the provider says that the bank has declined. */
  readonly declined: (code: string | undefined) => Answer;
  /** How it says that it is in trouble. */
  readonly broken: Answer;
  /** Undefined: the API knows no idempotency keys. */
  readonly idempotency?: {
    /** Undefined: none was sent. An answer: it is malformed. */
    readonly keyOf: (req: Request) => string | Answer | undefined;
    /** The same key again while the first call is under way. */
    readonly inProgress: Answer;
  };
  readonly handle: (
    req: Request,
    context: { readonly declineWith: CallFault | undefined; readonly key: string | null },
  ) => Answer;
}

/** Answers of calls under a key. The oldest go first. */
const KEYS_MAX = 100_000;

/** Makes the handler of a call. */
export function providerCall({ faults, answers: known }: World, call: ProviderCall): RequestHandler {
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
    try {
      const answer = await withFaults(faults, call, req, res, key);
      // What was not done may be tried again under the same key.
      if (name !== null) answer === undefined ? known.delete(name) : known.set(name, answer);
    } catch (error) {
      if (name !== null) known.delete(name);
      if (!(error instanceof SandboxFull)) throw error;
      send(res, {
        status: 503,
        body: { code: 'SANDBOX_FULL', message: 'The sandbox keeps no more payments: reset it.' },
      });
    }
  };
}

function remember(known: Map<string, Answer | 'in progress'>, name: string, value: Answer | 'in progress'): void {
  if (known.size >= KEYS_MAX)
    for (const oldest of known.keys()) {
      known.delete(oldest);
      break;
    }
  known.set(name, value);
}

/** @returns what the call came to, whether the caller hears of it or not; undefined: it was not carried out */
async function withFaults(
  faults: Faults,
  call: ProviderCall,
  req: Request,
  res: Response,
  key: string | null,
): Promise<Answer | undefined> {
  const own = faultOfHeader(req.get('x-sandbox-fault'));
  const befall = [...(own === undefined ? [] : [own]), ...faults.ofCall(call.provider, call.operation)];
  const fault = (kind: CallFault['kind']) => befall.find((one) => one.kind === kind);
  const delay = fault('delay');
  if (delay !== undefined) await pause(delay.ms ?? 0);
  if (fault('cut-before')) return void res.destroy();
  if (fault('error-before')) return void send(res, call.broken);
  const answer = call.handle(req, { declineWith: fault('decline'), key });
  if (fault('cut-after')) res.destroy();
  else send(res, fault('error-after') ? call.broken : answer);
  return answer;
}

const send = (res: Response, { status, body }: Answer): void => void res.status(status).json(body);
