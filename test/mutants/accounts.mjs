// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are pieces of the sources
/** Accounts: passwords, links in mails, invitations, roles. */
const links = 'test/api/accounts/links.test.ts';
const staff = 'test/api/accounts/staff.test.ts';
const signingIn = 'test/api/accounts/signing-in.test.ts';
const rules = {
  file: 'core/accounts/rules/account.ts',
  tests: 'test/core/accounts/rules/account.test.ts',
  quick: true,
};
const proof = { file: 'core/accounts/prove-address.ts', tests: links };
const common = { ...rules, file: 'core/accounts/rules/common-password.ts' };
const device = {
  file: 'core/accounts/device-token.ts',
  tests: 'test/core/accounts/device-token.test.ts',
  quick: true,
};
const passwords = { file: 'core/accounts/passwords.ts', tests: 'test/core/accounts/passwords.test.ts', quick: true };
const link = { file: 'core/accounts/stores/one-time-link.ts', tests: links };
const invitations = { file: 'core/accounts/invitations.ts', tests: links };
const role = { file: 'api/accounts/assign-role.ts', tests: staff };
const lock = { file: 'api/accounts/lock-account.ts', tests: staff };
const change = { file: 'api/accounts/change-password.ts', tests: signingIn };
const given = { file: 'api/accounts/give-one-time-password.ts', tests: staff };

/** @type {import('../../scripts/mutants/list.mjs').Mutant[]} */
export const mutants = [
  {
    ...rules,
    name: 'operators invite staff',
    from: "(actor === 'operator' && role === 'seller')",
    to: "actor === 'operator'",
  },
  {
    ...rules,
    name: 'a password as long as a book',
    from: "if (characters.length > PASSWORD_MAX) return weak('TOO_LONG');",
    to: '',
  },
  {
    ...common,
    name: 'one letter again and again',
    from: 'if (new Set(folded).size < DISTINCT_MIN) return true;',
    to: '',
  },
  { ...common, name: 'a common password with digits for letters', from: '[folded, spelt(folded)]', to: '[folded]' },
  { ...common, name: 'a common password with digits for letters and a year', from: '[one, spelt(one)]', to: '[one]' },
  { ...common, name: 'a common password twice', from: '...rests.map(repeated)]', to: '...rests]' },
  {
    ...device,
    name: 'a device is known for ever',
    from: 'Number(seconds) * 1_000 + DAYS * 86_400_000 <= now.getTime()',
    to: 'false',
  },
  {
    ...device,
    name: 'the token of a device counts for every name',
    from: '\\0${mark}\\0${name}`)}`',
    to: '\\0${mark}\\0`)}`',
  },
  { ...device, name: 'anybody makes a token of a device', from: 'if (key === undefined) return undefined;', to: '' },
  {
    ...passwords,
    name: 'any number of passwords wait',
    from: "if (waiting.length >= waitingMax) throw new MagamError('SIGN_IN_BUSY');",
    to: '',
  },
  {
    ...passwords,
    name: 'passwords are computed all at once',
    from: 'if (running >= concurrency) {',
    to: 'if (running < 0) {',
  },
  {
    ...passwords,
    name: 'the time of an answer tells whether there is an account',
    from: 'const same = await limited(() => argonVerify(stored ?? NOBODY, foldPassword(password)));',
    to: 'const same = stored !== null && (await limited(() => argonVerify(stored, foldPassword(password))));',
  },
  {
    ...link,
    name: 'a link has no end',
    from: 'WHERE token_hash = ? AND purpose = ? AND used_at IS NULL AND expires_at > UTC_TIMESTAMP(3)`,\n    [tokenHash, purpose],\n  );\n  return row',
    to: 'WHERE token_hash = ? AND purpose = ? AND used_at IS NULL`,\n    [tokenHash, purpose],\n  );\n  return row',
    equivalent: 'using the link looks at the time again',
  },
  {
    ...link,
    name: 'a link is good for another purpose',
    from: 'WHERE token_hash = ? AND purpose = ? AND used_at IS NULL AND expires_at > UTC_TIMESTAMP(3)`,\n    [tokenHash, purpose],\n  );\n  return row',
    to: 'WHERE token_hash = ? AND (purpose = ? OR TRUE) AND used_at IS NULL AND expires_at > UTC_TIMESTAMP(3)`,\n    [tokenHash, purpose],\n  );\n  return row',
    equivalent: 'using the link looks at the purpose again',
  },
  {
    ...link,
    name: 'whoever is quick uses a link twice',
    from: 'WHERE token_hash = ? AND purpose = ? AND used_at IS NULL AND expires_at > UTC_TIMESTAMP(3)`,\n    [tokenHash, purpose],\n  );\n  return used === 1',
    to: 'WHERE token_hash = ? AND purpose = ?`,\n    [tokenHash, purpose],\n  );\n  return used === 1',
  },
  {
    file: 'api/accounts/links/prove-address.ts',
    tests: links,
    name: 'a click proves an address with which somebody else has signed up',
    from: "if (!(await passwords.verify(account.passwordHash, body.password))) throw new MagamError('PASSWORD_WRONG');",
    to: '',
    only: 'by the link and the password together',
  },
  {
    ...proof,
    name: 'an address is proven with a password that was changed meanwhile',
    from: "if (account?.passwordHash !== checked.passwordHash) return refuse('PASSWORD_WRONG');",
    to: "if (account === undefined) return refuse('PASSWORD_WRONG');",
  },
  {
    ...proof,
    name: 'a link opens a locked account',
    from: "if (account.status === 'LOCKED') return refuse('ACCOUNT_LOCKED');",
    to: '',
    only: 'does not open a locked account',
  },
  {
    ...proof,
    name: 'sessions outlive a new password',
    from: "return endSessions(tx, accountId, 'PASSWORD_CHANGED');",
    to: 'return 0;',
    only: 'is changed by a link',
  },
  {
    ...invitations,
    name: 'an operator replaces the invitation of an admin',
    from: "if (inviter === undefined || !mayInvite(inviter.role, role)) return refuse('FORBIDDEN');",
    to: 'if (inviter === undefined || role === undefined) continue;',
    only: 'to be staff comes from admins alone',
  },
  {
    ...invitations,
    name: 'what an address was invited to before stands',
    from: 'await withdrawInvitationsOf(tx, made.email);',
    to: '',
    only: 'that is .*made again.* is not valid',
  },
  {
    ...invitations,
    name: 'somebody who is staff is invited again',
    from: "if (account !== undefined && account.role !== 'buyer') return refuse('EMAIL_TAKEN');",
    to: '',
    only: 'to be staff comes from admins alone',
  },
  {
    ...invitations,
    name: 'an invitation outlives the powers of whoever has invited',
    from: ' && mayInvite(inviter.role, role);',
    to: ';',
    only: 'with the powers of whoever has invited',
  },
  {
    ...invitations,
    name: 'an invitation of a locked account is good',
    from: "inviter?.status === 'ACTIVE' && mayInvite",
    to: 'inviter !== undefined && mayInvite',
    only: 'with the powers of whoever has invited',
  },
  {
    ...invitations,
    name: 'an invitation has no end',
    from: "status === 'OPEN' && !expired &&",
    to: "status === 'OPEN' &&",
    only: 'that is .*over.* is not valid',
  },
  {
    ...invitations,
    name: 'a locked account becomes staff by an invitation',
    from: "if (there.status === 'LOCKED') return refuse('ACCOUNT_LOCKED');",
    to: '',
    only: 'gives no role to an account',
  },
  {
    ...invitations,
    name: 'an invitation takes over an account that has got a role meanwhile',
    from: "if (there.role !== 'buyer') return refuse('EMAIL_TAKEN');",
    to: '',
    only: 'gives no role to an account',
  },
  {
    ...invitations,
    name: 'whoever had made the account stays signed in',
    from: "await endSessions(tx, accountId, 'ROLE_CHANGED');",
    to: '',
    only: 'takes an account over',
  },
  {
    file: 'api/accounts/invitations/invite.ts',
    tests: links,
    name: 'operators send invitations to be staff',
    from: "if (!mayInvite(signedIn.role, role)) throw new MagamError('FORBIDDEN');",
    to: '',
    only: 'to be staff comes from admins alone',
  },
  {
    file: 'api/accounts/invitations/read-invitations.ts',
    tests: links,
    name: 'operators withdraw the invitations of admins',
    from: "if (!mayInvite(signedIn.role, invitation.role)) throw new MagamError('FORBIDDEN');",
    to: '',
    only: 'to be staff comes from admins alone',
  },
  {
    ...role,
    tests: links,
    name: 'a role goes to an address that is not proven',
    from: "if (body.role !== 'buyer' && !former.emailProven) throw new MagamError('EMAIL_UNPROVEN');",
    to: '',
    only: 'by the link and the password together',
  },
  {
    ...role,
    name: 'the last admin goes',
    from: "throw new MagamError('LAST_ADMIN');",
    to: 'await Promise.resolve();',
    only: 'leave the last admin',
  },
  {
    ...role,
    name: 'a session outlives the role',
    from: "await endSessions(tx, accountId, 'ROLE_CHANGED');",
    to: '',
    only: 'are given by admins',
  },
  {
    ...role,
    file: 'core/accounts/stores/account.ts',
    name: 'two admins demote each other at once',
    from: "status = 'ACTIVE' ORDER BY email FOR UPDATE",
    to: "status = 'ACTIVE' ORDER BY email",
    only: 'leave the last admin',
  },
  {
    ...lock,
    name: 'somebody locks themselves, or whom they may not',
    from: "if (accountId === signedIn.accountId || !mayLock(signedIn.role, former.role)) throw new MagamError('FORBIDDEN');",
    to: '',
    only: 'is not for operators',
  },
  {
    ...lock,
    name: 'the last admin is locked',
    from: "throw new MagamError('LAST_ADMIN');",
    to: 'await Promise.resolve();',
    only: 'leave the last admin',
  },
  {
    ...lock,
    name: 'a lock that is taken back gives the sessions back',
    from: "if (status === 'LOCKED') await endSessions(tx, accountId, 'LOCKED');",
    to: '',
    only: 'ends the sessions',
  },
  {
    ...change,
    name: 'whoever has found a session changes the password',
    from: "if (!(await passwords.verify(account.passwordHash, body.password))) throw new MagamError('PASSWORD_WRONG');",
    to: '',
    only: 'the password',
  },
  {
    ...change,
    name: 'two change a password at once, and the slower wins',
    from: "if (current?.passwordHash !== account.passwordHash) throw new MagamError('PASSWORD_WRONG');",
    to: "if (current === undefined) throw new MagamError('PASSWORD_WRONG');",
    only: 'is changed once by two',
  },
  {
    ...change,
    tests: links,
    name: 'a link outlives the password that it was to replace',
    from: "await withdrawLinks(tx, 'RESET', account.accountId);",
    to: '',
    only: 'takes the link back',
  },
  {
    ...given,
    name: 'an admin replaces the own password without knowing it',
    from: "if (accountId === signedIn.accountId) throw new MagamError('FORBIDDEN');",
    to: '',
    only: 'is for admins to replace',
  },
  {
    ...given,
    name: 'sessions outlive a password that staff gave out',
    from: "await endSessions(tx, accountId, 'PASSWORD_CHANGED');",
    to: '',
    only: 'is replaced by one for a single sign-in',
  },
  {
    ...given,
    tests: links,
    name: 'a link outlives the password that staff gave out',
    from: "await withdrawLinks(tx, 'RESET', accountId);",
    to: '',
    only: 'gave out takes the link back',
  },
];
