/**
 * One of the parallel lanes of rounds: a process with its own database server. It plays the rounds that its
 * parent sends, and sends back the results. It ends, with its server, when the parent disconnects.
 */
import { rmSync } from 'node:fs';
import { runDate } from './date-round.mjs';
import { ChaosFailure } from './ends.mjs';
import { killAll } from './magam.mjs';
import { runNight } from './night-round.mjs';
import { describeRound, drawRound } from './plan.mjs';
import { givenServer, startServer } from './servers.mjs';

/**
 * @typedef {object} Played
 * @property {number} round
 * @property {boolean} passed
 * @property {string[]} report
 * @property {Record<string, number>} struck how many disturbances of each kind
 */

const [folder = '', seedText = '', long] = process.argv.slice(2);
const given = process.env.MAGAM_DATABASE_URL;
const server = given ? givenServer(given) : await startServer(folder);
let failed = false;

/**
 * @param {number} round
 * @returns {Promise<Played>}
 */
async function play(round) {
  const plan = drawRound(Number(seedText), round, { own: server.own, long: long === 'long' });
  const [what = '', ...lines] = describeRound(plan);
  const report = [`round ${round}: ${what}`, ...lines];
  /** @type {Record<string, number>} */
  const struck = {};
  /** @param {string} kind */
  const count = (kind) => {
    struck[kind] = (struck[kind] ?? 0) + 1;
  };
  const log = (/** @type {string} */ line) => void report.push(`  ${line}`);
  const started = performance.now();
  try {
    const result = await (plan.kind === 'date'
      ? runDate(plan, server, log, count)
      : runNight(plan, server, log, count));
    log(`${result}, ${((performance.now() - started) / 1000).toFixed(1)} s`);
    return { round, passed: true, report, struck };
  } catch (error) {
    failed = true;
    report.push(error instanceof ChaosFailure ? error.message : String(error instanceof Error ? error.stack : error));
    const again = `--seed ${seedText} --round ${round}${long === 'long' ? ' --long' : ''}`;
    report.push(`round ${round} FAILED; to see it again: npm run test:chaos -- ${again}`);
    return { round, passed: false, report, struck };
  }
}

/** The database of a failed round is kept for a look at it. */
async function end() {
  await killAll();
  if (!failed) {
    await server.end();
    if (server.own) rmSync(folder, { recursive: true, force: true });
  }
  process.exit();
}

process.on('message', async (round) => void process.send?.(await play(Number(round))));
process.on('disconnect', () => void end());
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => undefined); // the parent disconnects
process.send?.('ready');
