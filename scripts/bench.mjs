#!/usr/bin/env node
/**
 * Runs a benchmark of `bench/`: set-up, services, then the compiled program. The arguments after its name are passed on.
 *
 *   npm run bench:settle -- [--lines N] [--full] [--url mysql://…]
 *
 * Without --url the server is the one that MAGAM_DATABASE_URL names, or the private one of this checkout. The bench makes
 * databases of its own there (magam_bench…) and drops them.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root, run, say } from './script.mjs';
import { startServices } from './services.mjs';
import { ensureBuilt } from './setup.mjs';

/**
 * @param {string[]} args
 * @returns {Promise<number>} the exit code
 */
async function main([name = '', ...args]) {
  if (!/^[a-z-]+$/.test(name) || !existsSync(join(root, 'bench', `${name}.ts`))) {
    say('Usage: node scripts/bench.mjs settle [options]; docs/benchmarks.md has the options.');
    return 2;
  }
  await ensureBuilt();
  const at = args.indexOf('--url');
  const databaseUrl = (at === -1 ? undefined : args[at + 1]) ?? process.env.MAGAM_DATABASE_URL;
  const services = await startServices({ databaseUrl, redisUrl: process.env.MAGAM_REDIS_URL });
  const child = spawn(process.execPath, [join(root, `dist/bench/${name}.js`), '--url', services.databaseUrl, ...args], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, MAGAM_REDIS_URL: services.redisUrl },
  });
  const [exitCode] = await once(child, 'close');
  return exitCode ?? 1;
}

await run(() => main(process.argv.slice(2)));
