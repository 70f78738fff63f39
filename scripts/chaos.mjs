#!/usr/bin/env node
/**
 * `npm run test:chaos -- [--seed N] [--rounds M | --round R | --hours H] [--parallel K] [--long]`: settles random feeds under random disturbances and
 * compares every outcome with that of an undisturbed run (docs/chaos.md). A failure prints the seed and the round that reproduce it; `--round R` plays only
 * that one. `--hours H` plays rounds until the time is over; some of its outages last minutes, as with `--long`. `--parallel K` plays K rounds at a time.
 *
 * Works on private database servers that it may restart, or on the one that MAGAM_DATABASE_URL names, which it does not restart. Exit codes: 0 no
 * failure, 1 a failure, 2 wrong usage.
 */
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { summaryOf } from './chaos/summary.mjs';
import { root, run, say } from './script.mjs';
import { ensureBuilt } from './setup.mjs';

/** @typedef {import('./chaos/lane.mjs').Played} Played */

const USAGE = 'Usage: npm run test:chaos -- [--seed N] [--rounds M | --round R | --hours H] [--parallel K] [--long]';
const number = { type: /** @type {const} */ ('string') };
const ROUNDS = 5;
const HOUR_MS = 3_600_000;

/**
 * @typedef {object} Options
 * @property {number} seed
 * @property {number} first round
 * @property {number} last round
 * @property {number} forMs no round begins later
 * @property {number} parallel
 * @property {boolean} long
 */

/**
 * @param {string[]} args
 * @returns {Options | undefined} undefined: wrong usage
 */
function readArgs(args) {
  try {
    const options = {
      seed: number,
      rounds: number,
      round: number,
      hours: number,
      parallel: number,
      long: { type: /** @type {const} */ ('boolean') },
    };
    const { long = false, hours, ...numbers } = parseArgs({ args, options }).values;
    if (Object.values(numbers).some((value) => !/^\d{1,9}$/.test(String(value)))) return undefined;
    if (hours !== undefined && !/^\d{1,4}(\.\d{1,3})?$/.test(hours)) return undefined;
    if ([hours, numbers.rounds, numbers.round].filter((value) => value !== undefined).length > 1) return undefined;
    const parallel = Number(numbers.parallel ?? 1);
    if (parallel < 1 || parallel > 16) return undefined;
    const one = numbers.round === undefined ? undefined : Number(numbers.round);
    return {
      seed: Number(numbers.seed ?? Math.floor(Math.random() * 1e9)),
      first: one ?? 1,
      last: one ?? (hours === undefined ? Number(numbers.rounds ?? ROUNDS) : Number.POSITIVE_INFINITY),
      forMs: hours === undefined ? Number.POSITIVE_INFINITY : Number(hours) * HOUR_MS,
      parallel,
      long: long || hours !== undefined,
    };
  } catch {
    return undefined;
  }
}

/**
 * Plays rounds in one lane while there are any left.
 * @param {number} lane
 * @param {Options} options
 * @param {() => number | undefined} next
 * @param {(played: Played) => void} done
 */
function playLane(lane, { seed, long }, next, done) {
  const folder = join(process.env.MAGAM_HOME || join(root, '.magam'), `chaos-${lane}`);
  const file = fileURLToPath(new URL('chaos/lane.mjs', import.meta.url));
  // The lane has its own process group, so that Ctrl-C reaches only this process, which lets the rounds in hand end.
  const child = fork(file, [folder, String(seed), long ? 'long' : ''], { detached: true });
  return new Promise((/** @type {(value: void) => void} */ resolve, reject) => {
    child.on('message', (message) => {
      if (message !== 'ready') done(/** @type {Played} */ (message));
      const round = next();
      if (round === undefined) child.disconnect();
      else child.send(round);
    });
    child.once('exit', (code, signal) =>
      code === 0 ? resolve() : reject(new Error(`lane ${lane} ended with ${code ?? signal}`)),
    );
  });
}

await run(async () => {
  const options = readArgs(process.argv.slice(2));
  if (options === undefined) {
    say(USAGE);
    return 2;
  }
  const { seed, first, last, forMs, parallel, long } = options;
  await ensureBuilt();
  say(`seed ${seed}`);
  if (process.env.MAGAM_DATABASE_URL) say('MAGAM_DATABASE_URL is set: that server is not restarted');
  const started = Date.now();
  let stopped = false;
  for (const signal of ['SIGINT', 'SIGTERM'])
    process.once(signal, () => {
      stopped = true;
      say('stopping after the rounds in hand; again: at once');
    });
  let round = first;
  const next = () => (stopped || round > last || Date.now() - started >= forMs ? undefined : round++);
  /** @type {Played[]} */
  const played = [];
  const lanes = Math.min(parallel, last - first + 1);
  await Promise.all(
    Array.from({ length: lanes }, (_, lane) =>
      playLane(lane + 1, options, next, (one) => {
        played.push(one);
        for (const line of one.report) say(line);
      }),
    ),
  );
  const lines = summaryOf(seed, played, (Date.now() - started) / 1000, long ? ' --long' : '');
  process.stdout.write(`${lines.join('\n')}\n`);
  return played.every(({ passed }) => passed) ? 0 : 1;
});
