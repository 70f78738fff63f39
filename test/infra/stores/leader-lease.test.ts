/** Who leads, and that nobody else does a leader's work. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { change, inTransaction, select } from '../../../infra/database.js';
import { fenceLeadership, holdLeadership, resignLeadership } from '../../../infra/stores/leader-lease.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(() => change(database.db, 'DELETE FROM leader_lease'));

const hold = (owner: string): Promise<number | undefined> => holdLeadership(database.db, 'schedule', owner, 60_000);
const fence = (owner: string, inEpoch = 1): Promise<boolean> =>
  inTransaction(database.db, (tx) => fenceLeadership(tx, 'schedule', owner, inEpoch));
const endLease = (): Promise<number> =>
  change(database.db, 'UPDATE leader_lease SET lease_until = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND');
const epoch = async (): Promise<number | undefined> =>
  (await select<{ epoch: number }>(database.db, 'SELECT epoch FROM leader_lease'))[0]?.epoch;

describe('leadership', () => {
  it('is one at a time, however many ask at once', async () => {
    const held = await Promise.all(['a', 'b', 'c', 'd'].map(hold));
    expect(held.filter(Boolean)).toHaveLength(1);
  });

  it('is kept by its holder, and gets a new epoch when another takes it over', async () => {
    expect([await hold('a'), await hold('a'), await hold('b')]).toEqual([1, 1, undefined]);
    expect(await epoch()).toBe(1);
    await endLease();
    expect(await hold('b')).toBe(2);
    expect(await epoch()).toBe(2);
    expect(await hold('a')).toBeUndefined();
  });

  it('that is given up is taken by another at once; nobody gives up the lease of another', async () => {
    await hold('a');
    await resignLeadership(database.db, 'schedule', 'b');
    expect(await hold('b')).toBeUndefined();
    await resignLeadership(database.db, 'schedule', 'a');
    expect(await hold('b')).toBe(2);
  });
});

describe("a leader's transaction", () => {
  it('is begun by the leader alone', async () => {
    await hold('a');
    expect([await fence('a'), await fence('b')]).toEqual([true, false]);
  });

  it('is not begun by a leader that was taken over: the owner alone', async () => {
    await hold('a');
    await endLease();
    await hold('b');
    // Both say the epoch that is now.
    expect([await fence('a', 2), await fence('b', 2)]).toEqual([false, true]);
  });

  it('is not begun by a leader that was taken over and leads again: the epoch alone', async () => {
    await hold('a');
    await endLease();
    await hold('b');
    await endLease();
    expect(await hold('a')).toBe(3);
    expect([await fence('a', 1), await fence('a', 3)]).toEqual([false, true]);
  });

  it('is not begun when the lease is over, though nobody has taken it yet: the lease alone', async () => {
    await hold('a');
    await endLease();
    expect(await fence('a')).toBe(false);
  });
});
