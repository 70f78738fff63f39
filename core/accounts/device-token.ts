/**
 * Tokens that tell a device from which somebody has signed in before. They open nothing. Who has one for a name is counted apart from everybody else who tries that
 * name, so strangers who try it cannot keep its owner out (OWASP, "device cookies").
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

const DAYS = 180;

export interface DeviceTokens {
  /** @param name the address that signed in, normalised */
  readonly make: (name: string, now?: Date) => string;
  /** The device that the token names, where it was made for this name and has not ended; undefined: it is none. */
  readonly read: (token: string, name: string, now?: Date) => string | undefined;
}

/** @param former keys whose tokens are still good */
export function deviceTokens(tokenKey: string, former: readonly string[] = []): DeviceTokens {
  const signed = (key: string, device: string, seconds: string, name: string): string =>
    createHmac('sha256', key).update(`device token\0${device}\0${seconds}\0${name}`).digest('base64url');
  return {
    make: (name, now = new Date()) => {
      const device = randomBytes(12).toString('base64url');
      const seconds = String(Math.floor(now.getTime() / 1_000));
      return `${device}.${seconds}.${signed(tokenKey, device, seconds, name)}`;
    },
    read: (token, name, now = new Date()) => {
      const [, device, seconds, mac] = /^([\w-]{16})\.(\d{1,12})\.([\w-]{43})$/.exec(token) ?? [];
      if (device === undefined || seconds === undefined || mac === undefined) return undefined;
      if (Number(seconds) * 1_000 + DAYS * 86_400_000 <= now.getTime()) return undefined;
      const isOf = (key: string): boolean =>
        timingSafeEqual(Buffer.from(mac), Buffer.from(signed(key, device, seconds, name)));
      return [tokenKey, ...former].some(isOf) ? device : undefined;
    },
  };
}
