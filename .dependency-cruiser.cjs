/**
 * The import directions of docs/architecture.md, enforced by `npm run check:imports`. Every rule states what a file must
 * not import. Types count as imports, except where a rule says otherwise. test/imports/directions.test.ts sees each rule fire.
 */

/** Which capabilities of `core` each one may use. Acyclic: what stands above is not used by what stands below. */
const capabilities = {
  accounts: ['outbox'],
  'api-keys': [],
  'event-feed': [],
  catalogue: [],
  stock: ['catalogue'],
  tasks: [],
  policies: [],
  feed: ['event-feed', 'policies', 'tasks'],
  promotions: [],
  outbox: [],
  ledger: ['tasks'],
  orders: ['catalogue', 'feed', 'outbox', 'promotions', 'stock'],
  payments: ['orders', 'outbox', 'stock'],
  webhooks: ['event-feed', 'outbox'],
  jobs: ['event-feed'],
  'business-days': [],
  terms: ['business-days'],
  settlement: ['event-feed', 'feed', 'policies', 'jobs', 'tasks'],
  'tax-invoices': ['business-days', 'settlement', 'tasks'],
  alarms: ['accounts', 'adjustments', 'jobs', 'outbox', 'payments', 'payouts', 'settlement', 'webhooks'],
  adjustments: ['accounts', 'ledger', 'terms'],
  postings: ['jobs', 'ledger', 'orders', 'outbox', 'payments', 'settlement'],
  statements: ['accounts', 'business-days', 'event-feed', 'feed', 'ledger', 'postings', 'settlement', 'terms'],
  payouts: ['accounts', 'business-days', 'event-feed', 'ledger', 'statements', 'tasks', 'terms'],
  sample: ['accounts', 'catalogue', 'feed', 'orders', 'payments', 'policies', 'promotions', 'stock'],
};

const PRODUCT = '^(kernel|infra|core|batch|api|cli|sandbox)/';

/** Files of `folder` import files of the project only from itself and from `allowed`. */
const only = (folder, ...allowed) => ({
  name: `${folder}-imports-only-${['itself', ...allowed].join('-')}`,
  severity: 'error',
  from: { path: `^${folder}/` },
  to: {
    dependencyTypes: ['local'],
    pathNot: `^(${[folder, ...allowed].map((it) => (it.endsWith('.ts') ? it : `${it}/`)).join('|')})`,
  },
});

const betweenCapabilities = Object.entries(capabilities).map(([name, used]) => ({
  name: `core-${name}-uses-only-${used.length === 0 ? 'itself' : used.join('-')}`,
  severity: 'error',
  from: { path: `^core/${name}/` },
  to: { path: '^core/', pathNot: `^core/(${[name, ...used].join('|')})/` },
}));

module.exports = {
  forbidden: [
    only('kernel'),
    only('infra', 'kernel'),
    only('core', 'infra', 'kernel'),
    only('batch', 'core', 'infra', 'kernel'),
    only('api', 'core', 'infra', 'kernel'),
    only('cli', 'batch', 'core', 'infra', 'kernel', 'api/main\\.ts', 'sandbox/main\\.ts'),
    only('sandbox'),
    only('bench', 'api', 'batch', 'core', 'infra', 'kernel', 'sandbox'),
    {
      name: 'kernel-is-pure',
      comment: 'Values in, values out: no package and nothing of Node.',
      severity: 'error',
      from: { path: '^kernel/' },
      to: { dependencyTypesNot: ['local'] },
    },
    ...betweenCapabilities,
    {
      name: 'capabilities-are-declared',
      comment: 'A new folder of core enters the list above.',
      severity: 'error',
      from: { path: '^core/', pathNot: `^core/(${Object.keys(capabilities).join('|')})/` },
      to: {},
    },
    {
      name: 'rules-are-pure',
      comment:
        'Rules import rules and the kernel. Of packages only zod, which checks the form of a file and does no I/O.',
      severity: 'error',
      from: { path: '^core/[^/]+/rules/' },
      to: { pathNot: '^(kernel/|core/[^/]+/rules/|node_modules/zod/)' },
    },
    {
      name: 'stores-are-below-use-cases',
      comment: 'Named SQL statements that take a transaction; whoever opens it stands above them.',
      severity: 'error',
      from: { path: '^core/[^/]+/stores/' },
      to: { path: '^core/', pathNot: '^core/[^/]+/(rules|stores)/' },
    },
    {
      name: 'infra-stores-are-lowest',
      comment: 'As in core: statements do not know who uses them.',
      severity: 'error',
      from: { path: '^infra/stores/' },
      to: { path: '^infra/', pathNot: '^infra/(stores/|database(-errors)?\\.ts)' },
    },
    {
      name: 'database-and-redis-only-in-infra-and-stores',
      comment: 'Others may name their types.',
      severity: 'error',
      from: { path: '^(core|batch|api|cli|bench)/', pathNot: '^core/[^/]+/stores/' },
      to: { path: '(^|/)node_modules/(knex|mysql2|ioredis)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'queue-only-in-its-adapter',
      comment: 'It only carries hints. What is done, and what is left, stands in rows.',
      severity: 'error',
      from: { pathNot: '^infra/queue\\.ts$' },
      to: { path: '(^|/)node_modules/bullmq/' },
    },
    {
      name: 'engine-knows-no-job',
      comment: 'The engine claims, leases and commits; what a chunk does is the business of a job.',
      severity: 'error',
      from: { path: '^batch/engine/' },
      to: { path: '^(batch/(?!engine/)|core/(?!jobs/))' },
    },
    {
      name: 'jobs-do-not-import-each-other',
      severity: 'error',
      from: { path: '^batch/jobs/([^/]+)/' },
      to: { path: '^batch/jobs/[^/]+/', pathNot: '^batch/jobs/$1/' },
    },
    {
      name: 'api-capabilities-share-only-the-edge',
      comment:
        'A folder of api imports its own files and the edge; what two of them need stands in core or in the edge.',
      severity: 'error',
      from: { path: '^api/([^/]+)/' },
      to: { path: '^api/[^/]+/', pathNot: '^api/($1|edge)/' },
    },
    { name: 'nobody-imports-test', severity: 'error', from: { pathNot: '^test/' }, to: { path: '^test/' } },
    { name: 'nobody-imports-bench', severity: 'error', from: { pathNot: '^(bench|test)/' }, to: { path: '^bench/' } },
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-orphans', severity: 'error', from: { orphan: true, path: PRODUCT }, to: {} },
    {
      name: 'product-without-dev-dependencies',
      severity: 'error',
      from: { path: PRODUCT },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
