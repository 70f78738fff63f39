/** The plan of a round of chaos, drawn from its seed alone. */
import { Draws } from './draws.mjs';
import { drawNight } from './night-plan.mjs';
import { describeStrike, drawStrike } from './strikes.mjs';
import { describeUpheaval, drawUpheaval } from './upheavals.mjs';

/** @typedef {import('./strikes.mjs').Strike} Strike */
/** @typedef {import('./upheavals.mjs').Upheaval} Upheaval */
/** @typedef {import('./night-plan.mjs').NightPlan} NightPlan */

/**
 * @typedef {object} DatePlan one date, settled again and again under disturbances
 * @property {'date'} kind
 * @property {{ lines: number, sellers: number, date: string, seed: string }} feed
 * @property {number} gridSize
 * @property {boolean} poison whether the database refuses one of the lines
 * @property {number} processes started together each time
 * @property {{ workers: number, chunkSize: number, writer: string }[]} commands the parameters of each process
 * @property {Strike[]} strikes one for each process that is started, until they are used up
 * @property {Upheaval[]} upheavals one for each time that processes are started together, until they are used up
 */

/** @typedef {DatePlan | NightPlan} RoundPlan */

/**
 * Draws a round.
 * @param {number} seed
 * @param {number} round
 * @param {{ own: boolean, long: boolean }} may whether the database server may be restarted, whether outages may last minutes
 * @returns {RoundPlan}
 */
export function drawRound(seed, round, may) {
  const draws = new Draws(Math.imul(seed, 2_654_435_761) ^ round);
  draws.next(); // neighbouring seeds give different numbers only from the second one on
  return draws.oneIn(4) ? drawDate(draws, may) : drawNight(draws, may);
}

/**
 * @param {Draws} draws
 * @param {{ own: boolean, long: boolean }} may
 * @returns {DatePlan}
 */
function drawDate(draws, { own }) {
  const processes = draws.between(1, 3);
  return {
    kind: 'date',
    feed: {
      lines: draws.between(800, 4_000),
      sellers: draws.between(1, 120),
      date: '2026-03-02',
      seed: `chaos-${draws.between(1, 1e6)}`,
    },
    gridSize: draws.between(1, 12),
    poison: draws.oneIn(4),
    processes,
    commands: Array.from({ length: processes }, () => ({
      workers: draws.between(1, 3),
      chunkSize: draws.between(60, 600),
      writer: draws.pick(['insert', 'load', 'auto']),
    })),
    strikes: Array.from({ length: draws.between(2, 5) }, () => drawStrike(draws, 'settle')),
    upheavals: Array.from({ length: draws.between(0, 2) }, () =>
      drawUpheaval(draws, { own, replica: false, long: false }),
    ),
  };
}

/**
 * The round in words: its work, and then all its disturbances.
 * @param {RoundPlan} plan
 * @returns {string[]}
 */
export function describeRound(plan) {
  if (plan.kind === 'date') {
    const { feed, gridSize, processes, poison, strikes, upheavals } = plan;
    return [
      `one date: ${feed.lines} sales, grid ${gridSize}, ${processes} processes${poison ? ', a poison row' : ''}`,
      ...[...strikes.map(describeStrike), ...upheavals.map(describeUpheaval)].map((line) => `  - ${line}`),
    ];
  }
  const { dates, lines, lateLines, supplement, unmended, termsFrom, keys, newer, replica, patience, gridSize } = plan;
  const features = [
    `${dates.length} dates: ${lines} lines, ${lateLines} late, grid ${gridSize}, outages borne ${patience.outageMs} ms, answers waited for ${patience.answerMs} ms`,
    supplement && 'a supplement',
    unmended && 'entries that stay parked',
    termsFrom !== undefined && `new terms from ${termsFrom}`,
    keys > 0 && `${keys} signing keys`,
    newer && 'two versions of the program',
    replica && 'a replica',
  ];
  const stages = plan.stages.flatMap(({ from, to, tasks, upheavals }) => [
    `  ${from} to ${to}: ${tasks.map(({ name }) => name).join(', ')}`,
    ...tasks.flatMap(({ name, strikes }) => strikes.map((strike) => `  - ${name}: ${describeStrike(strike)}`)),
    ...upheavals.map((upheaval) => `  - ${describeUpheaval(upheaval)}`),
  ]);
  return [features.filter(Boolean).join(', '), ...stages];
}
