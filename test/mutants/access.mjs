/** Who may do what, who somebody is, how often, and once. */
const table = { file: 'kernel/access.ts', tests: 'test/kernel/access.test.ts', quick: true };
const account = {
  file: 'core/accounts/rules/account.ts',
  tests: 'test/core/accounts/rules/account.test.ts',
  quick: true,
};
const token = {
  file: 'core/accounts/access-token.ts',
  tests: 'test/core/accounts/access-token.test.ts',
  quick: true,
};
const rateWindow = { file: 'infra/stores/rate-window.ts', tests: 'test/infra/stores/rate-window.test.ts' };
const hitCounter = { file: 'infra/hit-counter.ts', tests: 'test/infra/hit-counter.test.ts' };
const idempotency = { file: 'infra/stores/idempotency-key.ts', tests: 'test/api/edge/idempotency.test.ts' };

/** @type {import('../../scripts/mutants/list.mjs').Mutant[]} */
export const mutants = [
  {
    ...table,
    name: 'sellers read all settlements',
    from: "'settlement.read': { seller: 'own',",
    to: "'settlement.read': { seller: 'any',",
  },
  {
    ...table,
    name: 'operators assign roles',
    from: "'account.assign-role': { admin: 'any' }",
    to: "'account.assign-role': staff",
  },
  {
    ...table,
    name: 'buyers see unlisted products',
    from: "'product.read-unlisted': { seller: 'own', ...staff }",
    to: "'product.read-unlisted': 'everybody'",
  },
  {
    ...table,
    name: "a seller's account owns every business",
    from: 'caller.sellerId !== null && owner.sellerId === caller.sellerId',
    to: 'caller.sellerId !== null',
  },
  {
    ...table,
    name: 'an account owns every account',
    from: 'owner.accountId !== undefined && owner.accountId === caller.accountId',
    to: 'owner.accountId !== undefined',
  },
  {
    ...table,
    name: 'the buyer does not own an order, for it has a seller',
    from: 'if (owner.accountId !== undefined && owner.accountId === caller.accountId) return true;',
    to: 'if (owner.sellerId === undefined && owner.accountId === caller.accountId) return true;',
  },
  {
    ...table,
    name: 'a buyer, who has no business, owns what names none',
    from: 'return caller.sellerId !== null && ',
    to: 'return ',
  },
  { ...account, name: 'operators lock admins', from: "actor === 'admin' || target !== 'admin'", to: 'true' },
  {
    ...account,
    name: 'a password of eleven characters',
    from: 'characters.length < PASSWORD_MIN',
    to: 'characters.length < PASSWORD_MIN - 1',
  },
  { ...account, name: 'a password that everybody tries', from: 'COMMON_PASSWORDS.has(folded) || ', to: '' },
  {
    ...account,
    name: 'the name as the password',
    from: "if (folded === email || folded === email.split('@')[0])",
    to: 'if (folded === email)',
  },
  {
    ...account,
    name: 'a password replaced by itself',
    from: "if (foldPassword(password) === foldPassword(former)) return refuse('PASSWORD_WEAK', { reason: 'UNCHANGED' });",
    to: '',
  },
  {
    ...token,
    name: 'a token lasts for ever once it was seen',
    from: 'before !== undefined && before.expiresAt > now.getTime() / 1000',
    to: 'before !== undefined',
  },
  { ...token, name: 'a token of another issuer', from: 'issuer: ISSUER,', to: '' },
  { ...token, name: 'a token for another audience', from: 'audience: AUDIENCE,', to: '' },
  { ...token, name: 'a token of another kind', from: 'typ: TYPE,\n          requiredClaims', to: 'requiredClaims' },
  { ...token, name: 'a token signed with another algorithm', from: 'algorithms: [ALGORITHM],', to: '' },
  {
    ...rateWindow,
    name: 'tries are not counted',
    from: '1, hits + 1)',
    to: '1, hits)',
  },
  {
    ...rateWindow,
    name: 'every try begins the window anew',
    from: 'resets_at = IF(resets_at <= UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) + INTERVAL ? SECOND, resets_at)',
    to: 'resets_at = UTC_TIMESTAMP(3) + INTERVAL ? SECOND',
  },
  {
    ...idempotency,
    name: 'a key answers for another call',
    from: "if (row.requestHash !== requestHash) return { outcome: 'reused' };",
    to: '',
    only: 'is refused for another body',
  },
  {
    ...idempotency,
    name: 'a call that lost its key commits',
    from: "AND owner = ? AND status = 'IN_FLIGHT'`,\n    [answer.status",
    to: "AND (owner = ? OR TRUE) AND status = 'IN_FLIGHT'`,\n    [answer.status",
    only: 'one that lost its key',
  },
  {
    file: 'api/edge/call.ts',
    tests: 'test/api/edge/versions.test.ts',
    name: 'If-Match is not looked at',
    from: "if (!tags.some(names)) throw new MagamError('VERSION_CONFLICT');",
    to: '',
    only: 'lets the first of two',
  },
  {
    ...hitCounter,
    name: 'requests of one moment count as one',
    from: "redis.call('INCRBY', key, hits)",
    to: "redis.call('INCRBY', key, 1)",
    only: 'of several servers',
  },
  {
    ...hitCounter,
    name: 'a window never ends',
    from: 'left = tonumber(ARGV[1])',
    to: 'left = tonumber(ARGV[1]) * 1000',
    only: 'belong to a window',
  },
  {
    file: 'api/edge/authenticate.ts',
    tests: 'test/api/accounts/refresh.test.ts',
    name: 'a session that has ended goes on',
    from: "if (!session.live) throw new MagamError('TOKEN_INVALID');",
    to: '',
    only: 'gives the thief away',
  },
  {
    file: 'api/accounts/sessions/refresh-session.ts',
    tests: 'test/api/accounts/refresh.test.ts',
    name: 'a refresh token is good for more than one refresh',
    from: 'if (state.used) {',
    to: 'if (state.used && state.expired) {',
    only: 'gives the thief away',
  },
];
