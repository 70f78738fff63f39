/** One round of chaos: a clean run, then the same feed again and again under disturbances, each time until the command reports that it is done. */
import { isDeepStrictEqual } from 'node:util';
import { ChaosFailure, OUTAGE_CODES, requireDecentEnd } from './ends.mjs';
import { outcomeOf, violations } from './invariants.mjs';
import { environment, killAll, runMagam } from './magam.mjs';
import { createScratchDatabase, forgetRuns, seed } from './scratch-database.mjs';
import { openSite } from './servers.mjs';
import { startStruck } from './struck-command.mjs';
import { strikeAll } from './upheavals.mjs';

/** @typedef {import('./plan.mjs').DatePlan} DatePlan */
/** @typedef {import('./servers.mjs').Site} Site */
/** @typedef {import('./strikes.mjs').Strike} Strike */
/** @typedef {import('./upheavals.mjs').Upheaval} Upheaval */
/** @typedef {import('./scratch-database.mjs').ScratchDatabase} ScratchDatabase */

const STARTS_MAX = 60;
/** The errors with which a disturbed command may end, unless it is killed; any other is a failure. */
const CODES = [...OUTAGE_CODES, 'PARTITION_FAILED'];

/**
 * Runs the round. Throws `ChaosFailure`, and keeps the database for a look at it.
 * @param {DatePlan} plan
 * @param {import('./servers.mjs').Server} server
 * @param {(line: string) => void} log
 * @param {(kind: string) => void} count is called for every disturbance that struck
 * @returns {Promise<string>} a summary of the result
 */
export async function runDate(plan, server, log, count) {
  const db = await createScratchDatabase(server.url);
  const site = await openSite(server, new URL(db.url).pathname.slice(1));
  try {
    await seed(db, plan.feed);
    if (plan.poison) await addPoison(db, plan.feed.date);
    const clean = await settleUndisturbed(db, plan);
    const left = { strikes: [...plan.strikes], upheavals: [...plan.upheavals] };
    let starts = 0;
    while (left.strikes.length + left.upheavals.length > 0) {
      await forgetRuns(db);
      starts += await settleDisturbed(plan, left, site, count);
      await requireSame(db, plan, clean);
    }
    const { lines, exceptions } = clean.outcome;
    await db.drop();
    return `same ${lines.length} lines and ${exceptions.length} exceptions after ${starts} starts`;
  } catch (error) {
    log(`the database is kept: ${site.database}`);
    throw error;
  } finally {
    await killAll();
    await site.wire.close();
    await db.close();
  }
}

/**
 * The database refuses the line of a sale that was refunded on its day, if there is one, or of any other.
 * @param {ScratchDatabase} db
 * @param {string} date
 */
async function addPoison(db, date) {
  const id = await db.value(
    `SELECT COALESCE((SELECT MIN(original_id) FROM refund_entry WHERE settled_on = ? AND original_on = ?),
       (SELECT MIN(entry_id) FROM sale_entry WHERE settled_on = ?))`,
    [date, date, date],
  );
  await db.change(`ALTER TABLE settlement_line ADD CONSTRAINT poison CHECK (leg <> 0 OR entry_id <> ${id})`);
}

/**
 * @param {DatePlan} plan
 * @param {number} process
 */
function settleArgs({ feed, gridSize, commands }, process) {
  const { workers, chunkSize } = commands[process] ?? { workers: 2, chunkSize: 500 };
  const numbers = { 'grid-size': gridSize, workers, 'chunk-size': chunkSize };
  const options = Object.entries(numbers).flatMap(([name, value]) => [`--${name}`, String(value)]);
  return ['settle', '--date', feed.date, ...options, '--json'];
}

/** @param {ScratchDatabase} db @param {DatePlan} plan */
async function settleUndisturbed(db, plan) {
  const { code, stdout, stderr } = await runMagam(settleArgs(plan, 0), environment(db.url));
  const expected = plan.poison ? 3 : 0;
  if (code !== expected) throw new ChaosFailure(`an undisturbed run exits with ${code}: ${stdout}${stderr}`);
  await requireInvariants(db, plan.feed.date);
  return { code, totals: JSON.parse(stdout).totals, outcome: await outcomeOf(db, plan.feed.date) };
}

/** @param {ScratchDatabase} db @param {string} date */
async function requireInvariants(db, date) {
  const wrong = await violations(db, date);
  if (wrong.length > 0) throw new ChaosFailure(wrong.slice(0, 20).join('\n'));
}

/**
 * Starts the command, several at a time and each with its strike, until one says that the date is done.
 * @param {DatePlan} plan
 * @param {{ strikes: Strike[], upheavals: Upheaval[] }} left those that have not struck yet; taken from the front
 * @param {Site} site
 * @param {(kind: string) => void} count
 */
async function settleDisturbed(plan, left, site, count) {
  for (let starts = 0; starts < STARTS_MAX; ) {
    const over = new AbortController();
    const upheaval = strikeAll(site, left.upheavals.splice(0, 1), over.signal, count);
    upheaval.catch(() => undefined); // its failure is a failure of the round, once the commands have ended
    const commands = plan.commands.map(async ({ writer }, process) => {
      const strike = left.strikes.shift();
      const env = environment(site.url, { MAGAM_CHUNK_DEADLINE_MS: '2000', MAGAM_LINE_WRITER: writer });
      const magam = await startStruck(settleArgs(plan, process), env, strike, count);
      return { ended: await magam.ended, strike };
    });
    const ended = await Promise.all(commands).finally(() => over.abort());
    await upheaval;
    starts += ended.length;
    for (const one of ended) requireDecentEnd(one.ended, CODES, one.strike);
    if (ended.some(({ ended: { code } }) => code === 0 || code === 3)) return starts;
  }
  throw new ChaosFailure(`the date is not settled after ${STARTS_MAX} starts`);
}

/**
 * The disturbed date equals the undisturbed one, to the last line and to the certificate's hash, and the command reports it as done.
 * @param {ScratchDatabase} db
 * @param {DatePlan} plan
 * @param {Awaited<ReturnType<typeof settleUndisturbed>>} clean
 */
async function requireSame(db, plan, clean) {
  const { date } = plan.feed;
  await requireInvariants(db, date);
  const outcome = await outcomeOf(db, date);
  for (const part of /** @type {(keyof typeof outcome)[]} */ (Object.keys(outcome))) {
    if (!isDeepStrictEqual(outcome[part], clean.outcome[part]))
      throw new ChaosFailure(`the ${part} differ from an undisturbed run's`);
  }
  const again = await runMagam(settleArgs(plan, 0), environment(db.url));
  const { alreadyDone, totals } = JSON.parse(again.stdout);
  if (again.code !== clean.code || alreadyDone !== true) throw new ChaosFailure(`settling again: ${again.stdout}`);
  if (!isDeepStrictEqual(totals, clean.totals)) throw new ChaosFailure('the totals differ from an undisturbed run’s');
  const verified = await runMagam(['verify', '--date', date, '--json'], environment(db.url));
  if (verified.code !== 0) throw new ChaosFailure(`magam verify: ${verified.stdout}${verified.stderr}`);
}
