/**
 * How often somebody may try to sign in. Tries are counted in the database, exactly, for all servers together and without Redis. Per minute there may be 10 tries of one name from
 * one address, 60 from one address, and 60 of one name from all addresses. The pair is checked first, and the other limits do not count what it refuses, so a single address
 * cannot lock a name out for everybody. Addresses of IPv6 count by their /64, which one household has, and by their /48, which one customer can have: a /48 gets 20 tries of one
 * name, so it cannot use up the 60 of that name. A device from which the name has signed in before, with the present password, is counted only by itself, so nobody can keep it
 * out.
 */
import { isIPv6 } from 'node:net';
import type { Request, RequestHandler } from 'express';
import { ipKeyGenerator, type Store } from 'express-rate-limit';
import type { DeviceTokens } from '../../../core/accounts/device-token.js';
import { foldEmail, mailboxOf } from '../../../core/accounts/rules/account.js';
import { readAccountByEmail } from '../../../core/accounts/stores/account.js';
import type { Db } from '../../../infra/database.js';
import { type DatabaseRateStore, databaseRateStore } from '../../../infra/rate-limit-store.js';
import { MagamError } from '../../../kernel/errors.js';
import { limiter } from '../../edge/request-limit.js';
import { requestState } from '../../edge/request-state.js';

const TRIES_OF_PAIR = 10;
const TRIES_OF_NETWORK_PAIR = 20;
const TRIES_OF_ADDRESS = 60;
const TRIES_OF_NETWORK = 180;
const TRIES_OF_NAME = 60;
const TRIES_OF_ACCOUNT = 10;
const TRIES_OF_DEVICE = 10;
/** Tries of codes of the second factor in an hour; there are a million codes. */
const CODES_OF_ACCOUNT = 10;
/** Mails an hour that may be sent to one mailbox, whatever follows a plus in its address. */
const MAILS_OF_NAME = 3;
const HOUR_MS = 3_600_000;

export interface SignInLimits {
  /** Before POST /v1/sessions. */
  readonly signIn: readonly RequestHandler[];
  /** Before POST /v1/oauth/token: the same counts, by the field `username`. */
  readonly oauth: readonly RequestHandler[];
  /** Before a sign-up, which costs as much and reveals whether there is an account. */
  readonly signUp: readonly RequestHandler[];
  /** Before a link is asked for or used. */
  readonly link: readonly RequestHandler[];
  /** Before a signed-in account proves its password again. */
  readonly passwordChange: readonly RequestHandler[];
  /** Before the link that proves the address of a signed-in account is mailed again. */
  readonly proofMail: readonly RequestHandler[];
  /** Whether one more mail may go to this address. */
  readonly mayMail: (name: string) => Promise<boolean>;
  /** Counts a mail to an address with which somebody signs up. Throws RATE_LIMITED. */
  readonly countSignUpMail: (name: string) => Promise<void>;
  /** Counts a code of the second factor. Throws RATE_LIMITED. */
  readonly countCode: (accountId: number) => Promise<void>;
  /** Forgets the tries of a name from an address, and those of the account's codes, because they were the owner's. */
  readonly forgive: (ip: string, name: string, accountId: number) => Promise<void>;
}

export function signInLimits(db: Db, devices: DeviceTokens): SignInLimits {
  const store = (prefix: string) => databaseRateStore(db, prefix);
  const hourly = (prefix: string): DatabaseRateStore => {
    const made = store(prefix);
    void made.init?.({ windowMs: HOUR_MS } as Parameters<NonNullable<Store['init']>>[0]);
    return made;
  };
  const pairs = [store(PAIRS), store(NETWORK_PAIRS)] as const;
  const codes = hourly('second-factor:account');
  const mails = hourly('mail:name');
  const signUpMails = hourly('sign-up-mail:mailbox');
  const addresses = addressLimits(store);
  const tries = (field: Field) => triesBy(db, field, FIELDS[field], devices, store);
  return {
    signIn: tries('email'),
    oauth: tries('username'),
    signUp: addresses((req) => nameIn(req, 'email') === undefined),
    link: addresses(() => false),
    passwordChange: [
      limiter({
        limit: TRIES_OF_ACCOUNT,
        identifier: 'password',
        store: store('password:account'),
        keyGenerator: accountOf,
      }),
    ],
    proofMail: [
      limiter({
        limit: MAILS_OF_NAME,
        windowMs: HOUR_MS,
        identifier: 'proof-mail',
        store: store('mail:account'),
        keyGenerator: accountOf,
      }),
    ],
    countSignUpMail: (name) => countIn(signUpMails, mailboxOf(name), MAILS_OF_NAME),
    mayMail: async (name) => (await mails.increment(mailboxOf(name))).totalHits <= MAILS_OF_NAME,
    countCode: (accountId) => countIn(codes, String(accountId), CODES_OF_ACCOUNT),
    forgive: async (ip, typed, accountId) => {
      const name = foldName(typed);
      await pairs[0].resetKey(pairKey(networkOf(ip, 64), name));
      if (isIPv6(ip)) await pairs[1].resetKey(pairKey(networkOf(ip, 48), name));
      await codes.resetKey(String(accountId));
    },
  };
}

/** Counts in an hourly store. Throws RATE_LIMITED with the seconds that are left of the hour. */
async function countIn(hourly: DatabaseRateStore, key: string, limit: number): Promise<void> {
  const { totalHits, resetTime } = await hourly.increment(key);
  if (totalHits <= limit) return;
  const leftMs = (resetTime?.getTime() ?? Date.now() + HOUR_MS) - Date.now();
  throw new MagamError('RATE_LIMITED', undefined, { retryAfterSeconds: Math.max(1, Math.ceil(leftMs / 1_000)) });
}

const PAIRS = 'sign-in:pair';
const NETWORK_PAIRS = 'sign-in:network-pair';

type Field = 'email' | 'username';
/** The field of the body that carries the device token beside the name. */
const FIELDS: Readonly<Record<Field, string>> = { email: 'deviceToken', username: 'device_token' };

const accountOf = (req: Request): string =>
  String(requestState(req.res as NonNullable<Request['res']>).caller?.accountId);

const textIn = (req: Request, field: string): string | undefined => {
  const value = (req.body as Readonly<Record<string, unknown>> | null | undefined)?.[field];
  return typeof value === 'string' ? value : undefined;
};
const nameIn = (req: Request, field: Field): string | undefined => {
  const name = textIn(req, field);
  return name === undefined ? undefined : foldName(name);
};

type Skip = (req: Request) => boolean | Promise<boolean>;

/** The limiters of an address and of its network. */
const addressLimits =
  (store: (prefix: string) => Store) =>
  (skip: Skip): RequestHandler[] => [
    limiter({
      limit: TRIES_OF_ADDRESS,
      identifier: 'sign-in-address',
      store: store('sign-in:address'),
      keyGenerator: (req) => networkOfCall(req, 64),
      skip,
    }),
    limiter({
      limit: TRIES_OF_NETWORK,
      identifier: 'sign-in-network',
      store: store('sign-in:network'),
      keyGenerator: (req) => networkOfCall(req, 48),
      skip: async (req) => !isIPv6(req.ip ?? '') || skip(req),
    }),
  ];

/**
 * The limiters of device, pair, address and name, for a handler that takes the name only from this field of the body, so that another field cannot mislead the count. A body
 * without the field checks no password, so it is not counted (a refresh, or a malformed body).
 */
function triesBy(
  db: Db,
  field: Field,
  deviceField: string,
  devices: DeviceTokens,
  store: (prefix: string) => Store,
): RequestHandler[] {
  const read = async (req: Request): Promise<string | undefined> => {
    const [name, token] = [nameIn(req, field), textIn(req, deviceField)];
    const known = name === undefined || token === undefined ? undefined : devices.read(token, name);
    if (known === undefined || name === undefined) return undefined;
    const account = await readAccountByEmail(db, name); // only for a genuine token
    return account !== undefined && known.isOfPassword(account.passwordHash) ? known.device : undefined;
  };
  const found = new WeakMap<Request, Promise<string | undefined>>();
  const deviceOf = (req: Request): Promise<string | undefined> => {
    const device = found.get(req) ?? read(req);
    found.set(req, device);
    return device;
  };
  const skip: Skip = async (req) => nameIn(req, field) === undefined || (await deviceOf(req)) !== undefined;
  const pair = (prefix: string, identifier: string, limit: number, bits: 48 | 64, skipped: Skip) =>
    limiter({
      limit,
      identifier,
      store: store(prefix),
      keyGenerator: (req) => pairKey(networkOfCall(req, bits), nameIn(req, field) ?? ''),
      skip: skipped,
    });
  return [
    limiter({
      limit: TRIES_OF_DEVICE,
      identifier: 'sign-in-device',
      store: store('sign-in:device'),
      keyGenerator: async (req) => (await deviceOf(req)) ?? '',
      skip: async (req) => (await deviceOf(req)) === undefined,
    }),
    pair(PAIRS, 'sign-in', TRIES_OF_PAIR, 64, skip),
    pair(NETWORK_PAIRS, 'sign-in-pair', TRIES_OF_NETWORK_PAIR, 48, async (req) => !isIPv6(req.ip ?? '') || skip(req)),
    ...addressLimits(store)(skip),
    limiter({
      limit: TRIES_OF_NAME,
      identifier: 'sign-in-name',
      store: store('sign-in:name'),
      keyGenerator: (req) => nameIn(req, field) ?? '',
      skip,
    }),
  ];
}

/** The network of an IPv6 address, with this many bits; other addresses unchanged. */
const networkOf = (ip: string, bits: 48 | 64): string => ipKeyGenerator(ip, bits);

const networkOfCall = (req: Request, bits: 48 | 64): string => networkOf(req.ip ?? '', bits);

const pairKey = (ipKey: string, name: string): string => `${ipKey} ${name}`;

/** Normalised like the account's address; the body is not validated yet. */
const foldName = (text: string): string => foldEmail(text.slice(0, 500));
