/** The list of mutants keeps up with the sources: what it wants to change stands there, and the tests that it names exist. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { readMutants } from '../../scripts/mutants/list.mjs';

const root = new URL('../../', import.meta.url);
const mutants = await readMutants();

it.each(mutants)('$name ($file) can be made', ({ file, from, to, tests }) => {
  const pieces = readFileSync(new URL(file, root), 'utf8').split(from);
  expect({ times: pieces.length - 1, changes: from !== to, tests: existsSync(new URL(tests, root)) }).toEqual({
    times: 1,
    changes: true,
    tests: true,
  });
});
