/** When an event that a consumer could not do is tried again, and when it is given up. */

export interface Retry {
  /** Attempts after which it is given up. */
  readonly attemptsMax: number;
  /** From the first failure to the second attempt (ms); then twice as long each time. */
  readonly firstMs: number;
  readonly mostMs: number;
}

/** 5 s, 10 s, 20 s … 1 h: it is given up after some five hours. */
export const RETRY: Retry = { attemptsMax: 14, firstMs: 5_000, mostMs: 3_600_000 };

/** What happens after the nth failure: another attempt after a pause (ms), or giving up. */
export const afterFailure = (attempts: number, { attemptsMax, firstMs, mostMs }: Retry): number | 'give-up' =>
  attempts >= attemptsMax ? 'give-up' : Math.min(mostMs, firstMs * 2 ** (attempts - 1));
