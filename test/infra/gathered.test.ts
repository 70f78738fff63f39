/** What calls of one turn of the event loop share. */
import { expect, it } from '@jest/globals';
import { gathered } from '../../infra/gathered.js';

function recording() {
  const batches: (readonly number[])[] = [];
  const work = async (asks: readonly number[]): Promise<number[]> => {
    batches.push(asks);
    if (asks.includes(13)) throw new Error('unlucky');
    return asks.map((ask) => ask * 2);
  };
  return { batches, work };
}

it('answers the calls of one turn together, each with its own answer, and later calls by themselves', async () => {
  const { batches, work } = recording();
  const ask = gathered(work);
  expect(await Promise.all([ask(3), ask(1), ask(3)])).toEqual([6, 2, 6]);
  expect(await ask(5)).toBe(10);
  expect(batches).toEqual([[3, 1, 3], [5]]);
});

it('carries out no more at a time than it may', async () => {
  const { batches, work } = recording();
  const ask = gathered(work, 2);
  expect(await Promise.all([1, 2, 3].map(ask))).toEqual([2, 4, 6]);
  expect(batches).toEqual([[1, 2], [3]]);
});

it('fails those whose work failed, and nobody else', async () => {
  const { work } = recording();
  const ask = gathered(work, 2);
  const outcomes = await Promise.allSettled([1, 13, 3].map(ask));
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
  expect(await ask(4)).toBe(8);
});
