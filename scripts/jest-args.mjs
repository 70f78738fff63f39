/**
 * Which test files a command runs. Those named `….long.test.ts` take long: processes are killed in them at every step, servers go away, or chance plays many rounds. `npm test`
 * leaves them out, unless files are named on its command line; `--long` (`npm run test:long`) runs them alone, `--mysql` (`npm run test:mysql`) runs all. `--quick`
 * (`npm run test:quick`) runs the tests of rules, stores and imports.
 */
const LONG_FILES = '\\.long\\.test\\.ts$';
const WITHOUT_LONG = `--testPathIgnorePatterns=${LONG_FILES}`;
/** The flags of the script, with what they tell jest. */
const FLAGS = {
  // Without the API, the commands and the engine, whose tests start and kill processes.
  '--quick': ['/test/(kernel|infra|core)/', WITHOUT_LONG],
  '--long': [LONG_FILES],
  '--mysql': [],
};

/**
 * The arguments of jest for those that were given.
 * @param {readonly string[]} given
 */
export function jestArgs(given) {
  const flags = /** @type {(keyof typeof FLAGS)[]} */ (given.filter((arg) => arg in FLAGS));
  const others = given.filter((arg) => !(arg in FLAGS));
  const named = others.some((arg) => !arg.startsWith('-'));
  return [...(flags.length === 0 && !named ? [WITHOUT_LONG] : flags.flatMap((flag) => FLAGS[flag])), ...others];
}
