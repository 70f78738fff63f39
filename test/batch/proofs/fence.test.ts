/**
 * One partition, or a group of them, two processes: what keeps the one that was frozen beyond its lease from writing when it wakes up. Each line of defence is
 * shown to hold alone, with the other guards switched off.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { violations } from '../../../scripts/chaos/invariants.mjs';
import { killAll, type Magam, until } from '../../../scripts/chaos/magam.mjs';
import { DATE, Settling } from '../../support/settling.js';

const ONE_PARTITION = ['settle', '--date', DATE, '--grid-size', '1', '--workers', '1', '--chunk-size', '100', '--json'];
/** All partitions are done in one chunk. */
const GROUP = ['settle', '--date', DATE, '--grid-size', '8', '--workers', '1', '--chunk-size', '50000', '--json'];
const FENCE = ['fence.owner', 'fence.epoch', 'fence.seq'];
const LEASE_EXPIRED = 'SELECT COUNT(*) FROM run_partition WHERE lease_until < UTC_TIMESTAMP(3)';

let feed: Settling;
let folder: string;
beforeAll(async () => {
  feed = await Settling.create();
  folder = mkdtempSync(join(tmpdir(), 'magam-proofs-'));
});
afterAll(async () => {
  await feed.drop();
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  await killAll();
  await feed.reset();
});

const chunkOf = (command: string[]): number => (command === GROUP ? 1 : 2);

let gates = 0;
/** Starts a settle by one thread, which waits at a point of its second chunk, or of its only one, until the gate is opened. */
async function startUpTo(
  command: string[],
  point: string,
  ...more: string[]
): Promise<{ settle: Magam; open: () => void }> {
  gates += 1;
  const gate = join(folder, `gate-${gates}`);
  const fault = [`${point}:wait:${chunkOf(command)}:${gate}`, ...more].join(',');
  const settle = feed.start(command, { MAGAM_FAULT: fault });
  await settle.says(`FAULT ${point}`);
  return { settle, open: () => writeFileSync(gate, '') };
}

interface Frozen {
  /** Wakes the process up, and waits until it reports the result of its second chunk. */
  readonly wake: () => Promise<string>;
  readonly ended: Magam['ended'];
}

/** The same, stopped there as a whole until its lease has ended. */
async function freezeAt(command: string[], point: string, ...switchedOff: string[]): Promise<Frozen> {
  const said = ['claim.lost', 'claim.failed', 'chunk.after-commit'];
  const { settle, open } = await startUpTo(
    command,
    point,
    ...switchedOff.map((guard) => `off:${guard}`),
    `claim.lost:say,claim.failed:say,chunk.after-commit:say:${chunkOf(command)}`,
  );
  settle.send('SIGSTOP');
  await until(async () => (await feed.db.value(LEASE_EXPIRED)) !== '0', 'the end of the lease');
  const wake = (): Promise<string> => {
    open();
    settle.send('SIGCONT');
    return Promise.any(said.map((outcome) => settle.says(`FAULT ${outcome}`).then(() => outcome)));
  };
  return { wake, ended: settle.ended };
}

/** Another process takes the partition over, commits the chunk, and waits in its next one while the frozen process wakes up. */
async function wakeBesideSuccessor(command: string[], ...switchedOff: string[]): Promise<string> {
  const frozen = await freezeAt(command, 'chunk.before-fence', 'lease.silence', ...switchedOff);
  const successor = await startUpTo(command, 'chunk.before-fence');
  const partition = 'SELECT owner, epoch, seq FROM run_partition ORDER BY number';
  const before = await feed.db.rows(partition);
  const outcome = await frozen.wake();
  expect(await feed.db.rows(partition)).toEqual(before);
  successor.open();
  await expectSettled(successor.settle, frozen);
  return outcome;
}

async function expectSettled(...settles: readonly Pick<Magam, 'ended'>[]): Promise<void> {
  for (const { ended } of settles) expect(await ended).toMatchObject({ code: 0 });
  expect(await violations(feed.db, DATE)).toEqual([]);
}

describe('a holder that wakes up beside its successor', () => {
  it.each([
    ['owner', ['fence.epoch', 'fence.seq']],
    ['epoch', ['fence.owner', 'fence.seq']],
    ['seq', ['fence.owner', 'fence.epoch']],
  ])('does not move the fence: %s alone', async (_name, others) => {
    expect(await wakeBesideSuccessor(ONE_PARTITION, 'lease.limit', ...others)).toBe('claim.lost');
  });

  it.each([
    ['owner', 'fence.epoch'],
    ['epoch', 'fence.owner'],
  ])('does not move the fences of a group, one of which is lost: %s alone', async (_name, other) => {
    expect(await wakeBesideSuccessor(GROUP, 'lease.limit', 'fence.seq', other)).toBe('claim.lost');
  });

  it('does not begin beyond its own limit: the limit alone', async () => {
    expect(await wakeBesideSuccessor(ONE_PARTITION, ...FENCE)).toBe('claim.lost');
  });

  it('cannot write a line twice: the unique key alone', async () => {
    expect(await wakeBesideSuccessor(ONE_PARTITION, 'lease.limit', ...FENCE)).toBe('claim.failed');
  });
});

describe('a holder that is frozen inside its transaction', () => {
  it('does not commit beyond its own limit: the limit alone', async () => {
    const frozen = await freezeAt(ONE_PARTITION, 'chunk.before-commit', 'lease.silence', ...FENCE);
    expect(await frozen.wake()).toBe('claim.lost');
    await expectSettled(frozen);
  });

  it('is rolled back by the server while it is silent: the limit of silence alone', async () => {
    const frozen = await freezeAt(ONE_PARTITION, 'chunk.before-commit', 'lease.limit', ...FENCE);
    await expectSettled({ ended: feed.run(ONE_PARTITION) });
    expect(await frozen.wake()).toBe('claim.lost');
    await expectSettled(frozen);
  });
});
