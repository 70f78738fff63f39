/**
 * How often somebody may try to sign in. Counted in the database, so exactly, by all servers together and without Redis. Per minute: 10 tries
 * of one name from one address, and besides 60 from one address and 60 of one name from wherever. The pair comes first: what it refuses is not
 * counted by the others, so one address alone cannot lock a name out for everybody.
 */
import type { Request, RequestHandler } from 'express';
import { ipKeyGenerator, type Store } from 'express-rate-limit';
import { foldEmail } from '../../../core/accounts/rules/account.js';
import type { Db } from '../../../infra/database.js';
import { databaseRateStore } from '../../../infra/rate-limit-store.js';
import { limiter } from '../../edge/request-limit.js';
import { requestState } from '../../edge/request-state.js';

const TRIES_OF_PAIR = 10;
const TRIES_OF_ADDRESS = 60;
const TRIES_OF_NAME = 60;
const TRIES_OF_ACCOUNT = 10;

export interface SignInLimits {
  /** Before POST /v1/sessions. */
  readonly signIn: readonly RequestHandler[];
  /** Before POST /v1/oauth/token: the same counts, by the name that is used there. */
  readonly oauth: readonly RequestHandler[];
  /** Before signing up, which costs as much and tells whether there is an account. */
  readonly signUp: readonly RequestHandler[];
  /** Before a signed-in account proves its password again. */
  readonly passwordChange: readonly RequestHandler[];
  /** Forgets the tries of a name from an address: it was its owner. */
  readonly forgive: (ip: string, name: string) => Promise<void>;
}

export function signInLimits(db: Db): SignInLimits {
  const store = (prefix: string) => databaseRateStore(db, prefix);
  const account = limiter({
    limit: TRIES_OF_ACCOUNT,
    identifier: 'password',
    store: store('password:account'),
    keyGenerator: (req) => String(requestState(req.res as NonNullable<Request['res']>).caller?.accountId),
  });
  const pairs = store(PAIRS);
  const [, signUpAddress] = triesBy('email', store);
  return {
    signIn: triesBy('email', store),
    oauth: triesBy('username', store),
    signUp: [signUpAddress],
    passwordChange: [account],
    forgive: async (ip, typed) => pairs.resetKey(pairKey(ipKeyGenerator(ip), foldName(typed))),
  };
}

const PAIRS = 'sign-in:pair';

/**
 * The limiters of pair, address and name, where the handler takes the name from this field of the body and from no other: a decoy beside it must
 * not be what is counted. A body without it checks no password, so it is not counted (a refresh; what is malformed).
 */
function triesBy(
  field: 'email' | 'username',
  store: (prefix: string) => Store,
): [RequestHandler, RequestHandler, RequestHandler] {
  const nameOf = (req: Request): string | undefined => {
    const name = (req.body as Readonly<Record<string, unknown>> | null | undefined)?.[field];
    return typeof name === 'string' ? foldName(name) : undefined;
  };
  const tries = (prefix: string, identifier: string, limit: number, keyGenerator: (req: Request) => string) =>
    limiter({ limit, identifier, keyGenerator, store: store(prefix), skip: (req) => nameOf(req) === undefined });
  return [
    tries(PAIRS, 'sign-in', TRIES_OF_PAIR, (req) => pairKey(ipKeyGenerator(req.ip ?? ''), nameOf(req) ?? '')),
    tries('sign-in:address', 'sign-in-address', TRIES_OF_ADDRESS, (req) => ipKeyGenerator(req.ip ?? '')),
    tries('sign-in:name', 'sign-in-name', TRIES_OF_NAME, (req) => nameOf(req) ?? ''),
  ];
}

/** Of addresses of IPv6 the key is their network: a household has 2^64 of them. */
const pairKey = (ipKey: string, name: string): string => `${ipKey} ${name}`;

/** Folded like the account's; the body is not validated yet. */
const foldName = (text: string): string => foldEmail(text.slice(0, 500));
