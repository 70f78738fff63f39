import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { decrypt, encrypt, keyIdOf } from '../../infra/encryption.js';

const key = randomBytes(32);
const former = randomBytes(32);
const number = '110123456789';
const place = 'seller.bank_account:S1';

describe('an encrypted field', () => {
  it('is read with its key at its place', () => {
    const sealed = encrypt(key, number, place);
    expect(decrypt([key], sealed, place)).toBe(number);
    expect(sealed.sealed).not.toContain(number);
    expect(Buffer.from(sealed.sealed, 'base64url').toString('latin1')).not.toContain(number);
  });

  it('is another ciphertext every time', () => {
    expect(encrypt(key, number, place).sealed).not.toBe(encrypt(key, number, place).sealed);
  });

  it('is still read after the key was changed, by the id of its key', () => {
    const sealed = encrypt(former, number, place);
    expect(sealed.keyId).toBe(keyIdOf(former));
    expect(decrypt([key, former], sealed, place)).toBe(number);
    expect(() => decrypt([key], sealed, place)).toThrow(keyIdOf(former));
  });

  it('is not read with a key that claims the id of another', () => {
    const sealed = encrypt(former, number, place);
    expect(() => decrypt([key], { ...sealed, keyId: keyIdOf(key) }, place)).toThrow();
  });

  it('is not read in another row', () => {
    expect(() => decrypt([key], encrypt(key, number, place), 'seller.bank_account:S2')).toThrow();
  });

  it('is not read when any byte of it was changed or dropped', () => {
    const { keyId, sealed } = encrypt(key, number, place);
    const bytes = Buffer.from(sealed, 'base64url');
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => decrypt([key], { keyId, sealed: changed.toString('base64url') }, place)).toThrow();
      expect(() => decrypt([key], { keyId, sealed: bytes.subarray(0, at).toString('base64url') }, place)).toThrow();
    }
  });
});
