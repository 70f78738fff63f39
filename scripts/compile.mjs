#!/usr/bin/env node
/**
 * The first half of `npm run build`: every source becomes a file in `dist`, without its types. These are checked by `npm run check` and not here,
 * so that a fresh machine comes to its first command, and a test run to its first test, ten seconds sooner.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { root } from './script.mjs';

/** The folders of sources: those that tsconfig.json names, but for what is not compiled. */
const NOT_COMPILED = ['test', 'scripts', 'bin'];
/** @type {{ include: string[] }} */
const { include } = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8'));

rmSync(join(root, 'dist'), { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: include.filter((folder) => !NOT_COMPILED.includes(folder)).map((folder) => `${folder}/**/*.ts`),
  outdir: 'dist',
  outbase: '.',
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  logLevel: 'warning',
});
