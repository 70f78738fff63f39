/** The keys of the HTTP server, and whether they are safe for the address on which it listens. `infra/config.ts` reads them. */
import { isIP } from 'node:net';
import * as z from 'zod';
import { MagamError } from '../kernel/errors.js';

/** The keys of the HTTP server when none are given. They are published with the source, so only a server on loopback may use them. */
const PUBLISHED_TOKEN_KEY = 'magam development token key known to everybody';
const PUBLISHED_ENCRYPTION_KEY = Buffer.from('magam development encryption key');

const TOKEN_KEY_CHARACTERS = 32;

const listed = (text: string): string[] => text.split(',').map((key) => key.trim());

/** The current key, then former ones, separated by commas. */
const tokenKeys = z.string().transform((text, context): [string, ...string[]] => {
  const [current = '', ...former] = listed(text);
  if ([current, ...former].every((key) => key.length >= TOKEN_KEY_CHARACTERS)) return [current, ...former];
  context.addIssue({
    code: 'custom',
    message: `must have at least ${TOKEN_KEY_CHARACTERS} characters; former keys follow after commas`,
  });
  return z.NEVER;
});

/** Each 32 bytes as base64 or as 64 hexadecimal digits. */
const encryptionKeys = z.string().transform((text, context): [Buffer, ...Buffer[]] => {
  const [current = Buffer.alloc(0), ...former] = listed(text).map((key) =>
    Buffer.from(key, /^[0-9a-f]{64}$/i.test(key) ? 'hex' : 'base64'),
  );
  if ([current, ...former].every((key) => key.length === 32)) return [current, ...former];
  context.addIssue({
    code: 'custom',
    message: 'must be 32 bytes in base64, or 64 hexadecimal digits; former keys follow after commas',
  });
  return z.NEVER;
});

export const keyShape = {
  MAGAM_TOKEN_KEY: tokenKeys.default([PUBLISHED_TOKEN_KEY]),
  MAGAM_ENCRYPTION_KEY: encryptionKeys.default([PUBLISHED_ENCRYPTION_KEY]),
};

export interface KeySettings {
  /** Secret with which access tokens are signed. */
  readonly tokenKey: string;
  /** Former ones: their signatures are still accepted. */
  readonly formerTokenKeys: readonly string[];
  /** AES-256 key with which values are encrypted at rest. */
  readonly encryptionKey: Buffer;
  /** All keys that decrypt: the current one, then former ones. */
  readonly encryptionKeys: readonly [Buffer, ...Buffer[]];
}

export function keySettings(env: z.output<z.ZodObject<typeof keyShape>>): KeySettings {
  const [tokenKey, ...formerTokenKeys] = env.MAGAM_TOKEN_KEY;
  const [encryptionKey] = env.MAGAM_ENCRYPTION_KEY;
  return { tokenKey, formerTokenKeys, encryptionKey, encryptionKeys: env.MAGAM_ENCRYPTION_KEY };
}

/**
 * Refuses to serve with keys that everybody knows, in production and wherever the server can be reached from another machine. The published
 * encryption key may follow as a former one, so that its values can be read and re-encrypted. Throws KEYS_PUBLISHED. The batch
 * needs none of these keys, so only the HTTP server checks.
 */
export function requireKeys(config: KeySettings & { readonly production: boolean; readonly host: string }): void {
  if (!config.production && isLoopback(config.host)) return;
  const settings = publishedKeys(config);
  if (settings.length === 0) return;
  const where = config.production ? 'in production' : `on ${config.host}, which is more than loopback,`;
  const ways = settings.map(
    (name) => `export ${name}="$(openssl rand -base64 ${name === 'MAGAM_TOKEN_KEY' ? 48 : 32})"`,
  );
  throw new MagamError(
    'KEYS_PUBLISHED',
    `The server does not listen ${where} with keys that are published. Make keys of your own once and keep them: ${ways.join('; ')}.`,
    { settings },
  );
}

/** The settings of keys that everybody knows. */
export const publishedKeys = ({ tokenKey, formerTokenKeys, encryptionKey }: KeySettings): string[] => [
  ...([tokenKey, ...formerTokenKeys].includes(PUBLISHED_TOKEN_KEY) ? ['MAGAM_TOKEN_KEY'] : []),
  ...(encryptionKey.equals(PUBLISHED_ENCRYPTION_KEY) ? ['MAGAM_ENCRYPTION_KEY'] : []),
];

/** Whether a server on this address can only be reached from its own machine. A name other than localhost may resolve to any address. */
export function isLoopback(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '').toLowerCase();
  if (isIP(address) === 0) return address === 'localhost';
  return address === '::1' || /^(::ffff:)?127\./.test(address);
}
