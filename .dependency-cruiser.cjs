/**
 * The import directions of docs/architecture.md, enforced by `npm run check:imports`. Every rule states what a file must
 * not import. Types count as imports, except where a rule says otherwise.
 */

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

module.exports = {
  forbidden: [
    only('domain'),
    only('infra', 'domain'),
    only('batch', 'infra', 'domain'),
    only('api', 'infra', 'domain'),
    only('cli', 'batch', 'infra', 'domain', 'api/main\\.ts'),
    only('bench', 'api', 'batch', 'infra', 'domain'),
    {
      name: 'domain-is-pure',
      comment: 'Values in, values out: no package and nothing of Node.',
      severity: 'error',
      from: { path: '^domain/' },
      to: { dependencyTypesNot: ['local'] },
    },
    {
      name: 'database-and-redis-only-in-infra',
      comment: 'Others may name their types.',
      severity: 'error',
      from: { path: '^(batch|api|cli|bench)/' },
      to: { path: '(^|/)node_modules/(knex|mysql2|ioredis)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'engine-knows-no-job',
      comment: 'The engine claims, leases and commits; what a chunk does is the business of a job.',
      severity: 'error',
      from: { path: '^batch/engine/' },
      to: { path: '^batch/(?!engine/)' },
    },
    {
      name: 'stores-are-lowest',
      comment: 'Named SQL statements that take a transaction; whoever opens it stands above them.',
      severity: 'error',
      from: { path: '^infra/stores/' },
      to: { path: '^infra/[^/]+/', pathNot: '^infra/stores/' },
    },
    { name: 'nobody-imports-test', severity: 'error', from: { pathNot: '^test/' }, to: { path: '^test/' } },
    { name: 'nobody-imports-bench', severity: 'error', from: { pathNot: '^(bench|test)/' }, to: { path: '^bench/' } },
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, path: '^(domain|infra|batch|api|cli)/' },
      to: {},
    },
    {
      name: 'product-without-dev-dependencies',
      severity: 'error',
      from: { path: '^(domain|infra|batch|api|cli)/' },
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
