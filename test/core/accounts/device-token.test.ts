import { describe, expect, it } from '@jest/globals';
import { deviceTokens } from '../../../core/accounts/device-token.js';

const HASH = 'argon2id-of-the-password';

describe('a device token', () => {
  const tokens = deviceTokens('a token key of the tests, long enough');
  const made = new Date('2026-11-29T00:00:00Z');
  const later = (days: number): Date => new Date(made.getTime() + days * 86_400_000);
  const token = tokens.make('kim@example.com', HASH, made);

  it('names one device for one address, for 180 days', () => {
    const device = tokens.read(token, 'kim@example.com', made)?.device;
    expect(device).toMatch(/^[\w-]{16}$/);
    expect(tokens.read(token, 'kim@example.com', later(179))?.device).toBe(device);
    expect(tokens.read(token, 'kim@example.com', later(180))).toBeUndefined();
    expect(tokens.read(tokens.make('kim@example.com', HASH, made), 'kim@example.com', made)?.device).not.toBe(device);
  });

  it.each([
    ['another address', token, 'lee@example.com'],
    ['another device', `${'x'.repeat(16)}${token.slice(16)}`, 'kim@example.com'],
    ['another time', token.replace(/\.\d+\./, '.1900000000.'), 'kim@example.com'],
    ['a token of the form of an earlier version', token.replace(/\.[\w-]{22}\./, '.'), 'kim@example.com'],
    ['another password', token.replace(/\.[\w-]{22}\./, `.${'x'.repeat(22)}.`), 'kim@example.com'],
    ['nonsense', 'x.y.z', 'kim@example.com'],
    ['nothing', '', 'kim@example.com'],
  ])('is none for %s', (_what, text, name) => {
    expect(tokens.read(text, name, made)).toBeUndefined();
  });

  it('tells whether the password is still the one with which the device has signed in, and does not give its hash away', () => {
    const read = tokens.read(token, 'kim@example.com', made);
    expect([read?.isOfPassword(HASH), read?.isOfPassword(`${HASH}x`)]).toEqual([true, false]);
    expect(token).not.toContain(HASH);
  });

  it('is none under another key', () => {
    expect(deviceTokens('another token key of the tests, long').read(token, 'kim@example.com', made)).toBeUndefined();
  });

  it('is still good under a former key', () => {
    const rotated = deviceTokens('another token key of the tests, long', ['a token key of the tests, long enough']);
    const read = rotated.read(token, 'kim@example.com', made);
    expect(read?.device).toBe(tokens.read(token, 'kim@example.com', made)?.device);
    expect(read?.isOfPassword(HASH)).toBe(true);
    expect(tokens.read(rotated.make('kim@example.com', HASH, made), 'kim@example.com', made)).toBeUndefined();
  });
});
