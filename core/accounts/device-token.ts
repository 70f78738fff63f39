/**
 * Tokens that recognise a device on which somebody has signed in before. They give no access. Tries with such a token are counted apart from everybody else's
 * tries of that name, so strangers who try it cannot keep its owner out (OWASP, "device cookies").
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

const DAYS = 180;

export interface KnownDevice {
  readonly device: string;
  /** Whether this is the hash of the password with which the device has signed in. */
  readonly isOfPassword: (passwordHash: string) => boolean;
}

export interface DeviceTokens {
  /** @param name the address that signed in, normalised; @param passwordHash of its account: the token ends with the password */
  readonly make: (name: string, passwordHash: string, now?: Date) => string;
  /** The device that the token names; undefined when the token is invalid, has ended or was made for another name. */
  readonly read: (token: string, name: string, now?: Date) => KnownDevice | undefined;
}

/** @param former keys whose tokens are still valid */
export function deviceTokens(tokenKey: string, former: readonly string[] = []): DeviceTokens {
  const signed = (key: string, text: string): string => createHmac('sha256', key).update(text).digest('base64url');
  /** Changes with the password and reveals nothing of it. */
  const markOf = (key: string, device: string, passwordHash: string): string =>
    signed(key, `password of device\0${device}\0${passwordHash}`).slice(0, 22);
  return {
    make: (name, passwordHash, now = new Date()) => {
      const device = randomBytes(12).toString('base64url');
      const seconds = String(Math.floor(now.getTime() / 1_000));
      const mark = markOf(tokenKey, device, passwordHash);
      return `${device}.${seconds}.${mark}.${signed(tokenKey, `device token\0${device}\0${seconds}\0${mark}\0${name}`)}`;
    },
    read: (token, name, now = new Date()) => {
      const parts = /^([\w-]{16})\.(\d{1,12})\.([\w-]{22})\.([\w-]{43})$/.exec(token);
      const [, device = '', seconds = '', mark = '', mac = ''] = parts ?? [];
      if (parts === null || Number(seconds) * 1_000 + DAYS * 86_400_000 <= now.getTime()) return undefined;
      const text = `device token\0${device}\0${seconds}\0${mark}\0${name}`;
      const key = [tokenKey, ...former].find((one) =>
        timingSafeEqual(Buffer.from(mac), Buffer.from(signed(one, text))),
      );
      if (key === undefined) return undefined;
      return { device, isOfPassword: (passwordHash) => markOf(key, device, passwordHash) === mark };
    },
  };
}
