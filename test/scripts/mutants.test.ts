/** The list of mutants matches the sources: the text that it changes exists, and so do the tests that it names. */
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
