/** `magam imports withdraw`: what a completed import wrote is taken back, unless a date is closed or something rests on it. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { change, select } from '../../../../infra/database.js';
import { refundsCsv, salesCsv } from '../../../support/feed-files.js';
import { errorOf, ImportScene, LINES, manyLines } from '../../../support/import-scene.js';

let scene: ImportScene;
beforeAll(async () => {
  scene = await ImportScene.open();
});
afterEach(() => scene.reset());
afterAll(() => scene.close());

const importLines = (...rows: readonly Readonly<Record<string, string>>[]) =>
  scene.magam('import', 'lines', scene.folder.write(salesCsv(...rows)));
const refusalOf = async (importId: string) => {
  const outcome = await scene.magam('imports', 'withdraw', importId);
  const { code, details } = errorOf(outcome);
  return { exit: outcome.code, code, details };
};

describe('imports withdraw', () => {
  it('takes back what a completed import wrote and nothing else, with an entry of the audit log', async () => {
    await importLines({ order_id: 'OTHER' });
    await importLines({}, { line_id: '2', confirmed_on: '2026-03-09' });
    const id = await scene.importId('MAX');
    const outcome = await scene.magam('imports', 'withdraw', id);
    expect([outcome.code, outcome.json()]).toMatchObject([0, { importId: Number(id), status: 'WITHDRAWN' }]);
    const left = await select(scene.database.db, 'SELECT order_id FROM sale_entry');
    expect([left, await scene.count('feed_import_date')]).toEqual([[{ order_id: 'OTHER' }], 0]);
    const sql = `SELECT actor_user_name IS NOT NULL AS named, subject_id FROM audit_log WHERE action = 'import.withdraw'`;
    expect(await select(scene.database.db, sql)).toEqual([{ named: 1, subject_id: id }]);
    expect(await refusalOf(id)).toMatchObject({
      exit: 1,
      code: 'IMPORT_NOT_COMPLETED',
      details: { status: 'WITHDRAWN' },
    });
    expect((await importLines({}, { line_id: '2', confirmed_on: '2026-03-09' })).json()).toMatchObject({ imported: 2 });
  });

  it('holds its dates while it works, and is finished by the same command after being killed', async () => {
    await scene.magam('import', 'lines', scene.folder.write(manyLines()));
    const id = await scene.importId('MAX');
    expect((await scene.struck('abandon.batch:kill:2', 'imports', 'withdraw', id)).signal).toBe('SIGKILL');
    expect([await scene.statuses(), await scene.count('feed_import_date')]).toEqual([['ABANDONING'], 1]);
    await scene.expireLeases();
    expect((await scene.magam('imports', 'withdraw', id)).json()).toMatchObject({ status: 'WITHDRAWN' });
    expect(await scene.count('sale_entry')).toBe(0);
  });

  it('is finished by the import of the same file, which then imports it again', async () => {
    const file = scene.folder.write(manyLines());
    await scene.magam('import', 'lines', file);
    await scene.struck('abandon.batch:kill:1', 'imports', 'withdraw', await scene.importId('MAX'));
    await scene.expireLeases();
    expect((await scene.magam('import', 'lines', file)).json()).toMatchObject({ imported: LINES });
    expect(await scene.statuses()).toEqual(['WITHDRAWN', 'COMPLETED']);
  });

  it('is refused when one of its dates is closed, or being closed', async () => {
    await importLines({}, { line_id: '2', confirmed_on: '2026-03-09' });
    await change(scene.database.db, `UPDATE settlement_calendar SET shut_through = '2026-03-05'`);
    const details = { closedEntries: 1, closedThrough: '2026-03-05' };
    expect(await refusalOf(await scene.importId('MAX'))).toMatchObject({ exit: 1, code: 'DATE_CLOSED', details });
    expect([await scene.count('sale_entry'), await scene.statuses()]).toEqual([2, ['COMPLETED']]);
  });

  it('is refused when a refund of another import rests on one of its sales, until that is withdrawn', async () => {
    await importLines({});
    const sales = await scene.importId('MAX');
    await scene.magam('import', 'refunds', scene.folder.write(refundsCsv({})));
    const details = { refundId: 'R1' };
    expect(await refusalOf(sales)).toMatchObject({ exit: 1, code: 'IMPORT_HAS_DEPENDENTS', details });
    expect([await scene.count('sale_entry'), await scene.statuses()]).toEqual([1, ['COMPLETED', 'COMPLETED']]);
    for (const id of [await scene.importId('MAX'), sales])
      expect((await scene.magam('imports', 'withdraw', id)).json()).toMatchObject({ status: 'WITHDRAWN' });
    expect([await scene.count('sale_entry'), await scene.count('refund_entry')]).toEqual([0, 0]);
  });

  it('is refused while another import is unfinished, which may have counted its rows as unchanged', async () => {
    await importLines({});
    const first = await scene.importId('MAX');
    await scene.struck('import.registered:kill', 'import', 'lines', scene.folder.write(salesCsv({}, { line_id: '2' })));
    const details = { unfinishedImport: Number(first) + 1 };
    expect(await refusalOf(first)).toMatchObject({ code: 'IMPORT_RUNNING', details });
  });

  it('makes an import look again that had counted its rows as unchanged', async () => {
    await importLines({});
    const file = scene.folder.write(salesCsv({}, { line_id: '2' }));
    const { go } = await scene.startedUpTo('import.checked', 'import', 'lines', file);
    expect((await scene.magam('imports', 'withdraw', await scene.importId('MAX'))).code).toBe(0);
    expect((await go()).json()).toMatchObject({ imported: 2, unchanged: 0 });
    expect(await scene.count('sale_entry')).toBe(2);
  });

  it('is for completed imports of files', async () => {
    expect(await refusalOf('999999')).toMatchObject({ exit: 1, code: 'IMPORT_NOT_FOUND' });
    await scene.struck('import.registered:kill', 'import', 'lines', scene.folder.write(salesCsv({})));
    expect(await refusalOf(await scene.importId('MAX'))).toMatchObject({ code: 'IMPORT_NOT_COMPLETED' });
    await scene.reset();
    await scene.magam('seed', '--lines', '20', '--sellers', '2', '--date', '2026-03-05');
    expect(await refusalOf(await scene.importId('MAX'))).toMatchObject({ code: 'IMPORT_NOT_COMPLETED' });
  });
});
