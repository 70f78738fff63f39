/** One round over several dates: settlements, imports, withdrawals and corrections in an undisturbed run, and then under disturbances. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChaosFailure } from './ends.mjs';
import { environment, killAll, runningPids, startMagam } from './magam.mjs';
import { writeNightFiles } from './night-feed.mjs';
import { booksOf, certificatesOf, differences, nightViolations } from './night-invariants.mjs';
import { TASKS } from './night-tasks.mjs';
import { makeNewerProgram } from './other-version.mjs';
import { PrimaryAndReplica } from './replica.mjs';
import { createScratchDatabase, openScratchDatabase } from './scratch-database.mjs';
import { openSite } from './servers.mjs';
import { pause, strikeAll } from './upheavals.mjs';

/** @typedef {import('./night-plan.mjs').NightPlan} NightPlan */
/** @typedef {import('./night-plan.mjs').Stage} Stage */
/** @typedef {import('./night-plan.mjs').Task} Task */
/** @typedef {import('./servers.mjs').Server} Server */
/** @typedef {import('./servers.mjs').Site} Site */
/** @typedef {import('./scratch-database.mjs').ScratchDatabase} ScratchDatabase */
/** @typedef {{ pem: string, publicKey: string }} Key */

/** The time limits of a command and of a stage, in a round whose outages last seconds and in one whose outages last minutes. */
const LIMITS = { ordinary: { command: 90_000, stage: 150_000 }, long: { command: 900_000, stage: 1_800_000 } };

/** @returns {Key} */
function makeKey() {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
  };
}

/**
 * Runs the round. Throws `ChaosFailure`, and keeps the database for a look at it, unless it was on a replica.
 * @param {NightPlan} plan
 * @param {Server} server
 * @param {(line: string) => void} log
 * @param {(kind: string) => void} count is called for every disturbance that struck
 * @param {(db: ScratchDatabase, facts: import('./night-invariants.mjs').NightFacts) => Promise<void>} [damage] for tests of the checks: done before them
 * @returns {Promise<string>} a summary of the result
 */
export async function runNight(plan, server, log, count, damage) {
  const folder = mkdtempSync(join(tmpdir(), 'magam-night-'));
  const pair = plan.replica ? await PrimaryAndReplica.start() : undefined;
  /** @type {Night | undefined} */
  let night;
  try {
    const files = writeNightFiles(plan, folder);
    const undisturbed = settleUndisturbed(pair?.primary.server ?? server, plan, files);
    const [books, begun] = await Promise.all([undisturbed, Night.begin(plan, files, server, pair, count)]);
    night = begun;
    const since = performance.now();
    for (const [index, stage] of plan.stages.entries()) {
      await night.play(stage, index);
      log(`stage ${index + 1} done after ${seconds(since)}`);
    }
    await night.finish();
    await damage?.(night.db, night.facts);
    await night.check(books);
    await night.db.drop();
    return `same ${books.lines.length} lines and ${books.parked.length} parked entries after ${night.starts} starts`;
  } catch (error) {
    if (night !== undefined && pair === undefined) log(`the database is kept: ${night.site.database}`);
    throw error;
  } finally {
    await killAll();
    await night?.db.close();
    await night?.site.wire.close();
    night?.newer?.remove();
    await pair?.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {number} since (performance.now()) */
const seconds = (since) => `${((performance.now() - since) / 1_000).toFixed(1)} s`;

/**
 * Runs a command on a quiet database, and returns the id of its process.
 * @param {string} url
 * @param {readonly string[]} args
 * @param {Readonly<Record<string, string | undefined>>} [settings]
 * @param {string} [program]
 */
async function quietly(url, args, settings = {}, program) {
  const { pid, ended } = startMagam([...args, '--json'], environment(url, settings), { program });
  const { code, stdout, stderr } = await ended;
  if (code !== 0 && code !== 3)
    throw new ChaosFailure(`magam ${args.join(' ')} without a disturbance exits with ${code}: ${stdout}${stderr}`);
  return pid;
}

/**
 * The results of an undisturbed run with the same files and policies.
 * @param {Server} server
 * @param {NightPlan} plan
 * @param {import('./night-feed.mjs').NightFiles} files
 */
async function settleUndisturbed(server, plan, files) {
  const db = await createScratchDatabase(server.url);
  try {
    await quietly(db.url, ['policies', 'apply', files.all]);
    await quietly(db.url, ['import', 'lines', files.lines]);
    await quietly(db.url, ['import', 'refunds', files.refunds]);
    await quietly(db.url, ['import', 'lines', files.late, '--skip-rejects']);
    await quietly(db.url, ['settle', '--from', String(plan.dates[0]), '--to', String(plan.dates.at(-1))]);
    return await booksOf(db, plan.dates);
  } finally {
    await db.drop();
  }
}

class Night {
  /** The number of settling commands that were started under disturbances. */
  starts = 0;
  /** @type {Set<number>} */
  newerPids = new Set();
  /** @type {{ name: string, hash: string }[]} */
  certified = [];
  failedOver = false;

  /**
   * @param {NightPlan} plan
   * @param {import('./night-feed.mjs').NightFiles} files
   * @param {Site} site
   * @param {ScratchDatabase} db looks at the server that serves
   * @param {PrimaryAndReplica | undefined} pair
   * @param {(kind: string) => void} count
   */
  constructor(plan, files, site, db, pair, count) {
    this.plan = plan;
    this.files = files;
    this.site = site;
    this.db = db;
    this.pair = pair;
    this.count = count;
    this.newer = plan.newer ? makeNewerProgram() : undefined;
    this.newerProgram = this.newer?.program;
    /** @type {Key[]} */
    this.keys = Array.from({ length: plan.keys }, makeKey);
    this.key = this.keys[0];
    this.limits = plan.long ? LIMITS.long : LIMITS.ordinary;
  }

  /**
   * Makes the database with its content before the night.
   * @param {NightPlan} plan
   * @param {import('./night-feed.mjs').NightFiles} files
   * @param {Server} server
   * @param {PrimaryAndReplica | undefined} pair
   * @param {(kind: string) => void} count
   */
  static async begin(plan, files, server, pair, count) {
    const db = await createScratchDatabase((pair?.primary.server ?? server).url);
    const database = new URL(db.url).pathname.slice(1);
    const site = pair === undefined ? await openSite(server, database) : pair.site(database);
    const night = new Night(plan, files, site, db, pair, count);
    await quietly(db.url, ['calendar', 'schedule', '9999-12-31']); // runners carry out only requests
    await quietly(db.url, ['policies', 'apply', files.base]);
    await quietly(db.url, ['import', 'lines', files.lines]);
    return night;
  }

  /** The signing key, and the trusted keys. */
  get signing() {
    const trusted = this.keys.map(({ publicKey }) => publicKey).join(',');
    return { MAGAM_SIGNING_KEY: this.key?.pem, MAGAM_TRUSTED_KEYS: trusted || undefined };
  }

  /**
   * Plays a stage: all its tasks at once, and the upheavals of the database meanwhile. After a failover the lost work is done again, as the page for
   * operators says.
   * @param {Stage} stage
   * @param {number} index
   */
  async play(stage, index) {
    this.key = this.keys[Math.min(index, this.keys.length - 1)];
    if (!this.failedOver) await this.pair?.catchUp();
    const before = this.failedOver;
    await this.#together(stage);
    if (runningPids().length > 0) throw new ChaosFailure(`processes are left: ${runningPids().join(', ')}`);
    if (!before && this.pair?.failedOver) await this.#mendFailover(stage);
    this.certified.push(...(await certificatesOf(this.db)));
  }

  /**
   * All tasks at once. A failover may have lost the end of an import that was done. Its file is imported again at once, because the dates that it holds open
   * are waited for.
   * @param {Stage} stage
   */
  async #together({ from, to, tasks, upheavals }) {
    const [othersDone, over, failed] = [new AbortController(), new AbortController(), new AbortController()];
    const context = this.#context(from, to, othersDone.signal, failed.signal);
    /** @param {Promise<unknown>} work The first that fails ends all others. */
    const orGiveUp = (work) =>
      work.catch(async (error) => {
        if (!failed.signal.aborted) failed.abort(error);
        await killAll();
      });
    /** @type {Task[]} */
    const done = [];
    /** @param {Task} task */
    const perform = (task) => orGiveUp(TASKS[task.name](context, copyOf(task)).then(() => done.push(task)));
    const runners = tasks.filter(({ name }) => name === 'runner');
    const others = tasks.filter(({ name }) => name !== 'runner');
    const before = this.pair?.failedOver;
    const upheaval = orGiveUp(strikeAll(this.site, upheavals, over.signal, this.count)).then(() =>
      before === this.pair?.failedOver
        ? undefined
        : Promise.all(done.filter(isOfFile).map(withoutStrikes).map(perform)),
    );
    await Promise.all([Promise.all(others.map(perform)).then(() => othersDone.abort()), ...runners.map(perform)]);
    over.abort();
    await upheaval;
    failed.signal.throwIfAborted();
  }

  /**
   * @param {string} from
   * @param {string} to
   * @param {AbortSignal} othersDone
   * @param {AbortSignal} failed
   * @returns {import('./night-tasks.mjs').StageContext}
   */
  #context(from, to, othersDone, failed) {
    const { plan, files, newerProgram, limits, count } = this;
    const shared = {
      MAGAM_CHUNK_DEADLINE_MS: '2000',
      MAGAM_OUTAGE_MS: String(plan.patience.outageMs),
      MAGAM_ANSWER_MS: String(plan.patience.answerMs),
      MAGAM_STOP_MS: '5000',
      ...this.signing,
    };
    return {
      ...{ plan, files, from, to, newerProgram, othersDone, failed, count },
      environment: (settings) => environment(this.site.url, { ...shared, ...settings }),
      limitMs: limits.command,
      until: Date.now() + limits.stage,
      started: (pid, newer) => {
        this.starts += 1;
        if (newer) this.newerPids.add(pid);
      },
      strangeKey: makeKey().pem,
    };
  }

  /** @param {Stage} stage */
  async #mendFailover(stage) {
    this.failedOver = true;
    await this.db.close();
    this.db = openScratchDatabase(new URL(`/${this.site.database}`, this.pair?.directUrl).href);
    this.certified.push(...(await certificatesOf(this.db)));
    await quietly(this.db.url, ['restored']);
    /** @type {Task[]} */
    const again = [];
    for (const name of new Set(stage.tasks.map((task) => task.name))) {
      if (['settle', 'runner', 'request', 'wrong clock', 'no key', 'strange key'].includes(name)) continue;
      const task = stage.tasks.find((one) => one.name === name);
      if (task !== undefined) again.push(withoutStrikes(task));
    }
    const numbers = { workers: 2, chunkSize: 500, writer: 'auto' };
    for (const task of [
      ...again,
      { name: /** @type {const} */ ('settle'), strikes: [], numbers, newer: this.plan.newer },
    ]) {
      await this.#together({ ...stage, tasks: [task], upheavals: [] });
    }
  }

  /** Closes the date to which late lines may have come, and tries the parked entries once more. */
  async finish() {
    const range = ['--from', String(this.plan.dates[0]), '--to', this.plan.lastDate];
    const pid = await quietly(this.db.url, ['settle', ...range, '--allow-empty'], this.signing, this.newerProgram);
    if (this.newer !== undefined) this.newerPids.add(pid);
  }

  get facts() {
    const { plan, files, certified, newerPids } = this;
    const dates = [...plan.dates, plan.lastDate];
    return { dates, rows: files.rows, rejected: files.rejected.length, newerPids, certified };
  }

  /**
   * Checks everything from outside.
   * @param {Awaited<ReturnType<typeof booksOf>>} expected
   */
  async check(expected) {
    const { facts } = this;
    const { dates } = facts;
    const wrong = [...differences(await booksOf(this.db, dates), expected), ...(await nightViolations(this.db, facts))];
    const range = ['--from', String(dates[0]), '--to', this.plan.lastDate];
    const options = { program: this.newerProgram };
    const verified = await startMagam(['verify', ...range, '--json'], environment(this.db.url, this.signing), options)
      .ended;
    if (verified.code !== 0)
      wrong.push(`magam verify exits with ${verified.code}: ${verified.stdout.slice(0, 4_000)}${verified.stderr}`);
    wrong.push(...(await this.#sessionsLeft()));
    if (wrong.length > 0) throw new ChaosFailure(wrong.slice(0, 20).join('\n'));
  }

  /** Connections of commands end with them. */
  async #sessionsLeft() {
    const sql = `SELECT id, user, command, time FROM information_schema.processlist WHERE db = DATABASE() AND user <> 'root' AND id NOT IN
       (SELECT id FROM information_schema.processlist WHERE user = SUBSTRING_INDEX(USER(), '@', 1))`;
    if (!this.site.server.own) return []; // commands use the same account as the checks
    for (let looks = 0; looks < 50; looks += 1) {
      if ((await this.db.rows(sql)).length === 0) return [];
      await pause(100);
    }
    return [`connections of commands are left: ${JSON.stringify(await this.db.rows(sql))}`];
  }
}

/** @param {Task} task */
const isOfFile = ({ name }) => ['import refunds', 'import late lines', 'take back'].includes(name);

/** @param {Task} task @returns {Task} */
const withoutStrikes = (task) => ({ ...task, strikes: [] });

/**
 * Returns a copy, so that using up the strikes does not change the plan.
 * @param {Task} task
 * @returns {Task}
 */
const copyOf = (task) => ({ ...task, strikes: [...task.strikes] });
