/** Passwords that staff give out. They are valid for one sign-in, which has to replace them. */
import { randomInt } from 'node:crypto';

/** Letters and digits that are not confused when somebody reads them out. */
const ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789';

/** 16 characters of 31: 79 bits. */
export const newOneTimePassword = (): string =>
  Array.from(
    { length: 16 },
    (_, at) => `${at > 0 && at % 4 === 0 ? '-' : ''}${ALPHABET[randomInt(ALPHABET.length)]}`,
  ).join('');
