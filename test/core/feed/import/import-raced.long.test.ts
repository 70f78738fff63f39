/** Imports that are paused, cut off, stopped, or overtaken by another writer. */

import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { change, pause, select } from '../../../../infra/database.js';
import { refundsCsv, salesCsv } from '../../../support/feed-files.js';
import { errorOf, ImportScene, LINES, LONG_LINES, manyLines } from '../../../support/import-scene.js';

let scene: ImportScene;
beforeAll(async () => {
  scene = await ImportScene.open();
});
afterEach(() => scene.reset());
afterAll(() => scene.close());

describe('an import that is alive', () => {
  it('is left alone by a second one of the same file', async () => {
    const file = scene.folder.write(manyLines());
    const { go } = await scene.startedUpTo('import.after-commit', 'import', 'lines', file);
    const second = scene.magam('import', 'lines', file);
    let over = false;
    void second.then(() => {
      over = true;
    });
    while (!over) {
      const renew = 'UPDATE feed_import SET lease_until = UTC_TIMESTAMP(3) + INTERVAL 10 SECOND';
      await change(scene.database.db, renew);
      await pause(100);
    }
    expect([(await second).code, errorOf(await second).code]).toEqual([1, 'IMPORT_RUNNING']);
    expect((await go()).json()).toMatchObject({ imported: LINES });
  });

  it('but was paused past its lease finds that it was taken over', async () => {
    const file = scene.folder.write(manyLines());
    const { started, go } = await scene.startedUpTo('import.after-commit', 'import', 'lines', file);
    started.send('SIGSTOP');
    await scene.expireLeases();
    expect((await scene.magam('import', 'lines', file)).json()).toMatchObject({ imported: LINES });
    started.send('SIGCONT');
    const outcome = await go();
    expect([outcome.code, errorOf(outcome).code]).toEqual([1, 'IMPORT_TAKEN_OVER']);
    expect([await scene.count('sale_entry'), await scene.statuses()]).toEqual([LINES, ['COMPLETED']]);
  });

  it('goes on when its connections are cut before a commit', async () => {
    const file = scene.folder.write(manyLines());
    const { go } = await scene.startedUpTo('import.before-commit', 'import', 'lines', file);
    const sessions = await select<{ id: number }>(
      scene.database.db,
      'SELECT id AS id FROM information_schema.processlist WHERE db = ? AND id <> CONNECTION_ID()',
      [new URL(scene.database.url).pathname.slice(1)],
    );
    expect(sessions.length).toBeGreaterThan(0);
    for (const { id } of sessions) await scene.database.db.raw(`KILL ${id}`).catch(() => undefined);
    expect((await go()).json()).toMatchObject({ imported: LINES });
    expect(await scene.count('sale_entry')).toBe(LINES);
  });

  it('stops on SIGINT with exit code 130, and goes on at once when typed again', async () => {
    const file = scene.folder.write(manyLines(LONG_LINES));
    const { started, go } = await scene.startedUpTo('import.after-commit', 'import', 'lines', file);
    started.send('SIGINT');
    const outcome = await go();
    expect([outcome.code, errorOf(outcome).code]).toEqual([130, 'IMPORT_STOPPED']);
    expect((await scene.magam('import', 'lines', file)).json()).toMatchObject({ imported: LONG_LINES });
  });

  it('withdraws what it wrote when its file changed', async () => {
    const file = scene.folder.write(manyLines());
    const { go } = await scene.startedUpTo('import.registered', 'import', 'lines', file);
    appendFileSync(file, '\n');
    const outcome = await go();
    expect([outcome.code, errorOf(outcome).code]).toEqual([1, 'FILE_CHANGED']);
    expect([await scene.count('sale_entry'), await scene.statuses()]).toEqual([0, ['REFUSED']]);
    expect(await scene.count('feed_import_date')).toBe(0);
  });

  it('looks again when a date was closed after it had looked', async () => {
    const file = scene.folder.write(salesCsv({}));
    const { db } = scene.database;
    const shut = () => change(db, `UPDATE settlement_calendar SET shut_through = '2026-03-05'`);
    const strict = await scene.startedUpTo('import.checked', 'import', 'lines', file);
    await shut();
    const refused = { code: 'IMPORT_REJECTED', details: { codes: { DATE_CLOSED: 1 } } };
    expect(errorOf(await strict.go())).toMatchObject(refused);
    await change(db, 'UPDATE settlement_calendar SET shut_through = NULL');
    await change(db, 'DELETE FROM business_date');
    const late = await scene.startedUpTo('import.checked', 'import', 'lines', file, '--late', 'next-open-date');
    await shut();
    expect((await late.go()).json()).toMatchObject({ imported: 1, lateOn: '2026-03-06' });
  });
});

describe('two imports', () => {
  it('of equal rows at once store them once', async () => {
    const first = await scene.startedUpTo('import.registered', 'import', 'lines', scene.folder.write(manyLines()));
    const other = scene.folder.write(salesCsv({ order_id: 'O7', line_id: '0' }));
    expect((await scene.magam('import', 'lines', other)).json()).toMatchObject({ imported: 1 });
    expect((await first.go()).json()).toMatchObject({ imported: LINES - 1, unchanged: 1 });
    expect(await scene.count('sale_entry')).toBe(LINES);
  });

  it('that contradict each other: the later one is refused whole, or imports the rest', async () => {
    const other = scene.folder.write(salesCsv({ order_id: 'O4400', line_id: '0', quantity: '5' }));
    const file = scene.folder.write(manyLines());
    const first = await scene.startedUpTo('import.registered', 'import', 'lines', file);
    await scene.magam('import', 'lines', other);
    const refused = await first.go();
    const details = { codes: { ENTRY_CONFLICT: 1 } };
    expect([refused.code, errorOf(refused)]).toMatchObject([1, { code: 'IMPORT_REJECTED', details }]);
    expect([await scene.count('sale_entry'), await scene.statuses()]).toEqual([1, ['REFUSED', 'COMPLETED']]);
    expect(await scene.count('feed_import_date')).toBe(0);

    await change(scene.database.db, 'DELETE FROM sale_entry');
    const options = ['--skip-rejects', '--rejects', join(scene.folder.path, 'race.csv')];
    const skipping = await scene.startedUpTo('import.registered', 'import', 'lines', file, ...options);
    await scene.magam('import', 'lines', other);
    const rest = { imported: LINES - 1, rejected: 1, rejects: [{ code: 'ENTRY_CONFLICT' }] };
    expect((await skipping.go()).json()).toMatchObject(rest);
    expect(await scene.count('sale_entry')).toBe(LINES);
  });

  it('of refunds of the same sale never exceed it', async () => {
    await scene.magam('import', 'lines', scene.folder.write(salesCsv({})));
    const files = ['A', 'B', 'C'].map((id) => scene.folder.write(refundsCsv({ refund_id: id, quantity: '2' })));
    const imports = await Promise.all(
      files.map((file) => scene.startedUpTo('import.registered', 'import', 'refunds', file)),
    );
    const outcomes = await Promise.all(imports.map(({ go }) => go()));
    expect(outcomes.map((outcome) => outcome.code).sort()).toEqual([0, 1, 1]);
    for (const outcome of outcomes.filter(({ code }) => code === 1)) {
      const details = { codes: { REFUND_EXCEEDS_SALE: 1 } };
      expect(errorOf(outcome)).toMatchObject({ code: 'IMPORT_REJECTED', details });
    }
    expect(await select(scene.database.db, 'SELECT quantity, prior_quantity AS prior FROM refund_entry')).toEqual([
      { quantity: 2, prior: 0 },
    ]);
  });

  it('of which one is unfinished: its rows may still be withdrawn, so nothing relies on them', async () => {
    await scene.struck('import.after-commit:kill', 'import', 'lines', scene.folder.write(manyLines()));
    const same = scene.folder.write(salesCsv({ order_id: 'O0', line_id: '0' }));
    const refused = { code: 'IMPORT_REJECTED', details: { codes: { IMPORT_UNFINISHED: 1 } } };
    expect(errorOf(await scene.magam('import', 'lines', same))).toMatchObject(refused);
  });
});
