/** One round of chaos: a clean run, then the same feed again and again under disturbances, each time until the command says that it is done. */
import { isDeepStrictEqual } from 'node:util';
import { outcomeOf, violations } from './invariants.mjs';
import { environment, killAll, runMagam, startMagam } from './magam.mjs';
import { createScratchDatabase, forgetRuns, seed } from './scratch-database.mjs';
import { startProxy } from './tcp-proxy.mjs';

/** @typedef {import('./plan.mjs').RoundPlan} RoundPlan */
/** @typedef {import('./plan.mjs').Disturbance} Disturbance */
/** @typedef {import('./scratch-database.mjs').ScratchDatabase} ScratchDatabase */
/** @typedef {import('./magam.mjs').Ended} Ended */

/**
 * @typedef {object} Server
 * @property {string} url
 * @property {(() => Promise<void>) | undefined} restart kills the server and starts it again; undefined when it is not ours
 */

/** Something that must not happen, in words. */
export class ChaosFailure extends Error {}

const STARTS_MAX = 60;
/** A stopped process sleeps through more than a lease, so that others take over. */
const FROZEN_MS = 3_000;
/** How a disturbed command may end; anything else is a failure. */
const CODES = ['PARTITION_FAILED', 'DATABASE_UNAVAILABLE', 'DATABASE_BUSY', 'SCHEMA_OUTDATED'];

/** @param {number} ms */
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Runs the round. Throws `ChaosFailure`, and leaves the database for whoever wants to look at it.
 * @param {RoundPlan} plan
 * @param {Server} server
 * @param {(line: string) => void} log
 * @returns {Promise<{ starts: number, lines: number, exceptions: number }>}
 */
export async function runRound(plan, server, log) {
  const db = await createScratchDatabase(server.url);
  try {
    await seed(db, plan.feed);
    if (plan.poison) await addPoison(db, plan.feed.date);
    const clean = await settleUndisturbed(db, plan);
    const left = [...plan.disturbances];
    let starts = 0;
    while (left.length > 0) {
      await forgetRuns(db);
      starts += await settleDisturbed(db, plan, left, server, log);
      await requireSame(db, plan, clean);
    }
    const { lines, exceptions } = clean.outcome;
    await db.drop();
    return { starts, lines: lines.length, exceptions: exceptions.length };
  } catch (error) {
    log(`the database is kept: ${new URL(db.url).pathname.slice(1)}`);
    throw error;
  } finally {
    await killAll();
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
 * @param {RoundPlan} plan
 * @param {number} process
 */
function settleArgs({ feed, gridSize, commands }, process) {
  const { workers, chunkSize } = commands[process] ?? { workers: 2, chunkSize: 500 };
  const numbers = { 'grid-size': gridSize, workers, 'chunk-size': chunkSize };
  const options = Object.entries(numbers).flatMap(([name, value]) => [`--${name}`, String(value)]);
  return ['settle', '--date', feed.date, ...options, '--json'];
}

/** @param {ScratchDatabase} db @param {RoundPlan} plan */
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
 * Starts the command, several at a time and each with its disturbance, until one says that the date is done.
 * @param {ScratchDatabase} db
 * @param {RoundPlan} plan
 * @param {Disturbance[]} left those that have not struck yet; taken from the front
 * @param {Server} server
 * @param {(line: string) => void} log
 */
async function settleDisturbed(db, plan, left, server, log) {
  for (let starts = 0; starts < STARTS_MAX; ) {
    const commands = Array.from({ length: plan.processes }, (_, i) =>
      disturbedCommand(db, plan, i, left.shift(), server),
    );
    const ended = await Promise.all(commands);
    starts += ended.length;
    for (const one of ended) requireDecentEnd(one);
    log(`  ${ended.map(({ code, signal }) => signal ?? code).join(', ')}`);
    if (ended.some(({ code }) => code === 0 || code === 3)) return starts;
  }
  throw new ChaosFailure(`the date is not settled after ${STARTS_MAX} starts`);
}

/**
 * @param {ScratchDatabase} db
 * @param {RoundPlan} plan
 * @param {number} process
 * @param {Disturbance | undefined} disturbance
 * @param {Server} server
 * @returns {Promise<Ended>}
 */
async function disturbedCommand(db, plan, process, disturbance, server) {
  const { kind, fault, signal, cuts = [], afterMs = 0 } = disturbance ?? {};
  const proxy = kind === 'cut' || kind === 'cut-all' ? await startProxy(db.url, cuts) : undefined;
  const env = environment(proxy?.url ?? db.url, {
    MAGAM_CHUNK_DEADLINE_MS: '2000',
    MAGAM_LINE_WRITER: plan.commands[process]?.writer,
    ...(fault === undefined ? {} : { MAGAM_FAULT: fault }),
  });
  const magam = startMagam(settleArgs(plan, process), env);
  const strike = async () => {
    await pause(afterMs);
    if (signal !== undefined) magam.send(signal);
    if (kind === 'cut-all') proxy?.cutAll();
    if (kind === 'restart') await server.restart?.();
  };
  const frozen = async () => {
    if (fault?.includes(':stop') === true) await magam.says('FAULT');
    else if (signal === 'SIGSTOP') await pause(afterMs);
    else return;
    await pause(FROZEN_MS);
    await magam.wake();
  };
  try {
    const [ended] = await Promise.all([magam.ended, strike(), frozen().catch(() => undefined)]);
    return ended;
  } finally {
    await proxy?.close();
  }
}

/**
 * A command may be killed or fail for a reason it names; its standard output is one document or nothing.
 * @param {Ended} ended
 */
function requireDecentEnd({ code, signal, stdout, stderr, overdue }) {
  if (overdue) throw new ChaosFailure(`the command hangs:\n${stderr}`);
  if (stdout === '' && (signal !== null || stderr.includes('FAULT'))) return;
  /** @type {{ error?: { code: string, message: string } }} */
  let document;
  try {
    document = JSON.parse(stdout);
  } catch {
    throw new ChaosFailure(`not one JSON document (exit code ${code}):\n${stdout}\n${stderr}`);
  }
  if (code === 0 || code === 3 || code === 130) return;
  const injected = document.error?.message.includes('fault at') === true;
  if (code === 1 && (injected || CODES.includes(document.error?.code ?? ''))) return;
  throw new ChaosFailure(`exit code ${code}:\n${stdout}\n${stderr}`);
}

/**
 * The disturbed date is what the undisturbed one was, to the last line and to the certificate's hash, and the command knows it.
 * @param {ScratchDatabase} db
 * @param {RoundPlan} plan
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
