/** The claim, the fence and the end of background tasks, and of the files that go with them. */

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DRAFT_STATUSES } from '../../../../core/policies/rules/policy-draft.js';
import { insertCheckLines, readCheckLines } from '../../../../core/settlement/stores/policy-check-line.js';
import { purgeTasks } from '../../../../core/tasks/purge-tasks.js';
import { TASK_KINDS, TASK_STATUSES } from '../../../../core/tasks/rules/background-task.js';
import {
  type ClaimedTask,
  cancelWaitingTask,
  claimTask,
  fenceTask,
  findActiveTask,
  finishTask,
  heartbeatTask,
  insertTask,
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
import { createTestDatabase, type TestDatabase } from '../../../support/database.js';

const LEASE_MS = 10_000;
const [A, B] = ['aaaaaaaa-0000-0000-0000-000000000000', 'bbbbbbbb-0000-0000-0000-000000000000'] as const;
const still = { stage: null, done: 0, total: null };

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  for (const table of ['background_task', 'stored_file_part', 'stored_file', 'policy_check_line'])
    await change(database.db, `DELETE FROM ${table}`);
});

const ask = async (activeKey: string | null = null, subject = '2026-03-02'): Promise<number | undefined> =>
  inTransaction(database.db, (tx) =>
    insertTask(tx, { kind: 'VERIFY', subject, parameters: { date: subject }, requestedBy: 'someone', activeKey }),
  );
const asked = async (): Promise<number> => (await ask()) ?? 0;
const claim = (owner: string) => claimTask(database.db, owner, LEASE_MS);
const claimed = async (owner: string): Promise<ClaimedTask> => {
  const found = await claim(owner);
  if (found === undefined) throw new Error('there was nothing to claim');
  return found;
};
const expireLeases = () =>
  change(database.db, 'UPDATE background_task SET lease_until = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND');

describe('the unions', () => {
  it.each([
    ['0050_background_task.sql', 'kind', TASK_KINDS],
    ['0050_background_task.sql', 'status', TASK_STATUSES],
    ['0053_policy_draft.sql', 'status', DRAFT_STATUSES],
  ] as const)('of %s are those of the domain: %s', (file, column, union) => {
    const sql = readFileSync(new URL(`../../../sql/${file}`, import.meta.url), 'utf8');
    const listed = new RegExp(`CHECK \\(${column} IN \\(([^)]*)\\)\\)`).exec(sql)?.[1];
    expect(listed).toBe(union.map((name) => `'${name}'`).join(', '));
  });
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
    expect(await readTask(db, 'VERIFY', taskId)).toMatchObject({ status: 'RUNNING', result: null, checkpoint: null });
    expect(await inTransaction(db, (tx) => fenceTask(tx, second.fence))).toBe(true);
    expect(await finishTask(db, second.fence, { status: 'COMPLETED', result: { ok: true } }, still)).toBe(true);
    expect(await readTask(db, 'VERIFY', taskId)).toMatchObject({ status: 'COMPLETED', result: { ok: true } });
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
    expect(await claimTask(database.db, A, LEASE_MS, new Set([taskId]))).toBeUndefined();
    expect(await claim(B)).toMatchObject({ fence: { taskId } });
  });

  it('stays while heartbeats come, and shows the progress', async () => {
    const taskId = await asked();
    const { fence } = await claimed(A);
    await expireLeases();
    expect(await heartbeatTask(database.db, fence, LEASE_MS, { stage: 'CHECKING', done: 7, total: 9 })).toBe('held');
    expect(await claim(B)).toBeUndefined();
    expect(await readTask(database.db, 'VERIFY', taskId)).toMatchObject({ stage: 'CHECKING', done: 7, total: 9 });
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
    expect(await readTask(db, 'VERIFY', waiting)).toMatchObject({ status: 'CANCELLED', cancelRequestedBy: 'me' });
    expect(await claim(A)).toBeUndefined();

    const begun = await asked();
    const { fence } = await claimed(A);
    await inTransaction(db, (tx) => requestCancel(tx, begun, 'me'));
    expect(await heartbeatTask(db, fence, LEASE_MS, still)).toBe('cancel');
  });

  it('that failed is taken again when it is asked to undo what it did', async () => {
    const { db } = database;
    const taskId = await asked();
    const { fence } = await claimed(A);
    const error = { code: 'INTERNAL', message: 'x'.repeat(2_000), details: { a: 1 } } as const;
    await finishTask(db, fence, { status: 'FAILED', error }, still);
    expect(await inTransaction(db, (tx) => lockTask(tx, 'VERIFY', taskId))).toMatchObject({
      status: 'FAILED',
      error: { code: 'INTERNAL', message: 'x'.repeat(1_000), details: { a: 1 } },
    });
    await inTransaction(db, (tx) => requestCancel(tx, taskId, 'me'));
    expect((await claimed(B)).task).toMatchObject({ cancelRequestedBy: 'me', claims: 1, error: null });
  });

  it('is asked for once while it has not ended, where it has a key', async () => {
    const key = 'k'.repeat(64);
    const both = await Promise.all([ask(key), ask(key)]);
    expect(both.filter((id) => id === undefined)).toHaveLength(1);
    const id = both.find((one) => one !== undefined);
    expect(await findActiveTask(database.db, key)).toMatchObject({ taskId: id });
    const { fence } = await claimed(A);
    expect(await ask(key)).toBeUndefined();
    await finishTask(database.db, fence, { status: 'CANCELLED' }, still);
    expect(await ask(key)).toEqual(expect.any(Number));
  });

  it('is listed newest first, by subject, and found by its own kind only', async () => {
    const ids = [];
    for (const subject of ['a', 'b', 'a', 'a']) ids.push((await ask(null, subject)) ?? 0);
    const [first = 0, , third = 0, fourth = 0] = ids;
    const listed = async (page: Parameters<typeof listTasks>[2]) =>
      (await listTasks(database.db, 'VERIFY', page)).map(({ taskId }) => taskId);
    expect(await listed({ limit: 10 })).toEqual([...ids].reverse());
    expect(await listed({ limit: 2, subject: 'a' })).toEqual([fourth, third]);
    expect(await listed({ limit: 2, subject: 'a', beforeId: third })).toEqual([first]);
    expect(await readTask(database.db, 'IMPORT', first)).toBeUndefined();
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
    await insertFile(db, FILE, 'UPLOAD');
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
    await insertFile(db, FILE, 'UPLOAD');
    let deleted: Promise<void> | undefined;
    await inTransaction(db, async (tx) => {
      await attachFile(tx, FILE, taskId);
      deleted = deleteUnattachedFile(db, FILE);
      await new Promise((resolve) => setTimeout(resolve, 300)); // it waits for this transaction
    });
    await deleted;
    expect(await readFileRecord(db, FILE)).toBeDefined();
    await deleteFile(db, FILE);
    await insertFile(db, FILE, 'UPLOAD');
    await deleteUnattachedFile(db, FILE);
    expect(await readFileRecord(db, FILE)).toBeUndefined();
  });

  it('is purged when it is abandoned or its task is over, and kept until then', async () => {
    const { db } = database;
    const files = ['1', '2', '3', '4', '5'].map((digit) => `${digit.repeat(8)}-0000-0000-0000-000000000000`);
    const [abandoned = '', fresh = '', waiting = '', used = '', rejects = ''] = files;
    for (const fileId of files) {
      await insertFile(db, fileId, fileId === rejects ? 'REJECTS' : 'UPLOAD');
      await appendPart(db, fileId, 0, Buffer.from('content'));
    }
    await change(db, 'UPDATE stored_file SET touched_at = UTC_TIMESTAMP(3) - INTERVAL 2 HOUR WHERE file_id <> ?', [
      fresh,
    ]);
    const [open, over] = [await asked(), await asked()];
    await inTransaction(db, (tx) => attachFile(tx, waiting, open));
    for (const fileId of [used, rejects]) await inTransaction(db, (tx) => attachFile(tx, fileId, over));
    await inTransaction(db, (tx) => cancelWaitingTask(tx, over, 'me'));
    expect(await purgeTasks(db)).toEqual({ files: 2, checks: 0 });
    const left = async () =>
      (await Promise.all(files.map((fileId) => readFileRecord(db, fileId)))).map((record) => record !== undefined);
    expect(await left()).toEqual([false, true, true, false, true]);
    await change(db, 'UPDATE background_task SET ended_at = UTC_TIMESTAMP(3) - INTERVAL 31 DAY WHERE task_id = ?', [
      over,
    ]);
    expect(await purgeTasks(db)).toEqual({ files: 1, checks: 0 });
    expect(await left()).toEqual([false, true, true, false, false]);
    expect(abandoned).not.toBe('');
  });
});

describe('the lines of a check', () => {
  it('are read by key, and purged with time', async () => {
    const { db } = database;
    const taskId = await inTransaction(db, (tx) =>
      insertTask(tx, { kind: 'POLICY_CHECK', subject: '1', parameters: {}, requestedBy: 'me', activeKey: null }),
    );
    const lines = [1, 2, 3, 4].map((lineNo) => ({
      lineNo,
      sellerId: lineNo % 2 === 0 ? 'even' : 'odd',
      content: { lineNo },
    }));
    await inTransaction(db, (tx) => insertCheckLines(tx, taskId ?? 0, lines));
    expect(await readCheckLines(db, taskId ?? 0, { afterNo: 1, limit: 2 })).toEqual(lines.slice(1, 3));
    expect(await readCheckLines(db, taskId ?? 0, { afterNo: 0, limit: 9, sellerId: 'odd' })).toEqual([
      lines[0],
      lines[2],
    ]);
    await change(db, `UPDATE background_task SET ended_at = UTC_TIMESTAMP(3) - INTERVAL 31 DAY`);
    expect(await purgeTasks(db)).toEqual({ files: 0, checks: 1 });
    expect(await readCheckLines(db, taskId ?? 0, { afterNo: 0, limit: 9 })).toEqual([]);
  });
});
