/** A process that is stopped beyond its lease: the server rolls its transaction back, another takes over, and it wakes up too late. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { documentOf, Settling } from '../support/settling.js';

let feed: Settling;
beforeAll(async () => {
  feed = await Settling.withOneThread();
});
afterAll(() => feed.drop());
beforeEach(() => feed.reset());

describe('SIGSTOP beyond the lease, SIGCONT after the takeover', () => {
  it.each(['chunk.in-transaction', 'chunk.before-commit', 'chunk.commit', 'chunk.after-commit', 'partition.start'])(
    'at %s',
    async (point) => {
      const frozen = feed.startSettle({ MAGAM_FAULT: `${point}:stop:2` });
      await frozen.says(`FAULT ${point}`);
      await feed.finish();
      const woken = await frozen.wake();
      expect(woken).toMatchObject({ code: 0 });
      expect(documentOf(woken).certificate).toEqual(feed.cleanDocument.certificate);
      await feed.expectClean();
      expect((await feed.claims()).LOST).toBeGreaterThan(0);
    },
  );

  it.each(['run.before-plan-commit', 'run.before-finish-commit'])(
    'at %s, where it holds the row of the run',
    async (point) => {
      const frozen = feed.startSettle({ MAGAM_FAULT: `${point}:stop` });
      await frozen.says(`FAULT ${point}`);
      await feed.finish();
      expect(await frozen.wake()).toMatchObject({ code: 0 });
      await feed.expectClean();
      expect(await feed.finish()).toMatchObject({ alreadyDone: true });
    },
  );
});
