/** The summary of all rounds. */

/** @typedef {import('./lane.mjs').Played} Played */

/**
 * The summary, line by line: rounds, disturbances by kind, and how to reproduce each failure.
 * @param {number} seed
 * @param {readonly Played[]} played
 * @param {number} seconds
 * @param {string} again the further options that draw the same rounds
 * @returns {string[]}
 */
export function summaryOf(seed, played, seconds, again = '') {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const { struck } of played) {
    for (const [kind, count] of Object.entries(struck)) counts.set(kind, (counts.get(kind) ?? 0) + count);
  }
  const failed = played.filter(({ passed }) => !passed);
  const width = Math.max(...[...counts.keys()].map((kind) => kind.length), 0);
  return [
    `${played.length} rounds in ${Math.round(seconds)} s. Disturbances that struck:`,
    ...[...counts]
      .sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
      .map(([kind, count]) => `  ${kind.padEnd(width)}  ${count}`),
    ...failed.map(({ round }) => `failed: npm run test:chaos -- --seed ${seed} --round ${round}${again}`),
    `seed ${seed}: ${played.length - failed.length} rounds passed, ${failed.length} failed`,
  ];
}
