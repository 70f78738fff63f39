#!/usr/bin/env node
/** `npm run build`: compiles the sources, bundles them, and keeps what V8 compiles of the bundle. A record of the build says which sources it has (scripts/setup.mjs). */
import { spawnSync } from 'node:child_process';
import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run, ScriptError } from './script.mjs';

/** In this order. The first removes the last build. */
const STEPS = ['compile.mjs', 'bundle.mjs', 'code-cache.mjs'];

await run(async () => {
  const since = new Date();
  for (const step of STEPS) {
    const { status } = spawnSync(process.execPath, [join(root, 'scripts', step)], { cwd: root, stdio: 'inherit' });
    if (status !== 0) throw new ScriptError(`The build failed in scripts/${step} (see above).`);
  }
  // Written last, so that a build that was cut short is done again. It has the time before the build: a source saved during it is newer.
  const built = join(root, 'dist/.built');
  writeFileSync(built, '');
  utimesSync(built, since, since);
  return 0;
});
