/**
 * Access tokens: JWTs signed with HS256, the algorithm pinned on both sides. They name the account and the session and hold nothing that can change:
 * role and status are read from the database on every request.
 */
import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { type JWTPayload, errors as joseErrors, jwtVerify, SignJWT } from 'jose';
import { LRUCache } from 'lru-cache';
import { MagamError } from '../../kernel/errors.js';

const ISSUER = 'magam';
const AUDIENCE = 'magam-api';
const TYPE = 'at+jwt'; // RFC 9068, 2.1: a token made for something else is not taken for an access token
const ALGORITHM = 'HS256';

/** How long an access token lasts (s). */
export const ACCESS_TOKEN_SECONDS = 15 * 60;

export interface AccessClaims {
  readonly accountId: number;
  readonly sessionId: string;
}

export interface AccessTokens {
  readonly sign: (claims: AccessClaims, now?: Date) => Promise<string>;
  /** Throws TOKEN_INVALID for a token that was altered, has expired, or was not made here for this purpose. */
  readonly verify: (token: string, now?: Date) => Promise<AccessClaims>;
}

/** Tokens whose signature has been checked. A signature stays right, so only the expiry is checked again. */
const KNOWN_MAX = 5_000;

interface Verified {
  readonly claims: AccessClaims;
  /** Seconds since 1970. */
  readonly expiresAt: number;
}

/**
 * Access tokens under this key, which may be any long enough text. Tokens that were signed with one of the `former` keys are still valid. Checking a signature
 * takes a hop to a thread of libuv (80 µs measured), four times what the shared read of the session costs: a token that is sent again and again is checked
 * once.
 */
export function accessTokens(tokenKey: string, former: readonly string[] = []): AccessTokens {
  const key = createSecretKey(tokenKey, 'utf8');
  const keys = [key, ...former.map((text) => createSecretKey(text, 'utf8'))];
  const known = new LRUCache<string, Verified>({ max: KNOWN_MAX });
  return {
    sign: ({ accountId, sessionId }, now = new Date()) => {
      const issuedAt = Math.floor(now.getTime() / 1000);
      return new SignJWT({ sid: sessionId })
        .setProtectedHeader({ alg: ALGORITHM, typ: TYPE })
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setSubject(String(accountId))
        .setJti(randomBytes(9).toString('base64url'))
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + ACCESS_TOKEN_SECONDS)
        .sign(key);
    },
    verify: async (token, now = new Date()) => {
      const before = known.get(token);
      if (before !== undefined && before.expiresAt > now.getTime() / 1000) return before.claims;
      try {
        const payload = await payloadOf(token, keys, now);
        const accountId = Number(payload.sub);
        if (Number.isSafeInteger(accountId) && typeof payload.sid === 'string') {
          const claims = { accountId, sessionId: payload.sid };
          known.set(token, { claims, expiresAt: payload.exp ?? 0 });
          return claims;
        }
      } catch (error) {
        if (!(error instanceof joseErrors.JOSEError) && !(error instanceof TypeError)) throw error;
      }
      throw new MagamError('TOKEN_INVALID');
    },
  };
}

/** The claims of the token, whichever of the keys has signed it. Throws an error of jose. */
async function payloadOf(token: string, keys: readonly KeyObject[], currentDate: Date): Promise<JWTPayload> {
  const [key, ...others] = keys;
  if (key === undefined) throw new joseErrors.JWSSignatureVerificationFailed();
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: [ALGORITHM],
      issuer: ISSUER,
      audience: AUDIENCE,
      typ: TYPE,
      requiredClaims: ['sub', 'sid', 'exp'],
      currentDate,
    });
    return payload;
  } catch (error) {
    if (others.length > 0 && error instanceof joseErrors.JWSSignatureVerificationFailed)
      return payloadOf(token, others, currentDate);
    throw error;
  }
}

/** A refresh token: 256 random bits. The database keeps only its SHA-256. */
export const newRefreshToken = (): string => randomBytes(32).toString('base64url');
