#!/usr/bin/env node
/**
 * `npm run test:chaos -- [--seed N] [--rounds M] [--round R]`: settles random feeds under random disturbances (processes
 * and threads killed, frozen, hung; connections cut; the database restarted) and compares every outcome with an
 * undisturbed run's. A failure prints the seed and the round that show it again; `--round R` runs only that one.
 *
 * Works on a private database server that it may restart, or on the one that MAGAM_DATABASE_URL names, which it does not
 * restart. Exit codes: 0 nothing was wrong, 1 something was, 2 wrong usage.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { describe, drawRound } from './chaos/plan.mjs';
import { ChaosFailure, runRound } from './chaos/round.mjs';
import { root, run, say } from './script.mjs';
import { startServices, stopServices } from './services.mjs';
import { ensureBuilt } from './setup.mjs';

const USAGE = 'Usage: npm run test:chaos -- [--seed N] [--rounds M] [--round R]';
const number = { type: /** @type {const} */ ('string') };

/**
 * @param {string[]} args
 * @returns {{ seed: number, rounds: number[] } | undefined} undefined: wrong usage
 */
function readArgs(args) {
  try {
    const { values } = parseArgs({ args, options: { seed: number, rounds: number, round: number } });
    if (Object.values(values).some((value) => !/^\d{1,9}$/.test(String(value)))) return undefined;
    const seed = Number(values.seed ?? Math.floor(Math.random() * 1e9));
    if (values.round !== undefined) return { seed, rounds: [Number(values.round)] };
    return { seed, rounds: Array.from({ length: Number(values.rounds ?? 5) }, (_, i) => i + 1) };
  } catch {
    return undefined;
  }
}

/** The server to work on, and how to end it. */
async function openServer() {
  const given = process.env.MAGAM_DATABASE_URL;
  if (given) return { url: given, restart: undefined, end: async () => {} };
  const folder = join(process.env.MAGAM_HOME || join(root, '.magam'), 'chaos');
  const start = () => startServices({ folder, redisUrl: 'redis://127.0.0.1:1/0', log: () => {} });
  const { databaseUrl } = await start();
  /** One restart at a time: two processes may ask for it at once. */
  let restarting = Promise.resolve();
  return {
    url: databaseUrl,
    restart: () => {
      restarting = restarting.then(async () => {
        process.kill(JSON.parse(readFileSync(join(folder, 'services.json'), 'utf8')).database.pid, 'SIGKILL');
        await start();
      });
      return restarting;
    },
    end: () => stopServices({ folder, deleteData: true, log: () => {} }),
  };
}

/**
 * @param {number} seed
 * @param {number} round
 * @param {Awaited<ReturnType<typeof openServer>>} server
 * @returns {Promise<boolean>} whether everything was as it must be
 */
async function playRound(seed, round, server) {
  const plan = drawRound(seed, round, server.restart !== undefined);
  const { feed, gridSize, processes, poison } = plan;
  say(`round ${round}: ${feed.lines} sales, grid ${gridSize}, ${processes} processes${poison ? ', a poison row' : ''}`);
  for (const disturbance of plan.disturbances) say(`  - ${describe(disturbance)}`);
  const started = performance.now();
  try {
    const { starts, lines, exceptions } = await runRound(plan, server, say);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    say(`  same ${lines} lines and ${exceptions} exceptions after ${starts} starts, ${seconds} s`);
    return true;
  } catch (error) {
    say(error instanceof ChaosFailure ? error.message : String(error instanceof Error ? error.stack : error));
    say(`round ${round} FAILED; to see it again: npm run test:chaos -- --seed ${seed} --round ${round}`);
    return false;
  }
}

await run(async () => {
  const options = readArgs(process.argv.slice(2));
  if (options === undefined) {
    say(USAGE);
    return 2;
  }
  const { seed, rounds } = options;
  await ensureBuilt();
  const server = await openServer();
  say(`seed ${seed}`);
  if (server.restart === undefined) say('MAGAM_DATABASE_URL is set: that server is not restarted');
  let failed = 0;
  try {
    for (const round of rounds) if (!(await playRound(seed, round, server))) failed += 1;
  } finally {
    if (failed === 0) await server.end();
  }
  process.stdout.write(`seed ${seed}: ${rounds.length - failed} rounds passed, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
});
