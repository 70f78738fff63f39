/** Worker threads that exit, hang, run out of memory or fail: the same command continues without them. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { documentOf, type FailureDocument, Settling } from '../support/settling.js';

let feed: Settling;
beforeAll(async () => {
  feed = await Settling.create();
});
afterAll(() => feed.drop());
beforeEach(() => feed.reset());

describe('many more threads than there is work for', () => {
  it('do not take the process down when they are ended while they load', async () => {
    // Before threads were waited for, one command in about ten aborted; test/batch/worker-pool.test.ts shows the waiting itself.
    const command = ['settle', '--date', '2026-02-01', '--workers', '64', '--allow-empty'];
    expect(await feed.start(command).ended).toMatchObject({ code: 0 });
  });
});

describe('a worker thread', () => {
  // One of two threads comes to at least seven chunks, and to at least three partitions.
  it.each([
    ['exits inside a transaction', 'chunk.in-transaction:exit:6'],
    ['exits before a commit', 'chunk.before-commit:exit:6'],
    ['exits after a commit', 'chunk.after-commit:exit:6'],
    ['exits at the start of a partition', 'partition.start:exit:3'],
    ['runs out of memory', 'chunk.in-transaction:memory:6'],
    ['throws', 'chunk.before-commit:error:6'],
  ])('that %s is replaced', async (_name, fault) => {
    await feed.finish({ MAGAM_FAULT: fault });
    expect((await feed.claims()).FAILED).toBeGreaterThan(0);
  });

  it('that exits is replaced again and again, as every thread counts from zero, so that its successors exit, too', async () => {
    await feed.finish({ MAGAM_FAULT: 'chunk.in-transaction:exit:3' });
    // The first two threads, and some that took their places: each has done two chunks of fourteen.
    expect((await feed.claims()).FAILED).toBeGreaterThan(2);
  });

  it.each(['chunk.in-transaction:hang:6', 'chunk.after-commit:hang:6', 'partition.start:hang:3'])(
    'that hangs (%s) is ended after the chunk deadline',
    async (fault) => {
      // On a busy machine a worker that does not hang may be late too; a partition has claims to spare for that.
      await feed.finish({ MAGAM_FAULT: fault, MAGAM_CHUNK_DEADLINE_MS: '1500', MAGAM_CLAIMS_MAX: '30' });
      const [failed] = await feed.db.rows(
        `SELECT error_code, error_message FROM partition_execution WHERE status = 'FAILED' LIMIT 1`,
      );
      expect(failed).toMatchObject({
        error_code: 'WORKER_DIED',
        error_message: expect.stringContaining('chunk deadline'),
      });
    },
  );

  it('that never gets anywhere fails its partition after a bounded number of claims; the command tries again when told to', async () => {
    const ended = await feed.settle({ MAGAM_FAULT: 'partition.start:exit', MAGAM_CLAIMS_MAX: '2' });
    expect(ended.code).toBe(1);
    const { error } = documentOf<FailureDocument>(ended);
    expect(error).toMatchObject({ code: 'PARTITION_FAILED', details: { status: 'FAILED' } });
    expect(error.details.partitions).toEqual(
      expect.arrayContaining([expect.objectContaining({ number: 1, code: 'WORKER_DIED' })]),
    );
    expect(await feed.db.value('SELECT status FROM job_instance')).toBe('FAILED');
    expect(await feed.db.value('SELECT COUNT(*) FROM settlement_line')).toBe('0');
    await feed.finish();
  });
});
