/** A new key: 256 random bits behind the prefix. */
import { randomBytes } from 'node:crypto';
import { KEY_PREFIX } from './rules/api-key.js';

export const newApiKey = (): string => `${KEY_PREFIX}${randomBytes(32).toString('base64url')}`;
