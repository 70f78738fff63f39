#!/usr/bin/env node
/** The `magam` command of a checkout: builds the program when it has never been built, then runs it. */
import { existsSync } from 'node:fs';

const program = new URL('../dist/bundle/main.js', import.meta.url);

if (!existsSync(program)) {
  const { run } = await import('../scripts/script.mjs');
  const { ensureBuilt } = await import('../scripts/setup.mjs');
  await run(async () => {
    await ensureBuilt();
    return 0;
  });
}
if (process.exitCode !== 1) await import(program.href);
