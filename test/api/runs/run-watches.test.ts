/** Followers of a run share one reader, and never get data from before they came. */
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { RunWatches } from '../../../api/runs/run-watches.js';
import type { RunProgress } from '../../../core/jobs/run-meter.js';

let reads: number[];
let watches: RunWatches;
const never = new AbortController().signal;

beforeEach(() => {
  jest.useFakeTimers({ now: 1_000 });
  reads = [];
  watches = new RunWatches(async (runId) => {
    reads.push(runId);
    return { runId, version: String(reads.length) } as RunProgress;
  });
});
afterEach(() => {
  jest.useRealTimers();
});

describe('followers', () => {
  it('of the same run share one reader, which ends with the last of them', async () => {
    const following = [watches.follow(7), watches.follow(7), watches.follow(8)];
    await jest.advanceTimersByTimeAsync(3_500);
    expect(reads.filter((runId) => runId === 7)).toHaveLength(4);
    expect(reads.filter((runId) => runId === 8)).toHaveLength(4);
    expect(following[0]?.latest()).toBe(following[1]?.latest());
    for (const { leave } of following) leave();
    await jest.advanceTimersByTimeAsync(10_000);
    expect(reads).toHaveLength(8);
  });

  it('who join later wait for a state that was read after that', async () => {
    const first = watches.follow(7);
    await jest.advanceTimersByTimeAsync(500);
    expect(first.latest()).toMatchObject({ version: '1' });
    const second = watches.follow(7);
    expect(second.latest()).toBeUndefined();
    const next = second.next(15_000, never);
    await jest.advanceTimersByTimeAsync(600);
    await next;
    expect(second.latest()).toMatchObject({ version: '2' });
    first.leave();
    second.leave();
  });

  it('wait no longer than they said, nor after they were told to stop', async () => {
    const following = watches.follow(7);
    await jest.advanceTimersByTimeAsync(10);
    const impatient = following.next(100, never);
    await jest.advanceTimersByTimeAsync(100);
    await impatient;
    const stop = new AbortController();
    const stopped = following.next(60_000, stop.signal);
    stop.abort();
    await stopped;
    await following.next(60_000, stop.signal);
    following.leave();
  });

  it('outlast a database that is away', async () => {
    let away = true;
    const flaky = new RunWatches(async (runId) => {
      if (away) throw new Error('away');
      return { runId, version: 'back' } as RunProgress;
    });
    const following = flaky.follow(7);
    await jest.advanceTimersByTimeAsync(2_500);
    expect(following.latest()).toBeUndefined();
    away = false;
    await jest.advanceTimersByTimeAsync(1_000);
    expect(following.latest()).toMatchObject({ version: 'back' });
    following.leave();
  });
});
