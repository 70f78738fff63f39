/** The claim, the fence and the end of background tasks, and of the files that go with them. */

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { dropFiles, purgeFiles } from '../../../../core/tasks/purge-files.js';
import { TASK_STATUSES, taskKind } from '../../../../core/tasks/rules/background-task.js';
import {
  type ClaimedTask,
  cancelWaitingTask,
  claimTask,
  fenceTask,
  findActiveTask,
  finishTask,
  heartbeatTask,
  insertTask,
  insertTaskOnce,
  listTasks,
  lockTask,
  noteCheckpoint,
  readTask,
  releaseTask,
  requestCancel,
} from '../../../../core/tasks/stores/background-task.js';
import {
  appendPart,
  attachFile,
  deleteFile,
  deleteUnattachedFile,
  insertFile,
  partBytes,
  readFileRecord,
  readParts,
} from '../../../../core/tasks/stores/stored-file.js';
import { change, inTransaction } from '../../../../infra/database.js';
import { refuse } from '../../../../kernel/errors.js';
import { createTestDatabase, inStatement, type TestDatabase } from '../../../support/database.js';

const LEASE_MS = 10_000;
const [A, B] = ['aaaaaaaa-0000-0000-0000-000000000000', 'bbbbbbbb-0000-0000-0000-000000000000'] as const;
/** Two kinds of nobody: the table takes any. */
const PHOTO = { purpose: 'PHOTO', keptDays: 0 };
const REPORT = { purpose: 'REPORT', keptDays: 30 };
const COUNT_STOCK = taskKind<{ shelf: string }>('COUNT_STOCK', [PHOTO, REPORT]);
const OTHER = taskKind('OTHER');
const still = { stage: null, done: 0, total: null };

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  for (const table of ['background_task', 'stored_file_part', 'stored_file'])
    await change(database.db, `DELETE FROM ${table}`);
});

const task = (subject = 'A1') => ({
  kind: COUNT_STOCK,
  subject,
  parameters: { shelf: subject },
  requestedBy: 'someone',
});
const asked = (subject?: string): Promise<number> => inTransaction(database.db, (tx) => insertTask(tx, task(subject)));
const claim = (owner: string) => claimTask(database.db, [COUNT_STOCK], owner, LEASE_MS);
const claimed = async (owner: string): Promise<ClaimedTask> => {
  const found = await claim(owner);
  if (found === undefined) throw new Error('there was nothing to claim');
  return found;
};
const expireLeases = () =>
  change(database.db, 'UPDATE background_task SET lease_until = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND');

it('the statuses are those of the table', () => {
  const sql = readFileSync(new URL('../../../../sql/0050_background_task.sql', import.meta.url), 'utf8');
  expect(sql).toContain(`CHECK (status IN (${TASK_STATUSES.map((name) => `'${name}'`).join(', ')}))`);
});

describe('a task', () => {
  it('is claimed by one of two', async () => {
    const taskId = await asked();
    const claims = await Promise.all([A, B, A, B, A, B].map(claim));
    const won = claims.filter((one) => one !== undefined);
    expect(won).toHaveLength(1);
    expect(won[0]).toMatchObject({ fence: { taskId, epoch: 1 }, task: { status: 'RUNNING', claims: 1 } });
    expect(await claim(B)).toBeUndefined();
  });

  it('is taken oldest first', async () => {
    const ids = [await asked(), await asked()];
    expect([(await claimed(A)).fence.taskId, (await claimed(A)).fence.taskId]).toEqual(ids);
  });

  it('passes on when its lease has run out, and the one that lost it changes nothing any more', async () => {
    const taskId = await asked();
    const first = await claimed(A);
    expect(await claim(B)).toBeUndefined();
    await expireLeases();
    const second = await claimed(B);
    expect(second.fence).toEqual({ taskId, owner: B, epoch: 2 });
    expect(second.task.claims).toBe(2);
    const { db } = database;
    expect(await heartbeatTask(db, first.fence, LEASE_MS, still)).toBe('lost');
    expect(await noteCheckpoint(db, first.fence, 'x')).toBe(false);
    expect(await inTransaction(db, (tx) => fenceTask(tx, first.fence))).toBe(false);
    expect(await finishTask(db, first.fence, { status: 'COMPLETED', result: 1 }, still)).toBe(false);
    await releaseTask(db, first.fence, false);
    expect(await readTask(db, COUNT_STOCK, taskId)).toMatchObject({
      status: 'RUNNING',
      result: null,
      checkpoint: null,
    });
    expect(await inTransaction(db, (tx) => fenceTask(tx, second.fence))).toBe(true);
    expect(await finishTask(db, second.fence, { status: 'COMPLETED', result: { ok: true } }, still)).toBe(true);
    expect(await readTask(db, COUNT_STOCK, taskId)).toMatchObject({ status: 'COMPLETED', result: { ok: true } });
  });

  it('of the same owner taken again has another epoch: a forgotten attempt is fenced off too', async () => {
    await asked();
    const first = await claimed(A);
    await expireLeases();
    await claimed(A);
    expect(await finishTask(database.db, first.fence, { status: 'CANCELLED' }, still)).toBe(false);
  });

  it('is not taken by who works on it already', async () => {
    const taskId = await asked();
    await claimed(A);
    await expireLeases();
    expect(await claimTask(database.db, [COUNT_STOCK], A, LEASE_MS, new Set([taskId]))).toBeUndefined();
    expect(await claim(B)).toMatchObject({ fence: { taskId } });
  });

  it('stays while heartbeats come, and shows the progress', async () => {
    const taskId = await asked();
    const { fence } = await claimed(A);
    await expireLeases();
    expect(await heartbeatTask(database.db, fence, LEASE_MS, { stage: 'CHECKING', done: 7, total: 9 })).toBe('held');
    expect(await claim(B)).toBeUndefined();
    expect(await readTask(database.db, COUNT_STOCK, taskId)).toMatchObject({ stage: 'CHECKING', done: 7, total: 9 });
  });

  it('that is given back is free at once; a claim given back on purpose does not count', async () => {
    await asked();
    const first = await claimed(A);
    await releaseTask(database.db, first.fence, false);
    const second = await claimed(B);
    expect(second.task.claims).toBe(1);
    await releaseTask(database.db, second.fence, true);
    expect((await claimed(A)).task.claims).toBe(2);
  });

  it('is cancelled before it is begun, and asked to end afterwards', async () => {
    const { db } = database;
    const waiting = await asked();
    await inTransaction(db, (tx) => cancelWaitingTask(tx, waiting, 'me'));
    expect(await readTask(db, COUNT_STOCK, waiting)).toMatchObject({ status: 'CANCELLED', cancelRequestedBy: 'me' });
    expect(await claim(A)).toBeUndefined();

    const begun = await asked();
    const { fence } = await claimed(A);
    await inTransaction(db, (tx) => requestCancel(tx, begun, 'me'));
    expect(await heartbeatTask(db, fence, LEASE_MS, still)).toBe('cancel');
  });

  it('that failed is taken again when it must undo its work', async () => {
    const { db } = database;
    const taskId = await asked();
    const { fence } = await claimed(A);
    const error = { code: 'INTERNAL', message: 'x'.repeat(2_000), details: { a: 1 } } as const;
    await finishTask(db, fence, { status: 'FAILED', error }, still);
    expect(await inTransaction(db, (tx) => lockTask(tx, COUNT_STOCK, taskId))).toMatchObject({
      status: 'FAILED',
      error: { code: 'INTERNAL', message: 'x'.repeat(1_000), details: { a: 1 } },
    });
    await inTransaction(db, (tx) => requestCancel(tx, taskId, 'me'));
    expect((await claimed(B)).task).toMatchObject({ cancelRequestedBy: 'me', claims: 1, error: null });
  });

  it('is requested once while it has not ended, where it has a key', async () => {
    const key = 'k'.repeat(64);
    const ask = () => inTransaction(database.db, (tx) => insertTaskOnce(tx, task(), key));
    const both = await Promise.all([ask(), ask()]);
    expect(both).toContainEqual(refuse('TASK_ACTIVE'));
    const taskId = both.find((one) => typeof one === 'number');
    expect(await findActiveTask(database.db, key)).toMatchObject({ taskId });
    const { fence } = await claimed(A);
    expect(await ask()).toEqual(refuse('TASK_ACTIVE'));
    await finishTask(database.db, fence, { status: 'CANCELLED' }, still);
    expect(await ask()).toEqual(expect.any(Number));
  });

  it('is listed newest first, by subject, and found by its own kind only', async () => {
    const ids = [];
    for (const subject of ['a', 'b', 'a', 'a']) ids.push(await asked(subject));
    const [first = 0, , third = 0, fourth = 0] = ids;
    const listed = async (page: Parameters<typeof listTasks>[2]) =>
      (await listTasks(database.db, COUNT_STOCK, page)).map(({ taskId }) => taskId);
    expect(await listed({ limit: 10 })).toEqual([...ids].reverse());
    expect(await listed({ limit: 2, subject: 'a' })).toEqual([fourth, third]);
    expect(await listed({ limit: 2, subject: 'a', beforeId: third })).toEqual([first]);
    expect(await readTask(database.db, OTHER, first)).toBeUndefined();
  });

  it('of a kind that the runner does not know is left alone, and does not keep it from the others', async () => {
    const unknown = { kind: OTHER, subject: null, parameters: {}, requestedBy: 'someone' };
    for (let i = 0; i < 20; i += 1) await inTransaction(database.db, (tx) => insertTask(tx, unknown));
    const taskId = await asked();
    expect((await claimed(A)).task).toMatchObject({ taskId, kind: 'COUNT_STOCK', parameters: { shelf: 'A1' } });
    expect(await claim(A)).toBeUndefined();
    const waiting = await listTasks(database.db, OTHER, { limit: 50 });
    expect(waiting).toHaveLength(20);
    for (const { status, claims } of waiting) expect({ status, claims }).toEqual({ status: 'REQUESTED', claims: 0 });
  });
});

describe('a stored file', () => {
  const FILE = 'cccccccc-0000-0000-0000-000000000000';
  const contentOf = async (fileId: string): Promise<Buffer> => {
    const parts = [];
    for await (const part of readParts(database.db, fileId)) parts.push(part);
    return Buffer.concat(parts);
  };

  it('comes back byte for byte', async () => {
    const { db } = database;
    const size = await partBytes(db);
    expect(size).toBeLessThanOrEqual(512 * 1024);
    const content = Buffer.from(Uint8Array.from({ length: size + 700 }, (_, i) => (i * 31) % 256));
    await insertFile(db, FILE, PHOTO);
    expect(await appendPart(db, FILE, 0, content.subarray(0, size))).toBe(true);
    expect(await appendPart(db, FILE, 1, content.subarray(size))).toBe(true);
    expect(await readFileRecord(db, FILE)).toEqual({ bytes: content.length });
    expect((await contentOf(FILE)).equals(content)).toBe(true);
    await deleteFile(db, FILE);
    expect(await readFileRecord(db, FILE)).toBeUndefined();
    expect(await contentOf(FILE)).toHaveLength(0);
    expect(await appendPart(db, FILE, 2, content)).toBe(false);
  });

  it('that was made a task at the last moment is not deleted as unused', async () => {
    const { db } = database;
    const taskId = await asked();
    await insertFile(db, FILE, PHOTO);
    let deleted: Promise<void> | undefined;
    await inTransaction(db, async (tx) => {
      await attachFile(tx, FILE, taskId);
      deleted = deleteUnattachedFile(db, FILE);
      await inStatement(db, 'UPDATE stored_file SET touched_at%'); // it waits for this transaction
    });
    await deleted;
    expect(await readFileRecord(db, FILE)).toEqual({ bytes: 0 });
    await deleteFile(db, FILE);
    await insertFile(db, FILE, PHOTO);
    await deleteUnattachedFile(db, FILE);
    expect(await readFileRecord(db, FILE)).toBeUndefined();
  });

  const left = async (files: readonly string[]) =>
    (await Promise.all(files.map((fileId) => readFileRecord(database.db, fileId)))).map((found) => found !== undefined);

  it('is purged when it is abandoned or was kept as long as its kind says, and kept until then', async () => {
    const { db } = database;
    const files = ['1', '2', '3', '4', '5'].map((digit) => `${digit.repeat(8)}-0000-0000-0000-000000000000`);
    const [, fresh = '', waiting = '', used = '', report = ''] = files; // the first one is abandoned
    for (const fileId of files) {
      await insertFile(db, fileId, fileId === report ? REPORT : PHOTO);
      await appendPart(db, fileId, 0, Buffer.from('content'));
    }
    await change(db, 'UPDATE stored_file SET touched_at = UTC_TIMESTAMP(3) - INTERVAL 2 HOUR WHERE file_id <> ?', [
      fresh,
    ]);
    const [open, over] = [await asked(), await asked()];
    await inTransaction(db, (tx) => attachFile(tx, waiting, open));
    for (const fileId of [used, report]) await inTransaction(db, (tx) => attachFile(tx, fileId, over));
    await inTransaction(db, (tx) => cancelWaitingTask(tx, over, 'me'));
    expect(await purgeFiles(db, [OTHER])).toBe(1);
    expect(await left(files)).toEqual([false, true, true, true, true]);
    expect(await purgeFiles(db, [COUNT_STOCK, OTHER])).toBe(1);
    expect(await left(files)).toEqual([false, true, true, false, true]);
    await change(db, 'UPDATE background_task SET ended_at = UTC_TIMESTAMP(3) - INTERVAL 31 DAY WHERE task_id = ?', [
      over,
    ]);
    expect(await purgeFiles(db, [COUNT_STOCK])).toBe(1);
    expect(await left(files)).toEqual([false, true, true, false, false]);
  });

  it('goes with the end of its task unless its kind keeps it', async () => {
    const { db } = database;
    const [photo, report] = [FILE, FILE.replaceAll('c', 'd')] as const;
    await insertFile(db, photo, PHOTO);
    await insertFile(db, report, REPORT);
    const taskId = await asked();
    for (const fileId of [photo, report]) await inTransaction(db, (tx) => attachFile(tx, fileId, taskId));
    await dropFiles(db, COUNT_STOCK, taskId);
    expect(await left([photo, report])).toEqual([false, true]);
  });
});
