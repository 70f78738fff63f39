/** Strikes at one process: each kind is named, weighted, and drawn from the seed. */

/**
 * @typedef {object} Strike
 * @property {string} kind the name of the kind
 * @property {string} words its description in the plan
 * @property {string} [fault] goes to MAGAM_FAULT of the process
 * @property {NodeJS.Signals} [signal] sent after `afterMs`
 * @property {import('./tcp-proxy.mjs').Cut[]} [cuts] of the connections of this process
 * @property {number} afterMs after the start of the process
 */

/** @typedef {import('./draws.mjs').Draws} Draws */
/** @typedef {'settle' | 'import' | 'withdraw' | 'policies' | 'runner'} CommandName */

/**
 * @typedef {object} StrikeKind
 * @property {string} name
 * @property {number} weight
 * @property {readonly CommandName[]} [of] commands that it strikes; all without it
 * @property {(draws: Draws, command: CommandName) => Omit<Strike, 'kind' | 'afterMs'>} draw
 */

/** Points at which a fault can strike (infra/faults.ts): those of worker threads, and those of the main thread. */
const CHUNK_POINTS = ['chunk.in-transaction', 'chunk.before-commit', 'chunk.commit', 'chunk.after-commit'];
const THREAD_POINTS = [...CHUNK_POINTS, ...CHUNK_POINTS, 'partition.start'];
const RUN_POINTS = ['run.opened', 'run.before-plan-commit', 'run.planned', 'run.before-finish-commit', 'run.finished'];
const IMPORT_POINTS = [
  'import.checked',
  'import.registered',
  'import.before-commit',
  'import.after-commit',
  'import.before-complete',
];
/** @type {Record<CommandName, string[]>} */
const POINTS = {
  settle: RUN_POINTS,
  runner: [...RUN_POINTS, 'request.taken'],
  import: IMPORT_POINTS,
  withdraw: ['abandon.batch'],
  policies: [],
};

/** The faults of a worker thread. On the main thread only those that end or stop the process make sense. */
const THREAD_ACTIONS = ['kill', 'kill', 'stop', 'exit', 'hang', 'memory', 'error'];
const PROCESS_ACTIONS = ['kill', 'stop', 'exit', 'error'];
/** A thread that ends alone is followed by another, which counts from one again: if the first step were struck, no thread would ever complete one. */
const ENDS_PROCESS = new Set(['kill', 'stop']);

const FENCE = /^UPDATE run_partition SET seq = seq/;
/** @type {[statement: RegExp, inTransactionOf?: RegExp][]} */
const SETTLE_STATEMENTS = [
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
/** @type {[statement: RegExp, inTransactionOf?: RegExp][]} */
const OTHER_STATEMENTS = [[/^COMMIT/], [/^COMMIT/], [/^BEGIN/], [/^INSERT INTO/], [/^UPDATE/]];

/** @param {CommandName} command */
const settles = (command) => command === 'settle' || command === 'runner';

/** @param {Draws} draws @param {CommandName} command */
function drawCuts(draws, command) {
  return Array.from({ length: draws.between(1, 3) }, () => {
    const [statement, inTransactionOf] = draws.pick(settles(command) ? SETTLE_STATEMENTS : OTHER_STATEMENTS);
    const place = draws.pick(/** @type {const} */ (['before', 'answer', 'middle']));
    return {
      statement,
      place,
      nth: draws.between(1, settles(command) ? 8 : 2),
      ...(inTransactionOf && { inTransactionOf }),
    };
  });
}

/** @type {readonly StrikeKind[]} */
const STRIKES = [
  {
    name: 'fault',
    weight: 3,
    of: ['settle', 'runner', 'import', 'withdraw'],
    draw: (draws, command) => {
      const ofThread = settles(command) && draws.between(1, 3) > 1;
      const point = draws.pick(ofThread ? THREAD_POINTS : POINTS[command]);
      const action = draws.pick(ofThread ? THREAD_ACTIONS : PROCESS_ACTIONS);
      const drawn = ofThread ? draws.between(1, 6) : 1;
      // A failed command is started again without the fault; a runner continues with it.
      const nth = ofThread && command === 'runner' && !ENDS_PROCESS.has(action) ? Math.max(2, drawn) : drawn;
      const fault = `${point}:${action}:${nth}`;
      return { fault, words: fault };
    },
  },
  {
    name: 'signal',
    weight: 3,
    draw: (draws) => {
      const signal = draws.pick(/** @type {const} */ (['SIGKILL', 'SIGKILL', 'SIGSTOP', 'SIGTERM', 'SIGINT']));
      return { signal, words: signal };
    },
  },
  {
    name: 'cut',
    weight: 2,
    draw: (draws, command) => {
      const cuts = drawCuts(draws, command);
      return {
        cuts,
        words: cuts.map(({ statement, place, nth }) => `cut ${place} ${nth}. ${statement.source}`).join(' + '),
      };
    },
  },
  {
    name: 'skewed clock',
    weight: 2,
    draw: (draws) => {
      const seconds = draws.between(3, 50) * draws.pick([1, -1]);
      return { fault: `clock:${seconds}`, words: `a clock ${Math.abs(seconds)} s ${seconds > 0 ? 'fast' : 'slow'}` };
    },
  },
];

/**
 * Draws a strike at a process of this command.
 * @param {Draws} draws
 * @param {CommandName} command
 * @returns {Strike}
 */
export function drawStrike(draws, command) {
  const kind = draws.weighted(STRIKES.filter(({ of }) => of === undefined || of.includes(command)));
  return { kind: kind.name, ...kind.draw(draws, command), afterMs: draws.between(150, 1_200) };
}

/** @param {Strike} strike */
export const describeStrike = ({ words, signal, afterMs }) =>
  signal === undefined ? words : `${words} after ${afterMs} ms`;
