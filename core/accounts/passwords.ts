/**
 * Password hashes: argon2id with the parameters that OWASP's Password Storage Cheat Sheet gives first (19 MiB, 2 passes, 1 lane), about
 * 20 ms of a core each. They run in libuv's pool of four threads, so a flood of sign-ins would hold up everything else in there and take 19 MiB
 * each: only a few run at once, a bounded number wait, and the rest are refused at once (SIGN_IN_BUSY).
 */
import { availableParallelism } from 'node:os';
import { hash as argonHash, verify as argonVerify } from '@node-rs/argon2';
import { MagamError } from '../../kernel/errors.js';
import { foldPassword } from './rules/account.js';

const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
const PREFIX = `$argon2id$v=19$m=${PARAMETERS.memoryCost},t=${PARAMETERS.timeCost},p=${PARAMETERS.parallelism}$`;

/** The hash of a password that nobody knows. It is verified for a name that does not exist, so that the response time reveals nothing. */
const NOBODY = `${PREFIX}bWFnYW0tbm9ib2R5LTAwMA$${'mB4Zk0'.repeat(7)}A`;

export interface Passwords {
  readonly hash: (password: string) => Promise<string>;
  /** Null stands for an unknown name: the check takes as long and is false. */
  readonly verify: (stored: string | null, password: string) => Promise<boolean>;
  /** Whether the hash was made with other parameters than today's. */
  readonly isOutdated: (stored: string) => boolean;
}

export interface PasswordLimits {
  /** Computations at once. */
  readonly concurrency?: number;
  /** Computations that may wait for those. */
  readonly waitingMax?: number;
}

/** One per process, because it limits the threads and memory of the process. */
export function openPasswords(limits: PasswordLimits = {}): Passwords {
  const concurrency = limits.concurrency ?? Math.max(1, Math.min(3, availableParallelism()));
  const limited = limiter(concurrency, limits.waitingMax ?? 40 * concurrency);
  return {
    hash: (password) => limited(() => argonHash(foldPassword(password), PARAMETERS)),
    verify: async (stored, password) => {
      const same = await limited(() => argonVerify(stored ?? NOBODY, foldPassword(password)));
      return same && stored !== null;
    },
    isOutdated: (stored) => !stored.startsWith(PREFIX),
  };
}

/** Runs at most `concurrency` at once, in the order of asking; refuses when `waitingMax` wait already. */
function limiter(concurrency: number, waitingMax: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running >= concurrency) {
      if (waiting.length >= waitingMax) throw new MagamError('SIGN_IN_BUSY');
      await new Promise<void>((resolve) => waiting.push(resolve)); // a computation that ends hands over its place
    } else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
