/** The list of mutants matches the sources: the text that it changes exists, and so do the tests that it names. */
import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { readMutants } from '../../scripts/mutants/list.mjs';

const root = new URL('../../', import.meta.url);
const mutants = await readMutants();
const textOf = (file: string): string => readFileSync(new URL(file, root), 'utf8');

it.each(mutants)('$name ($file) can be made', ({ file, from, to, tests, only = '' }) => {
  const named = textOf(tests);
  expect({
    ...{ times: textOf(file).split(from).length - 1, changes: from !== to },
    notNamed: only.split('.*').filter((piece) => !named.includes(piece)),
  }).toEqual({ times: 1, changes: true, notNamed: [] });
});
