/** The order of the test files: those that start processes first, so that at the end no worker waits for one long file. */

/** Folders by how long their files take, the longest first; the other files come last. */
const LONG = ['/test/batch/', '/test/scripts/', '/test/cli/', '/test/api/', '/import-'];

/** @param {string} path */
const rank = (path) => {
  const found = LONG.findIndex((part) => path.includes(part));
  return found < 0 ? LONG.length : found;
};

/** A sequencer of jest. */
export default class LongestFirst {
  /** @param {Iterable<{ path: string }>} tests */
  sort(tests) {
    return [...tests].sort((a, b) => rank(a.path) - rank(b.path) || (a.path < b.path ? -1 : 1));
  }

  /** Times of former runs are not kept. */
  cacheResults() {}
}
