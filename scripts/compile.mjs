#!/usr/bin/env node
/**
 * The first half of `npm run build`: every source becomes a file in `dist`, without its types. These are checked by `npm run check` and not here,
 * so that the first command of a fresh machine, and the first test of a test run, start ten seconds sooner.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { root } from './script.mjs';

/** The folders of sources: those in tsconfig.json, except for folders that are not compiled. */
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
