/** Whether a password is one of those that are tried first, plain or dressed up. */
import { COMMON_PASSWORDS } from './common-passwords.js';

/** Further ones that are long enough to get here. */
const LONG_PASSWORDS: ReadonlySet<string> = new Set([
  '123456789012',
  '1234567890123',
  '12345678901234',
  '123456789012345',
  '1234567890123456',
  '1q2w3e4r5t6y7u8i',
  '1qaz2wsx3edc4rfv',
  'administrator',
  'changemeplease',
  'iloveyouforever',
  'letmeinplease',
  'qwertyuiopasdfghjkl',
]);

/** Characters that stand for letters. */
const LETTERS: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '!': 'i',
};
const DISTINCT_MIN = 5;
/** Common words get so many characters added at most: with more it is these that make the password. */
const ADDED_MAX = 8;
/** Of a shorter word any password could be made. */
const WORD_MIN = 4;

const spelt = (text: string): string => text.replace(/[013457@$!]/g, (character) => LETTERS[character] ?? character);

/** What is repeated, where a text is one thing several times over: `monkeymonkey` gives `monkey`. */
const repeated = (text: string): string => /^(.+?)\1+$/su.exec(text)?.[1] ?? text;

/**
 * Whether a password is common. The common ones are mostly shorter than a password here may be, so it is looked at in other capitals, without the digits and signs
 * around it, once where it is repeated, and with letters for the digits that stand for them: `P@ssw0rd2026!` is `password`.
 */
export function isCommonPassword(password: string): boolean {
  const folded = password.toLowerCase();
  if (new Set(folded).size < DISTINCT_MIN) return true;
  return [folded, spelt(folded)].some((text) => {
    const word = text.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, '');
    const dressed = word.length >= WORD_MIN && text.length - word.length <= ADDED_MAX;
    // `1qaz2wsx3edc` ends in letters and begins with a digit: what was added may stand on one side alone.
    const rests = dressed ? [word, text.replace(/^[^\p{L}]+/u, ''), text.replace(/[^\p{L}]+$/u, '')] : [];
    // The digits of a year behind the word are no letters: the word is spelt once more after they have gone.
    return [text, repeated(text), ...rests, ...rests.map(repeated)]
      .flatMap((one) => [one, spelt(one)])
      .some((one) => COMMON_PASSWORDS.has(one) || LONG_PASSWORDS.has(one));
  });
}
