import { describe, expect, it, jest } from '@jest/globals';

/** The hashes that were computed against, by the real thing. */
const verified: unknown[] = [];
const argon2 = await import('@node-rs/argon2');
jest.unstable_mockModule('@node-rs/argon2', () => ({
  ...argon2,
  verify: (...args: Parameters<typeof argon2.verify>) => {
    verified.push(args[0]);
    return argon2.verify(...args);
  },
}));
const { openPasswords } = await import('../../../core/accounts/passwords.js');

const PASSWORD = '올해 가을에는 책을 읽자';

describe('password hashes', () => {
  const passwords = openPasswords();

  it('are argon2id with the parameters of OWASP, salted', async () => {
    const [one, other] = await Promise.all([passwords.hash(PASSWORD), passwords.hash(PASSWORD)]);
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(one).not.toBe(other);
    expect(passwords.isOutdated(one)).toBe(false);
  });

  it('are verified, also when the keyboard decomposes Hangul', async () => {
    const stored = await passwords.hash(PASSWORD);
    expect(await passwords.verify(stored, PASSWORD)).toBe(true);
    expect(await passwords.verify(stored, PASSWORD.normalize('NFD'))).toBe(true);
    expect(await passwords.verify(stored, `${PASSWORD}.`)).toBe(false);
  });

  it('with other parameters are verified and called outdated', async () => {
    const stored = await argon2.hash(PASSWORD.normalize('NFKC'), { memoryCost: 8_192, timeCost: 1, parallelism: 1 });
    expect(await passwords.verify(stored, PASSWORD)).toBe(true);
    expect(passwords.isOutdated(stored)).toBe(true);
  });

  it('of nobody cost the same computation as those of somebody, and never fit', async () => {
    const stored = await passwords.hash(PASSWORD);
    for (const against of [stored, null]) expect(await passwords.verify(against, 'wrong password')).toBe(false);
    const [somebody, nobody] = verified.slice(-2).map(String);
    expect(somebody).toBe(stored);
    expect(nobody).not.toBe(stored);
    // Same algorithm and parameters, salt and digest of the same length.
    const shape = (text = '') => text.split('$').map((part, i) => (i < 4 ? part : part.length));
    expect(shape(nobody)).toEqual(shape(somebody));
  });
});

describe('a flood of passwords', () => {
  it('is worked off some at a time; what cannot wait is refused at once', async () => {
    const passwords = openPasswords({ concurrency: 2, waitingMax: 3 });
    const outcomes = await Promise.allSettled(Array.from({ length: 9 }, () => passwords.hash(PASSWORD)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
    for (const outcome of outcomes.slice(5)) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'SIGN_IN_BUSY' } });
    }
    expect(await passwords.hash(PASSWORD)).toMatch(/^\$argon2id/); // and afterwards there is room again
  });

  it('gives its place back when a computation fails', async () => {
    const passwords = openPasswords({ concurrency: 1, waitingMax: 1 });
    for (let i = 0; i < 5; i += 1) await expect(passwords.verify('no hash at all', PASSWORD)).rejects.toThrow();
    expect(await passwords.verify(null, PASSWORD)).toBe(false);
  });
});
