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
