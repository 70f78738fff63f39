#!/usr/bin/env node
/**
 * `npm run test:mutants -- [--quick] [--only TEXT] [--list]`: makes one small change after the other in a copy of the product and runs the tests
 * that should find it. `--quick` takes those whose tests need no database, `--only` those with the text in their name, in the name of
 * the file that they change or in that of their list (`--only mutants/sessions.mjs`), and `--list` names them and runs nothing.
 *
 * Ends in a table on standard output. Exit codes: 0 every mutant was found, 1 one survived or could not be made, 2 wrong usage.
 */
import { parseArgs } from 'node:util';
import { Copy } from './mutants/copy.mjs';
import { readMutants } from './mutants/list.mjs';
import { endTests, runTests } from './mutants/run-tests.mjs';
import { run, ScriptError, say } from './script.mjs';
import { startTestServices } from './services.mjs';
import { ensureBuilt } from './setup.mjs';

const USAGE = 'Usage: npm run test:mutants -- [--quick] [--only TEXT] [--list]';
/** As many mutants at a time. */
const LANES = 2;
/** For one test file. A change may make the code loop forever, which also counts as found. */
const LIMIT_MS = 300_000;
/** Names of tests are cut here. */
const DETAIL_MAX = 90;

/** @typedef {import('./mutants/list.mjs').Mutant} Mutant */
/** @typedef {{ mutant: Mutant, verdict: 'killed' | 'survived' | 'no change' | 'stale' | 'broken', detail: string, seconds: number }} Verdict */

/** @param {string[]} args */
function readArgs(args) {
  const flag = { type: /** @type {const} */ ('boolean'), default: false };
  try {
    const only = { type: /** @type {const} */ ('string'), default: '' };
    return parseArgs({ args, options: { quick: flag, list: flag, only } }).values;
  } catch {
    return undefined;
  }
}

/**
 * Checks that the tests pass without a change, because failing tests would find every mutant.
 * @param {Copy} copy
 * @param {readonly Mutant[]} mutants
 */
async function requireSoundTests(copy, mutants) {
  const whole = mutants.filter(({ only }) => only === undefined);
  const some = mutants.filter(({ only }) => only !== undefined);
  for (const group of [whole, some].filter(({ length }) => length > 0)) {
    const files = [...new Set(group.map(({ tests }) => tests))];
    const names = new Set(group.flatMap(({ only }) => only ?? []));
    const only = names.size === 0 ? undefined : [...names].join('|');
    const { outcome, detail } = await runTests(copy.folder, files, only, files.length * LIMIT_MS);
    if (outcome !== 'passed') throw new ScriptError(`Without any change, the tests do not pass: ${detail}`);
  }
}

/**
 * @param {Copy} copy
 * @param {Mutant} mutant
 * @returns {Promise<Verdict>}
 */
async function tryMutant(copy, mutant) {
  const since = performance.now();
  const finding = await copy.whileChanged(mutant, async () =>
    mutant.equivalent === undefined ? await runTests(copy.folder, [mutant.tests], mutant.only, LIMIT_MS) : 'no change',
  );
  const seconds = (performance.now() - since) / 1000;
  if (finding === undefined) {
    return { mutant, verdict: 'stale', detail: `its text is not in ${mutant.file} exactly once`, seconds };
  }
  if (finding === 'no change') return { mutant, verdict: finding, detail: mutant.equivalent ?? '', seconds };
  const verdict = {
    passed: /** @type {const} */ ('survived'),
    failed: /** @type {const} */ ('killed'),
    broken: /** @type {const} */ ('broken'),
  };
  const detail = finding.outcome === 'passed' ? mutant.tests : finding.detail;
  return { mutant, verdict: verdict[finding.outcome], detail, seconds };
}

/**
 * @param {readonly Copy[]} copies
 * @param {readonly Mutant[]} mutants
 */
async function tryAll(copies, mutants) {
  const waiting = [...mutants];
  /** @type {Verdict[]} */
  const verdicts = [];
  await Promise.all(
    copies.map(async (copy) => {
      for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
        const verdict = await tryMutant(copy, mutant);
        say(`${verdict.verdict.padEnd(9)} ${verdict.seconds.toFixed(1).padStart(6)} s  ${mutant.name}`);
        verdicts.push(verdict);
      }
    }),
  );
  return verdicts.sort((a, b) => mutants.indexOf(a.mutant) - mutants.indexOf(b.mutant));
}

/** @param {readonly Verdict[]} verdicts */
function table(verdicts) {
  const width = Math.max(...verdicts.map(({ mutant }) => mutant.name.length));
  const rows = verdicts.map(
    ({ mutant, verdict, detail }) =>
      `${verdict.padEnd(9)}  ${mutant.name.padEnd(width)}  ${detail.slice(0, DETAIL_MAX)}`,
  );
  const count = [...new Set(verdicts.map(({ verdict }) => verdict))]
    .map((kind) => `${verdicts.filter(({ verdict }) => verdict === kind).length} ${kind}`)
    .join(', ');
  return `${rows.join('\n')}\n${verdicts.length} mutants: ${count}\n`;
}

await run(async () => {
  const args = readArgs(process.argv.slice(2));
  if (args === undefined) {
    say(USAGE);
    return 2;
  }
  const { quick, only, list } = args;
  const mutants = (await readMutants()).filter(
    (mutant) => (mutant.quick || !quick) && `${mutant.name} ${mutant.file} ${mutant.list}`.includes(only),
  );
  if (mutants.length === 0) throw new ScriptError('No mutant has this name; --list shows the names.');
  if (list) {
    for (const { name, file, quick } of mutants)
      process.stdout.write(`${quick ? 'quick' : 'long '}  ${name}  (${file})\n`);
    return 0;
  }
  await ensureBuilt();
  if (mutants.some((mutant) => !mutant.quick)) {
    const { MAGAM_DATABASE_URL, MAGAM_REDIS_URL } = process.env;
    const services = await startTestServices({ databaseUrl: MAGAM_DATABASE_URL, redisUrl: MAGAM_REDIS_URL });
    process.env.MAGAM_DATABASE_URL = services.databaseUrl;
    process.env.MAGAM_REDIS_URL = services.redisUrl;
  }
  const copies = Array.from({ length: Math.min(LANES, mutants.length) }, () => new Copy());
  process.once('exit', () => {
    endTests();
    for (const copy of copies) copy.remove();
  });
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.once(signal, () => process.exit(130));
  await requireSoundTests(
    /** @type {Copy} */ (copies[0]),
    mutants.filter((mutant) => !mutant.equivalent),
  );
  const verdicts = await tryAll(copies, mutants);
  process.stdout.write(table(verdicts));
  return verdicts.every(({ verdict }) => verdict === 'killed' || verdict === 'no change') ? 0 : 1;
});
