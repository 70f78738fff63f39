#!/usr/bin/env node
/**
 * The second half of `npm run build`: puts the compiled program and those packages that are many small files into a few files in `dist/bundle`, from
 * which commands and worker threads start. Finding and reading some 700 files is most of what a start costs: a `magam` command that settles came from 0.30 to
 * 0.15 CPU seconds by it, each of its threads from 0.41 to 0.20, and a runner from 0.56 to 0.33 (Node 20). Commands stay apart, so each still loads only what it needs.
 *
 * A thread's script is one file for itself, `worker.cjs`, of which scripts/code-cache.mjs keeps what V8 compiles: loading it takes 0.05 CPU seconds and not 0.16.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { root } from './script.mjs';

/** Packages that are bundled. The others stay where they are: some read files of their own, some start threads from one. */
const BUNDLED = new Set([
  '@asteasolutions/zod-to-openapi',
  'bullmq',
  'cli-progress',
  'cli-table3',
  'cockatiel',
  'commander',
  'compression',
  'cors',
  'csv-parse',
  'csv-stringify',
  'express',
  'express-rate-limit',
  'helmet',
  'ioredis',
  'ipaddr.js',
  'jose',
  'knex',
  'lru-cache',
  'mysql2',
  'nodemailer',
  'otplib',
  'picocolors',
  'prom-client',
  'redlock',
  'temporal-polyfill',
  'undici',
  'zod',
]);
/** Drivers that knex would load for other databases. */
const NOT_INSTALLED = ['better-sqlite3', 'mariadb', 'mysql', 'oracledb', 'pg', 'pg-query-stream', 'sqlite3', 'tedious'];

const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const outdir = join(root, 'dist/bundle');
rmSync(outdir, { recursive: true, force: true });
/** @type {import('esbuild').BuildOptions} */
const common = {
  absWorkingDir: root,
  outdir,
  bundle: true,
  sourcemap: true,
  // This saves a tenth of the CPU time of a start. Names stay, for stack traces.
  minifyWhitespace: true,
  minifySyntax: true,
  platform: 'node',
  target: 'node20',
  external: [
    'msgpackr', // a dependency of bullmq; it looks for its native part in its own folder
    ...Object.keys(dependencies).filter((name) => !BUNDLED.has(name)),
    ...NOT_INSTALLED.flatMap((name) => [name, `${name}/*`]),
  ],
  logLevel: 'warning',
};
await build({
  ...common,
  entryPoints: { main: 'dist/cli/main.js', 'compiled-script': 'dist/infra/compiled-script.js' },
  splitting: true,
  format: 'esm',
  // Bundled CommonJS asks for the modules of Node by `require`, which a module has not.
  banner: {
    js: `import { createRequire as _createRequire } from 'node:module'; const require = _createRequire(import.meta.url);`,
  },
});
await build({
  ...common,
  entryPoints: { worker: 'dist/batch/worker.js', 'import-thread': 'dist/core/feed/import/import-thread.js' },
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  define: { 'import.meta.url': '_fileUrl' },
  banner: { js: `const _fileUrl = require('node:url').pathToFileURL(__filename).href;` },
});
for (const name of ['worker', 'import-thread'])
  writeFileSync(
    join(outdir, `${name}.js`),
    `import { threadOf } from './compiled-script.js';\nexport default threadOf(new URL('${name}.cjs', import.meta.url));\n`,
  );
