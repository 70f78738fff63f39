/**
 * Which test files a command runs. Those named `….long.test.ts` take long: processes are killed in them at every step, servers go away, or chance plays many rounds. `npm test`
 * leaves them out; `--long` (`npm run test:long`) runs them alone, `--mysql` (`npm run test:mysql`) runs all. `--quick` (`npm run test:quick`) runs the tests of rules, stores and
 * imports. Where files are named on the command line, each command runs these files alone, long or not.
 */
const LONG_FILES = '\\.long\\.test\\.ts$';
const WITHOUT_LONG = `--testPathIgnorePatterns=${LONG_FILES}`;
/** The flags of the script, with what they tell jest. */
const FLAGS = {
  // Without use cases, the API, the commands and the engine, many of whose tests start processes or wait for others.
  '--quick': ['/test/kernel/', '/test/infra/', '/test/core/.*/(rules|stores|import)/', WITHOUT_LONG],
  '--long': [LONG_FILES],
  '--mysql': [],
};
/** Options of jest whose value may be the next argument, which then names no file. */
const WITH_VALUE = ['-t', '--testNamePattern', '-w', '--maxWorkers', '--seed', '--shard', '--testTimeout'];

/**
 * The arguments of jest for those that were given.
 * @param {readonly string[]} given
 */
export function jestArgs(given) {
  const flags = /** @type {(keyof typeof FLAGS)[]} */ (given.filter((arg) => arg in FLAGS));
  const others = given.filter((arg) => !(arg in FLAGS));
  const named = others.some((arg, at) => !arg.startsWith('-') && !WITH_VALUE.includes(others[at - 1] ?? ''));
  if (named) return others;
  return [...(flags.length === 0 ? [WITHOUT_LONG] : flags.flatMap((flag) => FLAGS[flag])), ...others];
}
