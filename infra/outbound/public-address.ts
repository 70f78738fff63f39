/** Whether an address that somebody else has chosen may be called: only public addresses of the internet, never the server's own network. */
import { type LookupAddress, lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

/** The error that is thrown, or given to the connection, instead of an address. */
export class PrivateAddressError extends Error {
  override readonly name = 'PrivateAddressError';
  constructor() {
    super('the host has a private address');
  }
}

/** The allocated public range of IPv6. An address outside of it may wrap an IPv4 address (`::127.0.0.1`) or belong to the own network. */
const PUBLIC_IPV6 = ipaddr.IPv6.parseCIDR('2000::/3');

/** Loopback, link-local, private, shared, reserved and multicast ranges are not public, nor are IPv6 addresses that wrap an IPv4 address. */
export function isPublicAddress(text: string): boolean {
  const address = ipaddr.process(text);
  if (address.range() !== 'unicast') return false;
  return address instanceof ipaddr.IPv4 || address.match(PUBLIC_IPV6);
}

/**
 * Resolves names as the system does, and fails where one of the addresses is not public. It is the `lookup` of a connection, so that exactly the checked
 * address is called.
 */
export const lookupPublic: LookupFunction = (hostname, options, callback) =>
  lookup(hostname, { ...options, all: true }, (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => {
    if (error !== null) return callback(error, '');
    if (!addresses.every(({ address }) => isPublicAddress(address))) return callback(new PrivateAddressError(), '');
    if (options.all === true) return callback(null, addresses);
    const [first] = addresses;
    callback(null, first?.address ?? '', first?.family);
  });

/** A host name of a URL as it is resolved: an address of IPv6 has no brackets then. */
export const hostOf = (url: string): string => new URL(url).hostname.replace(/^\[|\]$/g, '');

/** Throws PrivateAddressError where the host is an address, which needs no look-up, and is not public. */
export function requirePublicLiteral(host: string): void {
  if (isIP(host) !== 0 && !isPublicAddress(host)) throw new PrivateAddressError();
}

/** Resolves a host. Throws PrivateAddressError, and the errors of the resolver. */
export async function requirePublicHost(host: string): Promise<void> {
  requirePublicLiteral(host);
  if (isIP(host) !== 0) return;
  await new Promise<void>((resolve, reject) => {
    lookupPublic(host, {}, (error) => (error === null ? resolve() : reject(error)));
  });
}
