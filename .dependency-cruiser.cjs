/** The import directions of docs/architecture.md, enforced. */
const only = (from, allowed) => ({
  name: `${from}-imports`,
  severity: 'error',
  from: { path: `^${from}/` },
  to: { path: '^(domain|infra|batch|api|cli|bench|test|scripts|sandbox)/', pathNot: `^(${[from, ...allowed].join('|')})/` },
});
module.exports = {
  forbidden: [
    only('domain', []),
    { name: 'domain-is-pure', severity: 'error', from: { path: '^domain/' }, to: { dependencyTypes: ['npm', 'core'] } },
    only('infra', ['domain']),
    only('batch', ['domain', 'infra']),
    only('cli', ['domain', 'infra', 'batch']),
    only('bench', ['domain', 'infra', 'batch']),
    { name: 'database-only-in-infra', severity: 'error', from: { path: '^(domain|batch|cli)/' }, to: { path: 'node_modules/(knex|mysql2|ioredis)' , dependencyTypesNot: ['type-only'] } },
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-orphans', severity: 'error', from: { orphan: true, path: '^(domain|infra|batch)/' }, to: {} },
  ],
  options: { tsPreCompilationDeps: true, tsConfig: { fileName: 'tsconfig.json' }, doNotFollow: { path: 'node_modules' }, exclude: { path: '^dist/' } },
};
