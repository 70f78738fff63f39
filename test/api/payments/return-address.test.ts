/** Where a provider may send the buyer back to. */
import { describe, expect, it } from '@jest/globals';
import { returnAddress, returnAddressFault } from '../../../api/payments/return-address.js';

const formFaults = (text: string): string[] =>
  (returnAddress.safeParse(text).error?.issues ?? []).map(({ message }) => message);

describe('a return address', () => {
  it.each(['https://shop.example/paid?order=1#top', 'http://127.0.0.1:3000/ok', 'HTTPS://shop.example'])(
    'may be %s',
    (text) => {
      expect(formFaults(text)).toEqual([]);
    },
  );

  it.each([
    ['javascript:alert(1)', 'must be an address that begins with http:// or https://'],
    ['shop://paid', 'must be an address that begins with http:// or https://'],
    ['/paid', 'must be an address that begins with http:// or https://'],
    ['', 'must be an address that begins with http:// or https://'],
    ['https://shop.example@evil.example/', 'must not have a user or a password'],
    ['https://:secret@shop.example/', 'must not have a user or a password'],
  ])('may not be %s', (text, fault) => {
    expect(formFaults(text)).toEqual([fault]);
  });

  const allowed = { returnOrigins: ['https://shop.example', 'http://127.0.0.1:3000'], production: true };
  const any = { returnOrigins: null, production: false };
  const secure = { returnOrigins: null, production: true };
  const elsewhere = 'must be at an origin that the platform allows';
  it.each<[string, typeof allowed | typeof any, string | undefined]>([
    ['https://shop.example/paid', allowed, undefined],
    ['https://SHOP.example:443/paid', allowed, undefined],
    ['http://127.0.0.1:3000/paid', allowed, undefined],
    ['http://shop.example/paid', allowed, elsewhere],
    ['https://shop.example:8443/paid', allowed, elsewhere],
    ['https://shop.example.evil.example/paid', allowed, elsewhere],
    ['https:\\\\evil.example/', allowed, elsewhere],
    ['http://evil.example/', any, undefined],
    ['https://evil.example/', secure, undefined],
    ['http://shop.example/', secure, 'must begin with https://'],
  ])('%s, where %j is set: %s', (text, settings, fault) => {
    expect(returnAddressFault(text, settings)).toBe(fault);
  });
});
