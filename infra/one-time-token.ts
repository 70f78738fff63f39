/** Tokens in links, which prove once that the receiver got the link. The database keeps only their SHA-256. */
import { randomBytes } from 'node:crypto';
import { sha256 } from './sha256.js';

export interface OneTimeToken {
  /** 256 random bits, base64url. */
  readonly token: string;
  readonly hash: string;
}

export function newOneTimeToken(): OneTimeToken {
  const token = randomBytes(32).toString('base64url');
  return { token, hash: sha256(token) };
}
