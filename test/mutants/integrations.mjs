/** Other systems: keys, the event feed, webhooks. */
const access = { file: 'kernel/access.ts', tests: 'test/kernel/access.test.ts', quick: true };
const keys = { file: 'core/api-keys/stores/api-key.ts', tests: 'test/api/api-keys/api-keys.test.ts' };
const limit = {
  file: 'api/edge/request-limit.ts',
  tests: 'test/api/api-keys/api-keys.test.ts',
  only: 'has a limit of its own',
};
const feed = { file: 'core/event-feed/stores/feed-event.ts', tests: 'test/api/events/events.test.ts' };
const read = { file: 'api/events/routes.ts', tests: 'test/api/events/events.test.ts' };
const addresses = {
  file: 'infra/outbound/public-address.ts',
  tests: 'test/infra/outbound/public-address.test.ts',
  quick: true,
};
const webhooks = 'test/batch/webhooks/webhooks.test.ts';
const delivery = { file: 'core/webhooks/stores/webhook-delivery.ts', tests: webhooks };
const send = { file: 'core/webhooks/send-webhook.ts', tests: webhooks, only: 'of a private network' };
const locks = {
  file: 'core/webhooks/stores/webhook-delivery.ts',
  tests: 'test/batch/webhooks/tests-and-locks.test.ts',
};
const staff = 'test/api/accounts/staff.test.ts';
const watch = { file: 'api/events/event-watch.ts', tests: 'test/api/events/event-watch.test.ts', quick: true };
const audit = { file: 'infra/stores/audit-log.ts', tests: 'test/infra/stores/audit-log.test.ts' };
const guards = 'test/api/edge/guards.test.ts';
const imports = { file: 'core/feed/import/import-record.ts', tests: 'test/batch/task-import-events.test.ts' };

/** @type {import('../../scripts/mutants/list.mjs').Mutant[]} */
export const mutants = [
  {
    ...locks,
    name: 'what a locked account has set up is sent on',
    from: "\n  AND NOT EXISTS (SELECT 1 FROM account a WHERE a.account_id = webhook_endpoint.created_by AND a.status = 'LOCKED')",
    to: '',
  },
  {
    file: 'api/accounts/give-one-time-password.ts',
    tests: staff,
    name: 'API keys outlive the password that an admin replaces',
    from: 'await revokeApiKeysOf(tx, accountId, signedIn.accountId)',
    to: '0',
  },
  {
    file: 'api/api-keys/routes.ts',
    tests: 'test/api/api-keys/api-keys.test.ts',
    name: 'a key is made that has expired',
    from: "made.status === 'EXPIRED'",
    to: 'false',
  },
  // Their tests wait for their time limit where the guard is missing, so they are not quick.
  {
    ...watch,
    quick: false,
    name: 'the accounts of a seller take all places',
    from: ' || sellers.length >= ofSeller',
    to: '',
  },
  { ...watch, quick: false, name: 'an account takes all places', from: ' || own.length >= ofAccount', to: '' },
  {
    ...audit,
    name: 'entries get their positions by their time',
    from: "'position > ?'",
    to: "'audit_id > ?'",
  },
  {
    file: 'infra/queue.ts',
    tests: 'test/infra/queue.test.ts',
    name: 'hints pile up while nobody listens',
    from: 'hints.slice(0, room)',
    to: 'hints',
  },
  {
    file: 'api/edge/admission.ts',
    tests: guards,
    name: 'a server takes as many calls as come',
    from: 'this.calls >= this.max + (essential ? Math.ceil(this.max * RESERVE) : 0)',
    to: 'false',
  },
  {
    file: 'api/main.ts',
    tests: guards,
    name: '/readyz has no limit',
    from: "      limit: limitOf(redis, 'ready', config.rateLimit, () => 'ready'),\n",
    to: '',
  },
  {
    file: 'api/edge/call.ts',
    tests: guards,
    name: 'idempotency keys are forgotten when the key of tokens is rotated',
    from: 'formerHashKeys.map(hashUnder)',
    to: '[]',
  },
  {
    file: 'core/accounts/rules/account.ts',
    tests: 'test/api/accounts/links.test.ts',
    name: 'a plus makes another mailbox',
    from: "foldEmail(email).replace(/^([^+@]+)\\+[^@]*@/, '$1@')",
    to: 'foldEmail(email)',
  },
  {
    file: 'api/accounts/sessions/sign-in-limit.ts',
    tests: 'test/api/accounts/brute-force.test.ts',
    name: 'a device is known after the password was changed',
    from: 'known.isOfPassword(account.passwordHash)',
    to: 'true',
  },
  {
    ...access,
    name: 'an API key may do whatever its account may',
    from: 'if (apiKey !== undefined && !isPublic(permission) && !apiKey.permissions.has(permission)) return undefined;',
    to: '',
  },
  { ...access, name: 'an API key makes further keys', from: "  'api-key.edit',\n]);", to: ']);' },
  { ...keys, name: 'a revoked key opens', from: 'k.revoked_at IS NULL AND', to: '' },
  { ...keys, name: 'an expired key opens', from: 'k.expires_at > UTC_TIMESTAMP(3)) AND k', to: 'TRUE) AND k' },
  { ...keys, name: 'a key follows its account to another business', from: ' AND k.seller_id <=> a.seller_id', to: '' },
  {
    ...keys,
    name: 'every use is noted',
    from: 'COALESCE(k.last_used_at > UTC_TIMESTAMP(3) - INTERVAL 1 MINUTE, 0) AS noted',
    to: '0 AS noted',
    equivalent: 'the UPDATE looks at the time again; what is saved is the statement',
  },
  {
    ...keys,
    name: 'a key may be noted twice a minute',
    from: 'last_used_at <= UTC_TIMESTAMP(3) - INTERVAL 1 MINUTE',
    to: 'last_used_at <= UTC_TIMESTAMP(3)',
    equivalent: 'the read looks at the time before; both together are tested',
  },
  {
    ...limit,
    name: 'a key has the limit of its account',
    from: 'caller?.apiKey?.requestsPerMinute ?? perMinute',
    to: 'perMinute',
  },
  {
    ...limit,
    name: 'all keys of an account are counted together',
    from: 'caller.apiKey.keyId}',
    to: 'caller.accountId}',
  },
  {
    ...feed,
    name: 'two give positions at once',
    from: 'BOUNDS} FOR UPDATE',
    to: 'BOUNDS}',
    only: 'however many read and write',
  },
  {
    ...feed,
    name: 'sellers are told of every date',
    from: 'OR EXISTS (SELECT 1 FROM settlement s',
    to: 'OR TRUE OR EXISTS (SELECT 1 FROM settlement s',
    only: 'is told to a seller',
  },
  {
    ...read,
    name: 'an id from the future is waited for',
    from: 'if (after > last)',
    to: 'if (after > last + 1_000_000)',
  },
  {
    ...read,
    name: 'a gap is passed in silence',
    from: 'if (after > 0 && after < purgedThrough)',
    to: 'if (after < 0)',
  },
  {
    ...read,
    name: 'who reads some types alone goes over the others again and again',
    from: 'Math.max(shown, last)',
    to: 'shown',
  },
  {
    ...addresses,
    name: 'a name with one public address may have private ones',
    from: 'addresses.every(',
    to: 'addresses.some(',
    equivalent: 'the machine that tests has no such name',
  },
  { ...addresses, name: 'addresses that wrap others are public', from: 'ipaddr.process(', to: 'ipaddr.parse(' },
  {
    ...send,
    name: 'an address is called as it stands',
    from: 'if (!privateAllowed) requirePublicLiteral(hostOf(url));',
    to: '',
  },
  {
    ...send,
    name: 'a name is called wherever it leads',
    from: '...(privateAllowed ? {} : { lookup: lookupPublic })',
    to: '...{}',
  },
  {
    ...delivery,
    name: 'two send to one endpoint',
    from: 'AND (lease_until IS NULL OR lease_until < UTC_TIMESTAMP(3))`',
    to: '`',
    only: 'is not recorded by a process that was taken for dead',
  },
  {
    ...delivery,
    name: 'a process that was taken for dead records a delivery',
    from: "const FENCED = 'endpoint_id = ? AND lease_owner = ?'",
    to: "const FENCED = 'endpoint_id = ? AND (lease_owner = ? OR TRUE)'",
    only: 'is not recorded by a process that was taken for dead',
  },
  {
    ...delivery,
    name: 'what is being sent passes a replay that was asked for meanwhile',
    from: 'delivered_through = IF(delivered_through = ?, ?, delivered_through)',
    to: 'delivered_through = GREATEST(?, ?)',
    only: 'may be told again from before an event',
  },
  {
    ...delivery,
    file: 'core/webhooks/stores/webhook-endpoint.ts',
    name: 'a former secret stays valid forever',
    from: 'IF(former_until > UTC_TIMESTAMP(3), former_key_id, NULL)',
    to: 'former_key_id',
    only: 'signs with both secrets',
  },
  {
    ...imports,
    name: 'an upload is told of twice',
    from: 'if (!open.ofTask) await tellImport',
    to: 'await tellImport',
  },
];
