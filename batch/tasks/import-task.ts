/**
 * IMPORT: an uploaded file, assembled in a private folder and imported by the same code as `magam import`. An attempt that died is
 * continued by its fingerprint, so nothing is imported twice. The rejects file goes back into the database.
 */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, open, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recordFeedEvents } from '../../core/event-feed/stores/feed-event.js';
import { type ImportResult, importFile } from '../../core/feed/import/import-file.js';
import { abandonImport } from '../../core/feed/import/withdraw-import.js';
import { IMPORT, type ImportParameters, REJECTS } from '../../core/feed/rules/import-task.js';
import {
  findCompletedImport,
  findUnfinishedImport,
  type ImportRecord,
  readImport,
} from '../../core/feed/stores/feed-import.js';
import { readPolicies } from '../../core/policies/stores/fee-policy.js';
import { noteCheckpoint, readTask, type TaskEnd, type TaskRecord } from '../../core/tasks/stores/background-task.js';
import { appendPart, attachFile, insertFile, partBytes, readParts } from '../../core/tasks/stores/stored-file.js';
import { type Db, inTransaction, type Tx } from '../../infra/database.js';
import { isOutage } from '../../infra/database-errors.js';
import { faultPoint } from '../../infra/faults.js';
import { MagamError } from '../../kernel/errors.js';
import { orInterrupted, type TaskCall, TaskInterrupted, TaskPostponed, type TaskRunner } from './task.js';

/** The names of the file and its rejects in the private folder; no message shows them. */
interface PrivateFiles {
  readonly folder: string;
  readonly upload: string;
  readonly mapping: string | null;
  readonly rejects: string;
}

const FOLDER_PREFIX = 'magam-upload-';
/** Far longer than an import takes. */
const FOLDER_MS_MAX = 24 * 3_600_000;

/** Removes the private folders that killed runners left on this machine, because they hold orders. */
async function removeForsakenFolders(): Promise<void> {
  const names = (await readdir(tmpdir())).filter((name) => name.startsWith(FOLDER_PREFIX));
  for (const folder of names.map((name) => join(tmpdir(), name))) {
    const since = await stat(folder).catch(() => undefined); // its runner may be removing it
    if (since !== undefined && Date.now() - since.mtimeMs > FOLDER_MS_MAX)
      await rm(folder, { recursive: true, force: true }).catch(() => undefined); // somebody else's
  }
}

export const importTask: TaskRunner = {
  kind: IMPORT,
  releasedAtOnce: false,
  tidy: removeForsakenFolders,
  async run(call) {
    const folder = await mkdtemp(join(tmpdir(), FOLDER_PREFIX)); // 0700
    try {
      const files = await fetchUpload(call, folder);
      return await runImport(call, files);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
  ended: tellEnd,
  /** Withdraws the entries of an unfinished attempt, or of a completed import whose withdrawal was requested. */
  async undo({ db, config, task, signal }) {
    const patience = { outageMs: config.outageMs, signal };
    const completed = (task.result as { readonly importId?: number | null } | null)?.importId ?? null;
    if (completed !== null) {
      if ((await readImport(db, completed))?.status === 'ABANDONING') await abandonImport(db, completed, patience);
      return;
    }
    const checkpoint = (await readTask(db, IMPORT, task.taskId))?.checkpoint ?? null;
    const found = checkpoint === null ? undefined : await findUnfinishedImport(db, checkpoint);
    if (found !== undefined) await abandonImport(db, found.importId, patience);
  },
};

/** Records the event in the feed. The withdrawal records the one for the entries of a cancelled task. */
async function tellEnd(tx: Tx, task: TaskRecord, end: TaskEnd): Promise<void> {
  const { kind, fileName: source, dryRun = false } = IMPORT.parametersOf(task);
  const importId = task.taskId;
  if (dryRun || end.status === 'CANCELLED') return;
  if (end.status === 'FAILED') {
    const { code, message } = end.error;
    return recordFeedEvents(tx, [{ type: 'import.failed', data: { importId, kind, source, code, message } }]);
  }
  const { importId: feedImportId, imported, unchanged, rejected } = end.result as ImportResult;
  if (feedImportId === null) throw new Error(`task ${importId} has imported nothing`);
  const data = { importId, feedImportId, kind, source, imported, unchanged, rejected };
  return recordFeedEvents(tx, [{ type: 'import.completed', data }]);
}

async function fetchUpload({ db, task, signal }: TaskCall, folder: string): Promise<PrivateFiles> {
  const { fileId, sha256, mapping } = IMPORT.parametersOf(task);
  const files: PrivateFiles = {
    folder,
    upload: join(folder, 'upload.csv'),
    mapping: mapping === null ? null : join(folder, 'mapping.json'),
    rejects: join(folder, 'rejects.csv'),
  };
  const hash = createHash('sha256');
  const handle = await open(files.upload, 'wx', 0o600);
  try {
    for await (const part of readParts(db, fileId)) {
      orInterrupted(signal);
      hash.update(part);
      await handle.writeFile(part);
    }
  } finally {
    await handle.close();
  }
  if (hash.digest('hex') !== sha256)
    throw new MagamError('INTERNAL', 'The upload is not in the database as it was sent.');
  if (files.mapping !== null && mapping !== null) await writeFile(files.mapping, mapping, { mode: 0o600 });
  await faultPoint('import-task.fetched');
  return files;
}

async function runImport(call: TaskCall, files: PrivateFiles): ReturnType<TaskRunner['run']> {
  const { db, config, task, fence, signal, progress } = call;
  const parameters = IMPORT.parametersOf(task);
  const { kind, fileName, encoding, timeZone, platformTimeZone, late, skipRejects, dryRun = false } = parameters;
  const finishedBefore = dryRun ? undefined : await completedBefore(db, task, kind);
  try {
    const result = await importFile(db, {
      kind,
      file: files.upload,
      sourceName: fileName,
      mappingFile: files.mapping,
      encoding,
      timeZone,
      platformTimeZone,
      skipRejects,
      rejectsFile: files.rejects,
      late,
      dryRun,
      requestedBy: task.requestedBy,
      ofTask: true,
      policies: await readPolicies(db),
      deadlineMs: config.chunkDeadlineMs,
      outageMs: config.outageMs,
      writer: config.lineWriter,
      onFingerprint: async (fingerprint) => {
        if (!(await noteCheckpoint(db, fence, fingerprint))) throw new TaskInterrupted('lost');
      },
      signal,
      onProgress: (stage, done, total) => progress({ stage: stage.toUpperCase(), done, total: total ?? null }),
    });
    await faultPoint('import-task.imported');
    const rejectsFileId = await storeRejects(call, files.rejects);
    return { status: 'COMPLETED', result: { ...resultOf(result, finishedBefore), rejectsFileId } };
  } catch (error) {
    if (!(error instanceof MagamError)) throw error;
    orInterrupted(signal);
    const { code } = error;
    // The previous attempt has lost its lease and is still alive: it will notice that soon, and end.
    if (code === 'IMPORT_RUNNING' && task.claims > 1) throw new TaskPostponed(error.message);
    if (isOutage(error)) throw error;
    const failure = { code, ...publicWords(error, files, fileName) };
    const rejectsFileId = code === 'IMPORT_REJECTED' ? await storeRejects(call, files.rejects) : null;
    return { status: 'FAILED', error: failure, ...(rejectsFileId === null ? {} : { result: { rejectsFileId } }) };
  }
}

/** The import that an earlier attempt of this task completed before it died; this attempt finds every row stored. */
async function completedBefore(
  db: Db,
  task: TaskRecord,
  kind: ImportParameters['kind'],
): Promise<ImportRecord | undefined> {
  if (task.checkpoint === null) return undefined;
  const found = await findCompletedImport(db, kind, task.checkpoint);
  return found !== undefined && found.createdAt >= task.requestedAt ? found : undefined;
}

function resultOf(result: ImportResult, before: ImportRecord | undefined): Omit<ImportResult, 'status' | 'kind'> {
  const { status: _, kind: __, ...counts } = result;
  if (before === undefined) return counts;
  return {
    ...counts,
    importId: before.importId,
    imported: before.rowsNew,
    unchanged: before.rowsUnchanged,
    lateOn: before.lateOn,
  };
}

/** Stores the rejects file in the database and attaches it to the task. */
async function storeRejects({ db, fence }: TaskCall, file: string): Promise<string> {
  const fileId = randomUUID();
  const highWaterMark = await partBytes(db);
  await insertFile(db, fileId, REJECTS);
  let partNo = 0;
  for await (const part of createReadStream(file, { highWaterMark })) {
    await appendPart(db, fileId, partNo, part as Buffer);
    partNo += 1;
  }
  await inTransaction(db, (tx) => attachFile(tx, fileId, fence.taskId));
  return fileId;
}

/** The message and details without the private paths. */
function publicWords(
  { message, details }: MagamError,
  { folder, upload }: PrivateFiles,
  fileName: string,
): { message: string; details: Readonly<Record<string, unknown>> } {
  const shown = Object.entries(details).filter(([name]) => name !== 'rejectsFile');
  const told = shown.map(([name, value]) => [name, value === upload ? fileName : value] as const);
  return { message: message.replaceAll(upload, fileName).replaceAll(folder, ''), details: Object.fromEntries(told) };
}
