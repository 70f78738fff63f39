import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  checkNewPassword,
  checkPassword,
  foldEmail,
  foldPassword,
  mayInvite,
  mayLock,
  normaliseEmail,
} from '../../../../core/accounts/rules/account.js';

describe('an e-mail address', () => {
  it.each([
    ['Kim@Example.COM', 'kim@example.com'],
    ['  kim@example.com\n', 'kim@example.com'],
    ['kim+shop@example.com', 'kim+shop@example.com'],
    ['ｋｉｍ＠ｅｘａｍｐｌｅ．ｃｏｍ', 'kim@example.com'], // full-width letters
    ['ﬁn@example.com', 'fin@example.com'], // a ligature
    ['\u212Aim@example.com', 'kim@example.com'], // the Kelvin sign
    ['김철수@예시.한국', '김철수@예시.한국'],
    ['김철수@예시.한국'.normalize('NFD'), '김철수@예시.한국'],
    ['ÄRGER@EXAMPLE.DE', 'ärger@example.de'],
    ["o'brien.x_y-z@sub.example.co.kr", "o'brien.x_y-z@sub.example.co.kr"],
  ])('%j is stored as %j', (typed, stored) => {
    expect(normaliseEmail(typed)).toBe(stored);
  });

  it.each([
    '',
    'kim',
    'kim@',
    '@example.com',
    'kim@example',
    'kim@@example.com',
    'ki m@example.com',
    'kim@exa mple.com',
    'kim@-example.com',
    'kim@example..com',
    'kim\u0000@example.com',
    'kim\u200B@example.com',
    'kim\u3164@example.com', // a filler of Hangul, a letter that nobody sees
    'kim\uFE0F@example.com', // a variation selector
    'kim@example.com\r\nbcc: x@example.com',
    '"kim"@example.com',
    '<kim@example.com>',
    `${'k'.repeat(65)}@example.com`,
    `kim@${'e'.repeat(250)}.com`,
    'x'.repeat(100_000),
  ])('%j is none', (typed) => {
    expect(normaliseEmail(typed)).toBeUndefined();
  });

  it('is the same however often it is folded', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(foldEmail(foldEmail(text))).toBe(foldEmail(text));
      }),
    );
  });
});

describe('a password', () => {
  it.each([
    ['eleven-char', 'TOO_SHORT'],
    ['x1y2z3'.repeat(22), 'TOO_LONG'],
    ['Kim.Chulsoo@example.com', 'SAME_AS_EMAIL'],
    ['kim.chulsoo.', undefined],
    ['Password1234', 'COMMON'],
    ['QWERTY123456', 'COMMON'],
    ['P@ssw0rd2026!', 'COMMON'],
    ['5un5h1ne2026', 'COMMON'],
    ['nintend0#2928', 'COMMON'],
    ['!!SunshineSunshine26', 'COMMON'],
    ['!!Dragon!2026', 'COMMON'],
    ['MonkeyMonkey', 'COMMON'],
    ['letmeinletmein', 'COMMON'],
    ['1qaz2wsx3edc', 'COMMON'],
    ['iloveyouforever', 'COMMON'],
    ['123456789012', 'COMMON'],
    ['dragon-tea-lantern', undefined],
    ['dragon8391047265', undefined],
    ['aaaaaaaaaaaaaaaa', 'COMMON'],
    ['비밀번호비밀번호비밀번호', 'COMMON'],
    ['올해 가을에는 책을 읽자', undefined],
    ['correct horse battery', undefined],
    ['🐎🔋📎🧷🪡🧵🧶🪢🧭🧱🪵🛖', undefined],
  ])('%j: %j', (password, reason) => {
    const refusal = checkPassword(password, 'kim.chulsoo@example.com');
    expect(refusal).toEqual(reason === undefined ? undefined : { refused: 'PASSWORD_WEAK', details: { reason } });
  });

  it('is not the name before the @ either', () => {
    expect(checkPassword('kim.chulsoo.kim', 'kim.chulsoo.kim@example.com')?.details).toEqual({
      reason: 'SAME_AS_EMAIL',
    });
  });

  it.each([
    ['correct horse battery', 'UNCHANGED'],
    ['too short', 'TOO_SHORT'],
    ['incorrect horse battery', undefined],
  ])('%j in place of "correct horse battery": %j', (password, reason) => {
    const refusal = checkNewPassword(password, 'kim@example.com', 'correct horse battery');
    expect(refusal?.details.reason).toBe(reason);
  });

  it('is the same on a keyboard that decomposes Hangul', () => {
    const typed = '올해 가을에는 책을 읽자';
    expect(foldPassword(typed.normalize('NFD'))).toBe(foldPassword(typed));
  });
});

describe('inviting', () => {
  it.each([
    ['operator', 'seller', true],
    ['operator', 'operator', false],
    ['operator', 'admin', false],
    ['admin', 'admin', true],
    ['seller', 'seller', false],
  ] as const)('%s may invite a %s: %s', (actor, role, allowed) => {
    expect(mayInvite(actor, role)).toBe(allowed);
  });
});

describe('locking', () => {
  it.each([
    ['operator', 'buyer', true],
    ['operator', 'operator', true],
    ['operator', 'admin', false],
    ['admin', 'admin', true],
  ] as const)('%s may lock %s: %s', (actor, target, allowed) => {
    expect(mayLock(actor, target)).toBe(allowed);
  });
});
