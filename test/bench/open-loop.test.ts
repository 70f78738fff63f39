import { describe, expect, it } from '@jest/globals';
import { type Clock, openLoop } from '../../bench/open-loop.js';
import { percentile } from '../../bench/stock-report.js';

/** A clock that goes forward only while somebody pauses. */
function testClock(): Clock {
  let time = 0;
  const pause = async (ms: number): Promise<void> => {
    time += ms;
  };
  return { now: () => time, pause };
}

describe('an open loop', () => {
  it('sends each at its moment, although those before are not answered', async () => {
    const clock = testClock();
    const sent: number[] = [];
    let answer = (): void => undefined;
    const never = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const send = async (number: number): Promise<number> => {
      sent.push(clock.now());
      if (number === 4) answer();
      await never;
      return number;
    };
    const arrivals = await openLoop(100, 5, send, clock);
    expect(sent).toEqual([0, 10, 20, 30, 40]);
    expect(arrivals.map(({ result }) => result)).toEqual([0, 1, 2, 3, 4]);
  });

  it('counts what an arrival waits from the moment at which it was due', async () => {
    const clock = testClock();
    const late: Clock = { now: clock.now, pause: (ms) => clock.pause(ms + 35) }; // the generator oversleeps
    const arrivals = await openLoop(100, 5, async () => undefined, late);
    expect(arrivals.slice(1).map(({ millis }) => millis)).toEqual([35, 25, 15, 5]); // it is late for the second, and all after it
  });
});

describe('a percentile', () => {
  it('is the value that this percentage of the samples does not exceed', () => {
    const samples = [30, 10, 20, 40];
    expect([25, 50, 51, 99, 100].map((percent) => percentile(samples, percent))).toEqual([10, 20, 30, 40, 40]);
    expect(percentile([], 50)).toBeNaN();
  });
});
