#!/usr/bin/env node
/**
 * The second part of `npm run build`: puts the compiled program, with those packages that are many small files, into one script for processes (`main.cjs`) and one for each kind of
 * thread, all in `dist/bundle`. Finding and reading some 700 files is most of what a start costs otherwise. A module of the script is evaluated when it is first needed, as ever.
 * scripts/code-cache.mjs then keeps what V8 compiles of the scripts: without it a command takes three times the CPU time to start.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
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
  'iconv-lite',
  'ioredis',
  'ipaddr.js',
  'jose',
  'knex',
  'lru-cache',
  'mysql2',
  'nodemailer',
  'otplib',
  'picocolors',
  'pino',
  'prom-client',
  'redlock',
  'temporal-polyfill',
  'undici',
  'zod',
]);
/** The parts of the program that have their own files of compiled code; all other commands share one. */
const DAEMONS = ['api', 'runner'];
/** Drivers that knex would load for other databases. */
const NOT_INSTALLED = ['better-sqlite3', 'mariadb', 'mysql', 'oracledb', 'pg', 'pg-query-stream', 'sqlite3', 'tedious'];

/**
 * esbuild leaves letters outside of ASCII in regular expressions. Scripts are read as ASCII, which takes half the time, so these letters become escapes, which mean the
 * same there, in a text and in a comment. In a raw text they would not.
 * @type {import('esbuild').Plugin}
 */
const asciiOnly = {
  name: 'ascii-only',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.[cm]?js$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      if (!OUTSIDE_ASCII.test(text)) return undefined;
      if (/String\.raw`[^`]*[\u0080-\uFFFF]/.test(text))
        throw new Error(
          `${path} has a raw text with a letter outside of ASCII: write the letter as \\u and its number`,
        );
      return { contents: text.replace(EACH_OUTSIDE_ASCII, escaped), resolveDir: dirname(path) };
    }),
};
const OUTSIDE_ASCII = /[\u0080-\uFFFF]/;
const EACH_OUTSIDE_ASCII = new RegExp(OUTSIDE_ASCII, 'g');
/** @param {string} letter */
const escaped = (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;

const { dependencies, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
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
  plugins: [asciiOnly],
  logLevel: 'warning',
};
await build({
  ...common,
  entryPoints: {
    main: 'dist/cli/main.js',
    worker: 'dist/batch/worker.js',
    'import-thread': 'dist/core/feed/import/import-thread.js',
  },
  format: 'cjs',
  // What was compiled before does not know how to import ("A dynamic import callback was not specified"), so it requires.
  supported: { 'dynamic-import': false },
  outExtension: { '.js': '.cjs' },
  define: { 'import.meta.url': '_fileUrl' },
  banner: { js: `const _fileUrl = require('node:url').pathToFileURL(__filename).href;` },
});
/** What starts them: a module. */
await build({ ...common, entryPoints: { 'compiled-script': 'dist/infra/compiled-script.js' }, format: 'esm' });
for (const name of ['worker', 'import-thread'])
  writeFileSync(
    join(outdir, `${name}.js`),
    `import { exportOf } from './compiled-script.js';\nexport default exportOf(new URL('${name}.cjs', import.meta.url));\n`,
  );
// The version alone is answered here: reading the script would take as long as the start of Node.
writeFileSync(
  join(outdir, 'main.js'),
  `const [word, more] = process.argv.slice(2);
if (word === '--version' && more === undefined) process.stdout.write(${JSON.stringify(`${version}\n`)});
else {
  const { exportOf } = await import('./compiled-script.js');
  const part = ${JSON.stringify(DAEMONS)}.find((name) => name === word) ?? 'command';
  await exportOf(new URL('main.cjs', import.meta.url), part);
}
`,
);
