/**
 * How often somebody may try to sign in. Counted in the database, so exactly, by all servers together and without Redis. Per minute: 10 tries
 * of one name from one address, and besides 60 from one address and 60 of one name from wherever. The pair comes first: what it refuses is not
 * counted by the others, so one address alone cannot lock a name out for everybody.
 */
import type { Request, RequestHandler } from 'express';
import { ipKeyGenerator } from 'express-rate-limit';
import { foldEmail } from '../../domain/account.js';
import type { Db } from '../../infra/database.js';
import { databaseRateStore } from '../../infra/rate-limit-store.js';
import { limiter } from '../edge/request-limit.js';
import { requestState } from '../edge/request-state.js';

const TRIES_OF_PAIR = 10;
const TRIES_OF_ADDRESS = 60;
const TRIES_OF_NAME = 60;
const TRIES_OF_ACCOUNT = 10;

export interface SignInLimits {
  /** Before whatever takes a name (`email` or `username` of the body) and a password. */
  readonly signIn: readonly RequestHandler[];
  /** Before signing up, which costs as much and tells whether there is an account. */
  readonly signUp: readonly RequestHandler[];
  /** Before a signed-in account proves its password again. */
  readonly passwordChange: readonly RequestHandler[];
  /** Forgets the tries of a name from an address: it was its owner. */
  readonly forgive: (ip: string, name: string) => Promise<void>;
}

export function signInLimits(db: Db): SignInLimits {
  const pairs = databaseRateStore(db, 'sign-in:pair');
  const pair = limiter({
    limit: TRIES_OF_PAIR,
    identifier: 'sign-in',
    store: pairs,
    skip: (req) => nameOf(req) === undefined,
    keyGenerator: (req) => pairKey(ipKeyGenerator(req.ip ?? ''), nameOf(req) ?? ''),
  });
  const address = limiter({
    limit: TRIES_OF_ADDRESS,
    identifier: 'sign-in-address',
    store: databaseRateStore(db, 'sign-in:address'),
    skip: isRefresh,
    keyGenerator: (req) => ipKeyGenerator(req.ip ?? ''),
  });
  const name = limiter({
    limit: TRIES_OF_NAME,
    identifier: 'sign-in-name',
    store: databaseRateStore(db, 'sign-in:name'),
    skip: (req) => nameOf(req) === undefined,
    keyGenerator: (req) => nameOf(req) ?? '',
  });
  const account = limiter({
    limit: TRIES_OF_ACCOUNT,
    identifier: 'password',
    store: databaseRateStore(db, 'password:account'),
    keyGenerator: (req) => String(requestState(req.res as NonNullable<Request['res']>).caller?.accountId),
  });
  return {
    signIn: [pair, address, name],
    signUp: [address],
    passwordChange: [account],
    forgive: async (ip, typed) => pairs.resetKey(pairKey(ipKeyGenerator(ip), foldName(typed))),
  };
}

/** Of addresses of IPv6 the key is their network: a household has 2^64 of them. */
const pairKey = (ipKey: string, name: string): string => `${ipKey} ${name}`;

const foldName = (text: string): string => foldEmail(text.slice(0, 500));

/** The name that the body gives, folded like the account's; the body is not validated yet. */
function nameOf(req: Request): string | undefined {
  const body = bodyOf(req);
  const name = body.email ?? body.username;
  return typeof name === 'string' ? foldName(name) : undefined;
}

/** A refresh token cannot be guessed; it is under the general limit alone. */
const isRefresh = (req: Request): boolean => bodyOf(req).grant_type === 'refresh_token';

const bodyOf = (req: Request): Readonly<Record<string, unknown>> =>
  typeof req.body === 'object' && req.body !== null ? (req.body as Record<string, unknown>) : {};
