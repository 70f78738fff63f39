/**
 * The order of the test files. Those that start processes take long and wait for a part of it, the others keep a core busy: two of these follow each of those, so that cores
 * are never left idle by files that wait. The others are more, and come last, so that at the end no worker waits for one long file.
 */

/** Parts of the paths of files that start processes, the longest first. */
const LONG = ['.long.test', '/test/batch/', '/test/scripts/', '/test/cli/', '/import-'];
const OTHERS_BETWEEN = 2;

/** @param {string} path */
const rank = (path) => {
  const found = LONG.findIndex((part) => path.includes(part));
  return found < 0 ? LONG.length : found;
};

/** A sequencer of jest. */
export default class LongestFirst {
  /** @param {Iterable<{ path: string }>} tests */
  sort(tests) {
    const sorted = [...tests].sort((a, b) => rank(a.path) - rank(b.path) || (a.path < b.path ? -1 : 1));
    const others = sorted.filter(({ path }) => rank(path) === LONG.length);
    const mixed = sorted
      .filter(({ path }) => rank(path) < LONG.length)
      .flatMap((long) => [long, ...others.splice(0, OTHERS_BETWEEN)]);
    return [...mixed, ...others];
  }

  /** Times of former runs are not kept. */
  cacheResults() {}
}
