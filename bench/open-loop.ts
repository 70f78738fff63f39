/** Load from an open loop: this many arrivals a second, each at its moment, whether or not the earlier ones were answered. */

export interface Arrival<Result> {
  readonly result: Result;
  /** The time from the due moment of the arrival to its end (ms), so that a late generator does not shorten it. */
  readonly millis: number;
}

export interface Clock {
  /** Milliseconds, only going forward. */
  readonly now: () => number;
  readonly pause: (ms: number) => Promise<void>;
}

const systemClock: Clock = {
  now: () => performance.now(),
  pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

/** Sends `count` arrivals, `perSecond` of them a second. @returns each, in the order in which they were due, when the last has ended */
export async function openLoop<Result>(
  perSecond: number,
  count: number,
  send: (number: number) => Promise<Result>,
  clock: Clock = systemClock,
): Promise<Arrival<Result>[]> {
  const started = clock.now();
  const arrivals: Promise<Arrival<Result>>[] = [];
  const arrive = async (number: number, due: number): Promise<Arrival<Result>> => {
    const result = await send(number);
    return { result, millis: clock.now() - due };
  };
  for (let number = 0; number < count; number += 1) {
    const due = started + (number * 1_000) / perSecond;
    const early = due - clock.now();
    if (early > 0) await clock.pause(early);
    arrivals.push(arrive(number, due));
  }
  return Promise.all(arrivals);
}
