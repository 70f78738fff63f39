/** Each rule of .dependency-cruiser.cjs is seen to fire: a tree that holds one violation of each, looked at in one run. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from '@jest/globals';

const root = fileURLToPath(new URL('../../', import.meta.url));
const { forbidden } = createRequire(import.meta.url)('../../.dependency-cruiser.cjs') as {
  forbidden: { name: string }[];
};

/** A file and what it imports, by the rule that it breaks. A file of a capability that is not declared is `core/nobody`. */
const VIOLATIONS: Readonly<Record<string, readonly [from: string, to: string]>> = {
  'kernel-is-pure': ['kernel/clock.ts', 'node:fs'],
  'capabilities-are-declared': ['core/nobody/thing.ts', 'kernel/value.ts'],
  'rules-are-pure': ['core/feed/rules/impure.ts', 'infra/adapter.ts'],
  'stores-are-below-use-cases': ['core/feed/stores/high.ts', 'core/feed/use-case.ts'],
  'infra-stores-are-lowest': ['infra/stores/high.ts', 'infra/adapter.ts'],
  'database-and-redis-only-in-infra-and-stores': ['batch/query.ts', 'knex'],
  'queue-only-in-its-adapter': ['batch/queue.ts', 'bullmq'],
  'engine-knows-no-job': ['batch/engine/engine.ts', 'batch/jobs/job.ts'],
  'jobs-do-not-import-each-other': ['batch/jobs/verify/check.ts', 'batch/jobs/settle/settle.ts'],
  'api-capabilities-share-only-the-edge': ['api/runs/run.ts', 'api/policies/policy.ts'],
  'nobody-imports-test': ['infra/tested.ts', 'test/support/scene.ts'],
  'nobody-imports-bench': ['infra/measured.ts', 'bench/bench.ts'],
  'no-circular': ['kernel/egg.ts', 'kernel/hen.ts'],
  'no-orphans': ['kernel/orphan.ts', ''],
  'product-without-dev-dependencies': ['infra/developing.ts', 'typescript'],
  resolvable: ['infra/lost.ts', 'infra/nowhere.ts'],
};

/** What breaks a rule whose name follows from the configuration: `x-imports-only-…` and `core-x-uses-only-…`. */
function violation(rule: string): readonly [from: string, to: string] {
  const layer = /^([a-z]+)-imports-only-/.exec(rule)?.[1];
  if (layer !== undefined) return [`${layer}/strays.ts`, layer === 'bench' ? 'cli/command.ts' : 'bench/bench.ts'];
  const capability = /^core-([a-z-]+)-uses-only-/.exec(rule)?.[1];
  if (capability !== undefined) return [`core/${capability}/strays.ts`, 'core/nobody/thing.ts'];
  const listed = VIOLATIONS[rule];
  if (listed === undefined) throw new Error(`there is no violation of ${rule} here yet: add one`);
  return listed;
}

let tree: string;
beforeAll(() => {
  tree = mkdtempSync(join(tmpdir(), 'magam-directions-'));
});
afterAll(() => rmSync(tree, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(tree, path)), { recursive: true });
  writeFileSync(join(tree, path), text);
}

const isPackage = (name: string): boolean => !name.includes('/') || name.startsWith('node:');

/** Every violation in files of their own. */
function makeTree(): void {
  for (const name of ['.dependency-cruiser.cjs', 'tsconfig.json', 'package.json'])
    cpSync(join(root, name), join(tree, name));
  symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'));
  const pairs = forbidden.map(({ name }) => violation(name));
  for (const [, to] of pairs) if (to !== '' && !isPackage(to) && to !== 'infra/nowhere.ts') write(to, 'export {};\n');
  for (const [from, to] of pairs) {
    const path = isPackage(to) ? to : `${'../'.repeat(from.split('/').length - 1)}${to.replace(/ts$/, 'js')}`;
    write(from, to === '' ? 'export {};\n' : `import '${path}';\n`);
  }
  write('kernel/hen.ts', `import './egg.js';\n`); // closes the circle
}

it('every rule fires on what it forbids, and there is no other', () => {
  makeTree();
  const folders = ['kernel', 'infra', 'core', 'batch', 'api', 'cli', 'sandbox', 'bench', 'test'];
  const cruiser = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const args = [cruiser, '--config', '.dependency-cruiser.cjs', '--output-type', 'json', ...folders];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: tree, encoding: 'utf8', maxBuffer: 64 << 20 });
  if (stdout === '') throw new Error(stderr);
  const { summary } = JSON.parse(stdout) as { summary: { violations: { from: string; rule: { name: string } }[] } };
  const fired = (rule: string): boolean =>
    summary.violations.some((found) => found.rule.name === rule && found.from === violation(rule)[0]);
  const rules = forbidden.map(({ name }) => name);
  expect(rules.filter((name) => !fired(name))).toEqual([]);
  expect(Object.keys(VIOLATIONS).filter((name) => !rules.includes(name))).toEqual([]);
});
