/** The mutants: small changes of the product, each of which a test must find. They are in test/mutants/, in a file for each field. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../script.mjs';

/**
 * One change, and the tests that should find it.
 * @typedef {object} Mutant
 * @property {string} name what is broken, in words
 * @property {string} file
 * @property {string} from is in the file exactly once
 * @property {string} to
 * @property {string} tests a test file
 * @property {string} [only] the one test of the file to run, as jest's `-t` takes it. Each piece of it between two `.*` is written in the file
 * @property {boolean} [quick] its tests need no database and no process
 * @property {string} [list] its file in test/mutants, filled in by `readMutants`
 * @property {string} [equivalent] why no test can find the change: it is not run, only checked to apply
 */

/** All mutants, by the name of their file and in its order. */
export async function readMutants() {
  const folder = join(root, 'test/mutants');
  const files = readdirSync(folder).filter((name) => name.endsWith('.mjs'));
  const lists = await Promise.all(
    files.sort().map(async (name) => {
      const { mutants } = await import(pathToFileURL(join(folder, name)).href);
      return /** @type {Mutant[]} */ (mutants).map((mutant) => ({ ...mutant, list: `test/mutants/${name}` }));
    }),
  );
  return lists.flat();
}
