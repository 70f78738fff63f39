/** Runners carry out imports: to the end, and when they are killed, stopped or told to give up in the middle. */
import { existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { IMPORT } from '../../core/feed/rules/import-task.js';
import { requestCancel } from '../../core/tasks/stores/background-task.js';
import { readFileRecord } from '../../core/tasks/stores/stored-file.js';
import { change, inTransaction } from '../../infra/database.js';
import { until } from '../../scripts/chaos/magam.mjs';
import { salesCsv } from '../support/feed-files.js';
import { ImportScene, LINES, LONG_LINES, manyLines } from '../support/import-scene.js';
import { runnersHere } from '../support/runner-here.js';
import {
  askForImport,
  endOf,
  expectGracefulEnd,
  leadElsewhere,
  storedText,
  taskOf,
  taskRunners,
} from '../support/tasks.js';

const startRunner = taskRunners();
const others = runnersHere();
const FEW_LINES = 300;

describe('an import', () => {
  let scene: ImportScene;
  beforeAll(async () => {
    scene = await ImportScene.open();
    await leadElsewhere(scene.database.db);
  });
  afterAll(() => scene.close());
  beforeEach(async () => {
    await scene.reset();
    for (const table of ['background_task', 'stored_file', 'stored_file_part'])
      await change(scene.database.db, `DELETE FROM ${table}`);
  });
  const text = manyLines();

  // Three batches where it is killed between two of them.
  it.each([
    ['task.claimed', FEW_LINES],
    ['import-task.fetched', FEW_LINES],
    ['import.after-commit', LINES],
    ['import.before-complete', FEW_LINES],
    ['import-task.imported', FEW_LINES],
    ['task.finished', FEW_LINES],
  ])('whose runner is killed at %s is continued, and nothing is imported twice', async (point, lines) => {
    const { url, db } = scene.database;
    const taskId = await askForImport(db, 'lines', manyLines(lines));
    const killed = startRunner(url, { MAGAM_FAULT: `${point}:kill` });
    expect(await killed.ended).toMatchObject({ signal: 'SIGKILL' });
    await scene.expireLeases();
    others.start(url);
    const task = await endOf(db, IMPORT, taskId);
    expect(task).toMatchObject({
      status: 'COMPLETED',
      error: null,
      result: {
        rows: lines,
        imported: lines,
        unchanged: 0,
        rejected: 0,
        importId: Number(await scene.importId('MIN')),
      },
    });
    expect(await scene.count('sale_entry')).toBe(lines);
    const { rejectsFileId } = task.result as { rejectsFileId: string };
    expect(await storedText(db, rejectsFileId)).toBe('line,column,code,value\n');
  });

  it('whose runner is frozen in a transaction passes on, and the one that wakes up changes nothing', async () => {
    const { url, db } = scene.database;
    const taskId = await askForImport(db, 'lines', text);
    const frozen = startRunner(url, { MAGAM_FAULT: 'import.before-commit:stop:2' });
    await frozen.says('FAULT import.before-commit');
    others.start(url);
    expect(await endOf(db, IMPORT, taskId)).toMatchObject({
      status: 'COMPLETED',
      claims: 2,
      result: { imported: LINES },
    });
    frozen.send('SIGCONT');
    await frozen.says('task lost to another runner');
    expect(await taskOf(db, IMPORT, taskId)).toMatchObject({ status: 'COMPLETED', result: { imported: LINES } });
    expect(await scene.count('sale_entry')).toBe(LINES);
    expect(await scene.statuses()).toEqual(['COMPLETED']);
    await expectGracefulEnd(frozen);
  });

  it('whose runner lost its lease and lives is continued when that runner has left it', async () => {
    const { url, db } = scene.database;
    const taskId = await askForImport(db, 'lines', text);
    const gate = join(scene.folder.path, 'lost-gate');
    const slow = startRunner(url, { MAGAM_FAULT: `import.after-commit:wait:1:${gate}` });
    await slow.says('FAULT import.after-commit');
    const next = others.start(url);
    await next.says('runner started');
    await change(
      db,
      'UPDATE background_task SET epoch = epoch + 1, lease_until = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND',
    );
    await next.says('task taken');
    await new Promise((resolve) => setTimeout(resolve, 1_000)); // it waits for the end of the import's lease
    writeFileSync(gate, '');
    expect(await endOf(db, IMPORT, taskId)).toMatchObject({ status: 'COMPLETED', result: { imported: LINES } });
    expect(await scene.count('sale_entry')).toBe(LINES);
    await next.says('task given back');
  });

  it('leaves a copy when its runner is killed, which another removes when it is a day old', async () => {
    const { path } = scene.folder;
    const [old, young, other] = ['magam-upload-old', 'magam-upload-young', 'not-ours'].map((name) => join(path, name));
    for (const folder of [old, young, other] as string[]) {
      mkdirSync(folder);
      writeFileSync(join(folder, 'upload.csv'), text);
      const days = folder === young ? 0.9 : 1.1;
      utimesSync(folder, new Date(), new Date(Date.now() - days * 86_400_000));
    }
    const runner = startRunner(scene.database.url, { TMPDIR: path });
    await until(async () => !existsSync(old as string), 'the old copy is gone');
    await expectGracefulEnd(runner);
    expect([young, other].map((folder) => existsSync(folder as string))).toEqual([true, true]);
  });

  it('is given back when its runner is told to stop, and the upload is deleted at its end', async () => {
    const { url, db } = scene.database;
    const taskId = await askForImport(db, 'lines', manyLines(LONG_LINES));
    const gate = join(scene.folder.path, 'stop-gate');
    const runner = startRunner(url, { MAGAM_FAULT: `import.after-commit:wait:1:${gate}` });
    await runner.says('FAULT import.after-commit');
    runner.send('SIGTERM');
    writeFileSync(gate, '');
    expect(await runner.ended).toMatchObject({ code: 0 });
    const { fileId } = IMPORT.parametersOf(await taskOf(db, IMPORT, taskId));
    expect(await taskOf(db, IMPORT, taskId)).toMatchObject({ status: 'REQUESTED', claims: 0 });
    expect(await scene.count('sale_entry')).toBeLessThan(LONG_LINES);
    others.start(url);
    expect(await endOf(db, IMPORT, taskId)).toMatchObject({ status: 'COMPLETED', result: { imported: LONG_LINES } });
    expect(await scene.count('feed_import')).toBe(1);
    await until(async () => (await readFileRecord(db, fileId)) === undefined, 'the upload is gone');
  });

  it('that is cancelled in the middle withdraws what it wrote', async () => {
    const { url, db } = scene.database;
    const taskId = await askForImport(db, 'lines', text);
    const gate = join(scene.folder.path, 'cancel-gate');
    const runner = startRunner(url, { MAGAM_FAULT: `import.after-commit:wait:1:${gate}` });
    await runner.says('FAULT import.after-commit');
    expect(await scene.count('sale_entry')).toBeGreaterThan(0);
    await inTransaction(db, (tx) => requestCancel(tx, taskId, 'me'));
    await new Promise((resolve) => setTimeout(resolve, 700)); // heartbeats come every 300 ms
    writeFileSync(gate, '');
    expect(await endOf(db, IMPORT, taskId)).toMatchObject({ status: 'CANCELLED', error: null });
    expect(await scene.count('sale_entry')).toBe(0);
    expect(await scene.statuses()).toEqual(['ABANDONED']);
    await expectGracefulEnd(runner);
  });

  it('whose runner was killed is withdrawn by another, when it is cancelled meanwhile', async () => {
    const { url, db } = scene.database;
    const taskId = await askForImport(db, 'lines', text);
    expect(await startRunner(url, { MAGAM_FAULT: 'import.after-commit:kill' }).ended).toMatchObject({
      signal: 'SIGKILL',
    });
    await inTransaction(db, (tx) => requestCancel(tx, taskId, 'me'));
    await scene.expireLeases();
    others.start(url);
    expect(await endOf(db, IMPORT, taskId)).toMatchObject({ status: 'CANCELLED' });
    expect(await scene.count('sale_entry')).toBe(0);
  });

  it('with bad rows has the rejects file of the command, and names no private path', async () => {
    const { url, db } = scene.database;
    const bad = salesCsv(
      { order_id: 'A' },
      { order_id: 'B', quantity: '0', currency: 'XXQ' },
      { order_id: 'C', seller_id: '"a,b"' },
      { order_id: 'D', confirmed_on: 'x' },
    );
    const file = scene.folder.write(bad);
    const rejects = join(scene.folder.path, 'rejects.csv');
    const command = await scene.magam('import', 'lines', file, '--rejects', rejects);
    expect(command.code).toBe(1);
    others.start(url);
    const refused = await endOf(db, IMPORT, await askForImport(db, 'lines', bad));
    expect(refused).toMatchObject({
      status: 'FAILED',
      error: { code: 'IMPORT_REJECTED', details: { rows: 4, rejected: 2 } },
    });
    expect(JSON.stringify(refused.error)).not.toContain('magam-upload');
    const { rejectsFileId } = refused.result as { rejectsFileId: string };
    expect(await storedText(db, rejectsFileId)).toBe(readFileSync(rejects, 'utf8'));
    expect(await scene.count('sale_entry')).toBe(0);

    const skipping = await endOf(db, IMPORT, await askForImport(db, 'lines', bad, { skipRejects: true }));
    expect(skipping).toMatchObject({ status: 'COMPLETED', result: { imported: 2, rejected: 2 } });
    const { rejectsFileId: second } = skipping.result as { rejectsFileId: string };
    expect(await storedText(db, second)).toBe(readFileSync(rejects, 'utf8'));
  });

  it.each([
    ['not CSV', 'a,"b\n', {}, 'CSV_MALFORMED'],
    ['binary', 'PK\u0003\u0004xxxxxxxx', {}, 'FILE_BINARY'],
    ['of columns that are missing', 'a,b\n1,2\n', {}, 'COLUMN_MISSING'],
  ])(
    'of a file that is %s fails with the code, under the name of the upload',
    async (_what, content, options, code) => {
      const { url, db } = scene.database;
      others.start(url);
      const task = await endOf(db, IMPORT, await askForImport(db, 'lines', content, options));
      expect(task).toMatchObject({ status: 'FAILED', error: { code } });
      expect(JSON.stringify(task.error)).not.toMatch(/magam-upload|upload\.csv/);
    },
  );
});
