/** Which addresses of others may be called. */
import { describe, expect, it } from '@jest/globals';
import { hostOf, isPublicAddress, lookupPublic, requirePublicHost } from '../../../infra/outbound/public-address.js';

describe('an address', () => {
  it.each([
    '0.0.0.0',
    '10.0.0.1',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.1',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:169.254.169.254',
    '64:ff9b::7f00:1',
    '64:ff9b:1::7f00:1',
    '::7f00:1',
    '4000::1',
    'fec0::1',
    '2002:7f00:1::1',
    'fc00::1',
    'fd12:3456::1',
    'fe80::1',
    'ff02::1',
  ])('%s is not public', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it.each(['1.1.1.1', '93.184.215.14', '172.32.0.1', '2606:4700:4700::1111', '::ffff:1.1.1.1'])(
    '%s is public',
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );
});

describe('a host', () => {
  it.each(['localhost', '127.0.0.1', '::1'])('%s is refused', async (host) => {
    await expect(requirePublicHost(host)).rejects.toThrow('the host has a private address');
  });

  it('is refused to the connection, too, whether that asks for one address or for all', async () => {
    for (const all of [true, false]) {
      const error = await new Promise((resolve) => lookupPublic('localhost', { all }, resolve));
      expect(error).toMatchObject({ name: 'PrivateAddressError' });
    }
  });

  it.each([
    ['http://[::1]:80/x', '::1'],
    ['https://0x7f.1/x', '127.0.0.1'],
    ['https://Example.com/x', 'example.com'],
  ])('of %s is %s', (url, host) => {
    expect(hostOf(url)).toBe(host);
  });
});
