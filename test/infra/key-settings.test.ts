/** Keys of the server: former ones, and where published ones are refused. */
import { describe, expect, it } from '@jest/globals';
import { readConfig } from '../../infra/config.js';
import { decrypt, encrypt } from '../../infra/encryption.js';
import { isLoopback, requireKeys } from '../../infra/key-settings.js';

const TOKEN_KEYS = ['the token key of today of this test', 'the token key of before of this test'] as const;
const KEYS = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)] as const;
const OWN = { MAGAM_TOKEN_KEY: TOKEN_KEYS[0], MAGAM_ENCRYPTION_KEY: KEYS[0].toString('base64') };

describe('former keys', () => {
  it('follow the current one after commas', () => {
    const config = readConfig({
      MAGAM_TOKEN_KEY: TOKEN_KEYS.join(', '),
      MAGAM_ENCRYPTION_KEY: `${KEYS[0].toString('base64')},${KEYS[1].toString('hex')}`,
    });
    expect(config).toMatchObject({ tokenKey: TOKEN_KEYS[0], formerTokenKeys: [TOKEN_KEYS[1]] });
    expect(config.encryptionKey).toEqual(KEYS[0]);
    expect(config.encryptionKeys).toEqual(KEYS);
  });

  it.each([
    ['MAGAM_TOKEN_KEY', `${TOKEN_KEYS[0]},short`],
    ['MAGAM_TOKEN_KEY', `${TOKEN_KEYS[0]},`],
    ['MAGAM_ENCRYPTION_KEY', `${OWN.MAGAM_ENCRYPTION_KEY},c2hvcnQ=`],
    ['MAGAM_ENCRYPTION_KEY', `,${OWN.MAGAM_ENCRYPTION_KEY}`],
  ])('of %s are refused when one is not a key', (name, value) => {
    expect(() => readConfig({ [name]: value })).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});

describe('published keys', () => {
  const check = (environment: Record<string, string>) => () => requireKeys(readConfig(environment));

  it.each(['127.0.0.1', '127.8.9.10', 'localhost', '::1', '[::1]', '::ffff:127.0.0.1'])('will do on %s', (host) => {
    expect(check({ MAGAM_HOST: host })).not.toThrow();
  });

  it.each(['0.0.0.0', '::', '10.0.0.7', 'localhost.example.com', '127.example.com', '::ffff:10.0.0.7'])(
    'are refused on %s, each named with the way to make one',
    (host) => {
      expect(isLoopback(host)).toBe(false);
      const refusal = (settings: readonly string[], message: RegExp) =>
        expect.objectContaining({
          code: 'KEYS_PUBLISHED',
          details: { settings },
          message: expect.stringMatching(message),
        });
      expect(check({ MAGAM_HOST: host })).toThrow(
        refusal(['MAGAM_TOKEN_KEY', 'MAGAM_ENCRYPTION_KEY'], /openssl rand -base64 48.*openssl rand -base64 32/),
      );
      const { MAGAM_TOKEN_KEY } = OWN;
      expect(check({ MAGAM_HOST: host, MAGAM_TOKEN_KEY })).toThrow(refusal(['MAGAM_ENCRYPTION_KEY'], /-base64 32/));
      expect(check({ MAGAM_HOST: host, ...OWN })).not.toThrow();
    },
  );

  it('sign nothing as former ones, but may still be read with', () => {
    const published = readConfig({});
    const signing = `${OWN.MAGAM_TOKEN_KEY},${published.tokenKey}`;
    const host = { MAGAM_HOST: '0.0.0.0' };
    expect(check({ ...host, ...OWN, MAGAM_TOKEN_KEY: signing })).toThrow(
      expect.objectContaining({ code: 'KEYS_PUBLISHED' }),
    );
    const reading = `${OWN.MAGAM_ENCRYPTION_KEY},${published.encryptionKey.toString('base64')}`;
    expect(check({ ...host, ...OWN, MAGAM_ENCRYPTION_KEY: reading })).not.toThrow();
  });
});

it('a value under a key that is not known is refused with a code', () => {
  const sealed = encrypt(KEYS[1], 'text', 'place');
  expect(decrypt(KEYS, sealed, 'place')).toBe('text');
  expect(() => decrypt([KEYS[0]], sealed, 'place')).toThrow(
    expect.objectContaining({ code: 'ENCRYPTION_KEY_MISSING', details: { keyId: sealed.keyId } }),
  );
});
