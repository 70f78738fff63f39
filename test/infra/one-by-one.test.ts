import { expect, it } from '@jest/globals';
import { oneByOne } from '../../infra/one-by-one.js';

it('goes on after a row that fails, and ends where the database is away', async () => {
  const error = new Error('spoilt');
  const seen: number[] = [];
  const work = async (id: number) => {
    seen.push(id);
    if (id === 2) throw error;
    if (id === 9) throw Object.assign(new Error('gone'), { code: 'ECONNREFUSED' });
    return id !== 3;
  };
  expect(await oneByOne([1, 2, 3, 4], work)).toEqual({ done: 2, failed: [{ id: 2, error }] });
  await expect(oneByOne([9, 10], work)).rejects.toThrow('gone');
  expect(seen).toEqual([1, 2, 3, 4, 9]);
});

it('goes on after a row that somebody else has locked, and ends when three in succession are', async () => {
  const error = Object.assign(new Error('locked'), { errno: 1205 });
  const seen: number[] = [];
  const lockedFrom = (first: number) => async (id: number) => {
    seen.push(id);
    if (id === 1 || id >= first) throw error;
    return true;
  };
  expect(await oneByOne([1, 2, 3], lockedFrom(9))).toEqual({ done: 2, failed: [{ id: 1, error }] });
  await expect(oneByOne([1, 2, 3, 4, 5, 6], lockedFrom(3))).rejects.toThrow('locked');
  expect(seen).toEqual([1, 2, 3, 1, 2, 3, 4, 5]);
});
