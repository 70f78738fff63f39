/** The plan of a night, drawn from its seed alone: several dates are settled while files come in, policies change, and disturbances strike. */
import { drawStrike } from './strikes.mjs';
import { drawFailover, drawUpheaval } from './upheavals.mjs';

/** @typedef {import('./draws.mjs').Draws} Draws */
/** @typedef {import('./strikes.mjs').Strike} Strike */
/** @typedef {import('./upheavals.mjs').Upheaval} Upheaval */

/** @typedef {'settle' | 'runner' | 'request' | 'import refunds' | 'import late lines' | 'take back' | 'new terms' | 'mend policies' | 'wrong clock' | 'no key' | 'strange key'} TaskName */

/**
 * @typedef {object} Task
 * @property {TaskName} name
 * @property {Strike[]} strikes one for each start of its command, until they are used up
 * @property {{ workers: number, chunkSize: number, writer: string }} numbers
 * @property {boolean} newer whether every other start is of the newer program; of a runner, every one
 */

/**
 * @typedef {object} Stage
 * @property {string} from first date that is settled in it
 * @property {string} to
 * @property {Task[]} tasks all at once
 * @property {Upheaval[]} upheavals
 */

/**
 * @typedef {object} NightPlan
 * @property {'night'} kind
 * @property {number} feedSeed
 * @property {string[]} dates
 * @property {string} lastDate closed at the end, because late lines may have come to it
 * @property {string} wrongDate of the file that is taken back
 * @property {number} lines
 * @property {number} lateLines
 * @property {number} wrongLines
 * @property {number} sellers
 * @property {number} gridSize
 * @property {boolean} supplement whether lines are parked first
 * @property {boolean} unmended whether some stay parked
 * @property {string | undefined} termsFrom
 * @property {0 | 1 | 2} keys how many signing keys there are, one after the other
 * @property {boolean} newer whether a newer program works beside this one
 * @property {boolean} replica
 * @property {boolean} long whether outages last minutes
 * @property {{ outageMs: number, answerMs: number }} patience
 * @property {Stage[]} stages
 */

/** @param {number} day */
const dateOf = (day) => `2026-03-${String(day).padStart(2, '0')}`;

/**
 * @param {Draws} draws
 * @param {{ own: boolean, long: boolean }} may
 * @returns {NightPlan}
 */
export function drawNight(draws, { own, long }) {
  const days = draws.between(1, 3);
  const dates = Array.from({ length: days }, (_, i) => dateOf(2 + i));
  const replica = own && draws.oneIn(8);
  const lasting = long && draws.oneIn(4);
  const splitAt = days > 1 && draws.oneIn(2) ? draws.between(1, days - 1) : 0;
  /** @type {NightPlan} */
  const plan = {
    kind: 'night',
    feedSeed: draws.between(1, 1e9),
    dates,
    lastDate: dateOf(2 + days),
    wrongDate: dateOf(20),
    lines: draws.between(300, 900) * days,
    lateLines: draws.oneIn(8) ? 4_300 : draws.between(100, 400),
    wrongLines: draws.pick([200, 500, 4_500]),
    sellers: draws.between(1, 60),
    gridSize: draws.between(1, 8),
    supplement: draws.oneIn(2),
    unmended: draws.oneIn(4),
    termsFrom: splitAt > 0 ? dates[splitAt] : undefined,
    keys: draws.pick(/** @type {const} */ ([0, 0, 1, 2])),
    newer: draws.oneIn(4),
    replica,
    long: lasting,
    patience: lasting
      ? { outageMs: 120_000, answerMs: 60_000 }
      : { outageMs: draws.pick([0, 1_500, 4_000, 10_000]), answerMs: draws.pick([1_000, 2_000, 5_000]) },
    stages: [],
  };
  plan.stages = drawStages(draws, plan, splitAt, { own, long: lasting });
  return plan;
}

/**
 * @param {Draws} draws
 * @param {NightPlan} plan
 * @param {number} splitAt
 * @param {{ own: boolean, long: boolean }} may
 */
function drawStages(draws, plan, splitAt, may) {
  const { dates, supplement, replica, keys, termsFrom } = plan;
  const [first = '', last = ''] = [dates[0], dates.at(-1)];
  const ranges =
    splitAt > 0
      ? [
          [first, dates[splitAt - 1]],
          [termsFrom, last],
        ]
      : [[first, last]];
  if (supplement) ranges.push([first, last]);
  const failing = draws.between(0, ranges.length - 1);
  return ranges.map(([from = '', to = ''], index) => {
    const extras = extrasOf(draws, plan, index, ranges.length);
    const upheavals = Array.from({ length: draws.pick([0, 1, 1, 2]) }, () =>
      drawUpheaval(draws, { ...may, replica: false, own: may.own && !replica }),
    );
    if (replica && index === failing) upheavals.splice(draws.between(0, upheavals.length), 0, drawFailover(draws));
    if (keys > 0 && index > 0) extras.push(draws.pick(/** @type {const} */ (['no key', 'strange key'])));
    const names = [...settlersOf(draws, plan), ...extras];
    return { from, to, tasks: names.map((name, place) => drawTask(draws, plan, name, place)), upheavals };
  });
}

/**
 * Processes that settle; where there are two programs, a runner of each.
 * @param {Draws} draws
 * @param {NightPlan} plan
 * @returns {TaskName[]}
 */
function settlersOf(draws, { newer }) {
  if (!draws.oneIn(3)) return Array.from({ length: draws.between(1, 2) }, () => 'settle');
  const runners = Array.from({ length: newer ? 2 : draws.between(1, 2) }, () => /** @type {const} */ ('runner'));
  return [...runners, 'request', ...(draws.oneIn(3) ? [/** @type {const} */ ('settle')] : [])];
}

/**
 * The tasks beside the settlement.
 * @param {Draws} draws
 * @param {NightPlan} plan
 * @param {number} index of the stage
 * @param {number} stages
 * @returns {TaskName[]}
 */
function extrasOf(draws, { supplement, termsFrom }, index, stages) {
  /** @type {TaskName[]} */
  const extras = [];
  if (index === 0) extras.push('import refunds', 'import late lines');
  if (index === 0 && termsFrom !== undefined) extras.push('new terms');
  if (supplement && index === stages - 1) extras.push('mend policies');
  if (draws.oneIn(2)) extras.push('take back');
  if (draws.oneIn(6)) extras.push('wrong clock');
  return extras;
}

/**
 * @param {Draws} draws
 * @param {NightPlan} plan
 * @param {TaskName} name
 * @param {number} place among the tasks of the stage
 * @returns {Task}
 */
function drawTask(draws, plan, name, place) {
  const command = COMMANDS[name];
  const most = command === 'settle' || command === 'runner' ? 3 : 1;
  const count = command === undefined ? 0 : draws.between(0, most);
  return {
    name,
    strikes: Array.from({ length: count }, () =>
      drawStrike(draws, /** @type {import('./strikes.mjs').CommandName} */ (command)),
    ),
    numbers: {
      workers: draws.between(1, 2),
      chunkSize: draws.between(80, 500),
      writer: draws.pick(['insert', 'load', 'auto']),
    },
    newer: plan.newer && (command === 'settle' || (command === 'runner' && place === 1)),
  };
}

/** The command that a task starts, where it may be struck. @type {Partial<Record<TaskName, import('./strikes.mjs').CommandName>>} */
const COMMANDS = {
  settle: 'settle',
  runner: 'runner',
  'import refunds': 'import',
  'import late lines': 'import',
  'take back': 'withdraw',
  'new terms': 'policies',
  'mend policies': 'policies',
};
