/** How long a partition has been failing for the database's sake. */
import { expect, it } from '@jest/globals';
import { OutageClock } from '../../batch/engine/outage-clock.js';

it('counts from the first claim that failed where the partition stands', () => {
  const clock = new OutageClock();
  expect(clock.failed(1, 5, 0, 1_000)).toBe(0);
  expect(clock.failed(1, 5, 0, 61_000)).toBe(60_000);
});

it('counts from zero for a partition that has moved on, and each by itself', () => {
  const clock = new OutageClock();
  clock.failed(1, 5, 0, 1_000);
  expect(clock.failed(1, 6, 0, 61_000)).toBe(0); // somebody else moved it
  expect(clock.failed(2, 5, 0, 62_000)).toBe(0);
  expect(clock.failed(2, 5, 3, 122_000)).toBe(0); // it has moved on before it failed again
});

it('counts on where a failed claim had moved it, because it has failed there', () => {
  const clock = new OutageClock();
  clock.failed(1, 5, 3, 1_000);
  expect(clock.failed(1, 8, 0, 31_000)).toBe(30_000);
});
