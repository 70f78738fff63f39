/** What a round of chaos does, drawn from its seed alone. */

/**
 * @typedef {object} Disturbance
 * @property {'fault' | 'signal' | 'cut' | 'cut-all' | 'restart'} kind
 * @property {string} [fault] MAGAM_FAULT of the process
 * @property {NodeJS.Signals} [signal]
 * @property {import('./tcp-proxy.mjs').Cut[]} [cuts]
 * @property {number} afterMs after the start of the process; for what comes from outside
 */

/**
 * @typedef {object} RoundPlan
 * @property {{ lines: number, sellers: number, date: string, seed: string }} feed
 * @property {number} gridSize
 * @property {boolean} poison whether the database refuses one of the lines
 * @property {number} processes started together each time
 * @property {{ workers: number, chunkSize: number, writer: string }[]} commands the parameters of each process
 * @property {Disturbance[]} disturbances one for each process that is started, until they are used up
 */

/** Random numbers that are the same for the same seed (mulberry32). */
class Draws {
  /** @param {number} seed */
  constructor(seed) {
    this.state = seed >>> 0;
  }

  /** A number in [0, 1). */
  next() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /**
   * A whole number from `min` to `max`.
   * @param {number} min
   * @param {number} max
   */
  between(min, max) {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  /**
   * @template T
   * @param {readonly T[]} choices
   * @returns {T}
   */
  pick(choices) {
    return /** @type {T} */ (choices[this.between(0, choices.length - 1)]);
  }
}

const CHUNK_POINTS = ['chunk.in-transaction', 'chunk.before-commit', 'chunk.commit', 'chunk.after-commit'];
const RUN_POINTS = ['run.opened', 'run.before-plan-commit', 'run.planned', 'run.before-finish-commit', 'run.finished'];
/** What can befall a worker thread; at the points of the main thread only what ends or stops the process makes sense. */
const THREAD_ACTIONS = ['kill', 'kill', 'stop', 'exit', 'hang', 'memory', 'error'];
const PROCESS_ACTIONS = ['kill', 'stop', 'exit', 'error'];

const FENCE = /^UPDATE run_partition SET seq = seq/;
/** @type {[statement: RegExp, inTransactionOf?: RegExp][]} */
const STATEMENTS = [
  [/^COMMIT/, FENCE],
  [/^COMMIT/, FENCE],
  [/^COMMIT/],
  [FENCE],
  [/^(INSERT INTO settlement_line|LOAD DATA)/],
  [/^BEGIN/],
  [/^SELECT s\.entry_id/],
  [/^UPDATE run_partition SET status = 'RUNNING'/],
  [/^INSERT INTO run_plan/],
  [/^INSERT INTO settlement_certificate/],
];

/**
 * @param {Draws} draws
 * @param {boolean} mayRestart
 * @returns {Omit<Disturbance, "afterMs">}
 */
function drawDisturbance(draws, mayRestart) {
  const kind = draws.pick([
    'fault',
    'fault',
    'fault',
    'signal',
    'cut',
    'cut',
    'cut-all',
    mayRestart ? 'restart' : 'fault',
  ]);
  if (kind === 'fault') {
    const point = draws.pick([...CHUNK_POINTS, ...CHUNK_POINTS, 'partition.start', ...RUN_POINTS]);
    const ofThread = !RUN_POINTS.includes(point);
    const action = draws.pick(ofThread ? THREAD_ACTIONS : PROCESS_ACTIONS);
    return { kind, fault: `${point}:${action}:${ofThread ? draws.between(1, 6) : 1}` };
  }
  if (kind === 'signal') return { kind, signal: draws.pick(['SIGKILL', 'SIGKILL', 'SIGSTOP', 'SIGTERM', 'SIGINT']) };
  if (kind !== 'cut') return { kind: /** @type {'cut-all' | 'restart'} */ (kind) };
  const cuts = Array.from({ length: draws.between(1, 3) }, () => {
    const [statement, inTransactionOf] = draws.pick(STATEMENTS);
    const place = draws.pick(/** @type {const} */ (['before', 'answer', 'middle']));
    return {
      statement,
      place,
      nth: draws.between(1, 8),
      ...(inTransactionOf === undefined ? {} : { inTransactionOf }),
    };
  });
  return { kind, cuts };
}

/**
 * Draws a round.
 * @param {number} seed
 * @param {number} round
 * @param {boolean} mayRestart whether the database server is ours to restart
 * @returns {RoundPlan}
 */
export function drawRound(seed, round, mayRestart) {
  const draws = new Draws(Math.imul(seed, 2_654_435_761) ^ round);
  const processes = draws.between(1, 3);
  return {
    feed: {
      lines: draws.between(800, 5_000),
      sellers: draws.between(1, 120),
      date: '2026-03-02',
      seed: `chaos-${draws.between(1, 1e6)}`,
    },
    gridSize: draws.between(1, 12),
    poison: draws.between(1, 4) === 1,
    processes,
    commands: Array.from({ length: processes }, () => ({
      workers: draws.between(1, 3),
      chunkSize: draws.between(60, 600),
      writer: draws.pick(['insert', 'load', 'auto']),
    })),
    disturbances: Array.from({ length: draws.between(3, 9) }, () => ({
      ...drawDisturbance(draws, mayRestart),
      afterMs: draws.between(300, 2_500),
    })),
  };
}

/**
 * A disturbance in a few words.
 * @param {Disturbance} disturbance
 */
export function describe({ kind, fault, signal, cuts, afterMs }) {
  if (kind === 'fault') return String(fault);
  if (kind === 'cut')
    return cuts?.map(({ statement, place, nth }) => `cut ${place} ${nth}. ${statement.source}`).join(' + ') ?? '';
  return `${signal ?? kind} after ${afterMs} ms`;
}
