import { describe, expect, it } from '@jest/globals';
import { Gate } from '../../../infra/outbound/gate.js';

/** Work that ends when the test says so. */
function held() {
  let end = (): void => undefined;
  let begun = false;
  const done = new Promise<void>((resolve) => {
    end = resolve;
  });
  const work = async (): Promise<string> => {
    begun = true;
    await done;
    return 'worked';
  };
  return { work, end: () => end(), begun: () => begun };
}

const patient = { atOnceMax: 1, queueMax: 10, waitMs: 600_000 };

describe('a gate', () => {
  it('lets a fixed number work at once, and the next when one of them has ended', async () => {
    const gate = new Gate({ ...patient, atOnceMax: 2 });
    const [first, second, third] = [held(), held(), held()];
    const all = [first, second, third].map(({ work }) => gate.run(work));
    expect([gate.inFlight, gate.queued, third.begun()]).toEqual([2, 1, false]);
    first.end();
    await all[0];
    await new Promise(setImmediate);
    expect([gate.inFlight, gate.queued, third.begun()]).toEqual([2, 0, true]);
    second.end();
    third.end();
    expect(await Promise.all(all)).toEqual(Array(3).fill({ result: 'worked' }));
    expect([gate.inFlight, gate.queued]).toEqual([0, 0]);
  });

  it('turns away at once who finds the queue full', async () => {
    const gate = new Gate({ ...patient, queueMax: 1 });
    const [first, second, third] = [held(), held(), held()];
    const all = [first, second].map(({ work }) => gate.run(work));
    expect(await gate.run(third.work)).toEqual({ turnedAway: 'queue-full' });
    first.end();
    second.end();
    await Promise.all(all);
    expect(third.begun()).toBe(false);
  });

  it('turns away a caller that has waited too long, and never begins that work', async () => {
    const gate = new Gate({ ...patient, waitMs: 5 });
    const [first, second] = [held(), held()];
    const working = gate.run(first.work);
    expect(await gate.run(second.work)).toEqual({ turnedAway: 'waited-too-long' });
    expect(gate.queued).toBe(0);
    first.end();
    await working;
    await new Promise(setImmediate);
    expect([second.begun(), gate.inFlight]).toEqual([false, 0]);
  });

  it('passes the turn of one that has left on to the next', async () => {
    const gate = new Gate(patient);
    const [first, second, third] = [held(), held(), held()];
    const working = gate.run(first.work);
    const left = gate.run(second.work, 5);
    const waiting = gate.run(third.work);
    expect(await left).toEqual({ turnedAway: 'waited-too-long' });
    first.end();
    third.end();
    expect(await Promise.all([working, waiting])).toEqual([{ result: 'worked' }, { result: 'worked' }]);
  });

  it('counts only those who still wait against the limit of the queue', async () => {
    const gate = new Gate({ ...patient, queueMax: 1 });
    const [first, second, third] = [held(), held(), held()];
    const working = gate.run(first.work);
    await gate.run(second.work, 5);
    const waiting = gate.run(third.work);
    expect(gate.queued).toBe(1);
    first.end();
    third.end();
    expect(await Promise.all([working, waiting])).toEqual([{ result: 'worked' }, { result: 'worked' }]);
  });

  it('frees the place of work that throws', async () => {
    const gate = new Gate(patient);
    await expect(gate.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(gate.inFlight).toBe(0);
  });
});
