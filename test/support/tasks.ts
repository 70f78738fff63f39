/** Background tasks asked for as the API does it, and runners that carry them out. */
import { afterEach, expect } from '@jest/globals';
import { IMPORT, type ImportParameters, UPLOAD } from '../../core/feed/rules/import-task.js';
import { receiveUpload } from '../../core/tasks/receive-upload.js';
import type { TaskKind } from '../../core/tasks/rules/background-task.js';
import { insertTask, readTask, type TaskRecord } from '../../core/tasks/stores/background-task.js';
import { attachFile, readParts } from '../../core/tasks/stores/stored-file.js';
import { change, type Db, inTransaction } from '../../infra/database.js';
import { environment, type Magam, startMagam, until } from '../../scripts/chaos/magam.mjs';

/** Nothing is due, so that a runner has nothing to do but tasks. */
export const IDLE = { MAGAM_TIME_ZONE: 'Asia/Seoul', MAGAM_SETTLE_AT: '23:59', MAGAM_WORKERS: '1' };

/** Runners of a test; those that still run at its end are killed. */
export function taskRunners(): (databaseUrl: string, settings?: Record<string, string>) => Magam {
  const started: Magam[] = [];
  afterEach(async () => {
    for (const runner of started) runner.send('SIGKILL');
    await Promise.all(started.splice(0).map(({ ended }) => ended));
  });
  return (databaseUrl, settings = {}) => {
    const runner = startMagam(['runner'], environment(databaseUrl, { ...IDLE, ...settings }));
    started.push(runner);
    return runner;
  };
}

/** SIGTERM ends a runner with 0. */
export async function expectGracefulEnd(runner: Magam): Promise<void> {
  runner.send('SIGTERM');
  const { code, stdout, stderr } = await runner.ended;
  expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
  expect(stderr).toContain('runner stopped');
}

/** Keeps the runners from closing dates on a schedule: somebody else leads. */
export async function leadElsewhere(db: Db): Promise<void> {
  const owner = 'ffffffff-0000-0000-0000-000000000000';
  await change(
    db,
    `INSERT INTO leader_lease (name, owner, epoch, lease_until) VALUES ('settle-schedule', ?, 1, UTC_TIMESTAMP(3) + INTERVAL 1 DAY)`,
    [owner],
  );
}

export function askFor<Parameters extends object>(
  db: Db,
  kind: TaskKind<Parameters>,
  subject: string | null,
  parameters: Parameters,
): Promise<number> {
  return inTransaction(db, (tx) => insertTask(tx, { kind, subject, parameters, requestedBy: 'test' }));
}

/** Uploads a file and asks for its import. */
export async function askForImport(
  db: Db,
  kind: ImportParameters['kind'],
  content: string,
  options: Partial<ImportParameters> = {},
): Promise<number> {
  async function* body(): AsyncGenerator<Buffer> {
    yield Buffer.from(content);
  }
  const upload = await receiveUpload(db, UPLOAD, body(), 100_000_000);
  const parameters: ImportParameters = {
    kind,
    ...upload,
    fileName: 'orders.csv',
    encoding: 'utf-8',
    timeZone: 'Asia/Seoul',
    platformTimeZone: 'Asia/Seoul',
    mapping: null,
    late: false,
    skipRejects: false,
    ...options,
  };
  const taskId = await askFor(db, IMPORT, null, parameters);
  await inTransaction(db, (tx) => attachFile(tx, upload.fileId, taskId));
  return taskId;
}

export const taskOf = async (db: Db, kind: TaskKind, taskId: number): Promise<TaskRecord> => {
  const task = await readTask(db, kind, taskId);
  if (task === undefined) throw new Error(`there is no task ${taskId}`);
  return task;
};

/** Waits until a task has ended. */
export const endOf = (db: Db, kind: TaskKind, taskId: number): Promise<TaskRecord> =>
  until(async () => {
    const task = await taskOf(db, kind, taskId);
    return task.endedAt === null ? undefined : task;
  }, `end of task ${taskId}`);

/** The text of a stored file. */
export async function storedText(db: Db, fileId: string): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of readParts(db, fileId)) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}
