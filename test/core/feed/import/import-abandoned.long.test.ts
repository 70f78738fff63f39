/** `magam imports abandon`: what an unfinished import wrote is withdrawn, unless something rests on it. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { change } from '../../../../infra/database.js';
import { refundsCsv, salesCsv } from '../../../support/feed-files.js';
import { errorOf, ImportScene, LINES, manyLines, manyRefunds } from '../../../support/import-scene.js';

let scene: ImportScene;
beforeAll(async () => {
  scene = await ImportScene.open();
});
afterEach(() => scene.reset());
afterAll(() => scene.close());

describe('imports abandon', () => {
  it('withdraws what an unfinished import wrote, and finishes doing so after being killed', async () => {
    await scene.magam('import', 'lines', scene.folder.write(salesCsv({ order_id: 'OTHER' })));
    const file = scene.folder.write(manyLines());
    await scene.struck('import.after-commit:kill:2', 'import', 'lines', file);
    expect(await scene.count('sale_entry')).toBe(8_001);
    await scene.expireLeases();
    const id = await scene.importId('MAX');
    expect((await scene.struck('abandon.batch:kill:3', 'imports', 'abandon', id)).signal).toBe('SIGKILL');
    expect(await scene.statuses()).toEqual(['COMPLETED', 'ABANDONING']);
    await scene.expireLeases();
    const outcome = await scene.magam('imports', 'abandon', id);
    expect([outcome.code, outcome.json()]).toMatchObject([0, { status: 'ABANDONED' }]);
    expect([await scene.count('sale_entry'), await scene.count('feed_import_date')]).toEqual([1, 0]);
    const again = await scene.magam('imports', 'abandon', id);
    expect([again.code, errorOf(again).code]).toEqual([1, 'IMPORT_NOT_OPEN']);
    expect((await scene.magam('import', 'lines', file)).json()).toMatchObject({ imported: LINES });
  });

  it('is finished by the import itself when that is typed again', async () => {
    const file = scene.folder.write(manyLines());
    await scene.struck('import.after-commit:kill:2', 'import', 'lines', file);
    await scene.expireLeases();
    await scene.struck('abandon.batch:kill:2', 'imports', 'abandon', await scene.importId('MAX'));
    await scene.expireLeases();
    expect((await scene.magam('import', 'lines', file)).json()).toMatchObject({ imported: LINES });
    expect([await scene.count('sale_entry'), await scene.statuses()]).toEqual([LINES, ['ABANDONED', 'COMPLETED']]);
  });

  it('is refused when an accepted refund rests on one of its sales; the import can still be finished', async () => {
    const file = scene.folder.write(manyLines());
    await scene.struck('import.after-commit:kill', 'import', 'lines', file);
    const refund = scene.folder.write(refundsCsv({ order_id: 'O0', line_id: '0' }));
    expect((await scene.magam('import', 'refunds', refund)).json()).toMatchObject({ imported: 1 });
    await scene.expireLeases();
    const outcome = await scene.magam('imports', 'abandon', await scene.importId('MIN'));
    const refused = { code: 'IMPORT_HAS_DEPENDENTS', details: { refundId: 'R1' } };
    expect([outcome.code, errorOf(outcome)]).toMatchObject([1, refused]);
    expect([await scene.count('sale_entry'), await scene.statuses()]).toEqual([4_000, ['RUNNING', 'COMPLETED']]);
    expect((await scene.magam('import', 'lines', file)).json()).toMatchObject({ imported: LINES });
  });

  it('is refused when a refund of the same sale was accepted after one of its refunds', async () => {
    await scene.magam('import', 'lines', scene.folder.write(manyLines()));
    await scene.struck('import.after-commit:kill', 'import', 'refunds', scene.folder.write(manyRefunds()));
    const killed = await scene.importId('MAX');
    const later = scene.folder.write(refundsCsv({ refund_id: 'LATER', order_id: 'O0', line_id: '0' }));
    expect((await scene.magam('import', 'refunds', later)).json()).toMatchObject({ imported: 1 });
    await scene.expireLeases();
    const refused = { code: 'IMPORT_HAS_DEPENDENTS', details: { refundId: 'LATER' } };
    expect(errorOf(await scene.magam('imports', 'abandon', killed))).toMatchObject(refused);
    await change(scene.database.db, `DELETE FROM refund_entry WHERE refund_id = 'LATER'`);
    expect((await scene.magam('imports', 'abandon', killed)).json()).toMatchObject({ status: 'ABANDONED' });
    expect(await scene.count('refund_entry')).toBe(0);
  });

  it('knows no import that is not there', async () => {
    const outcome = await scene.magam('imports', 'abandon', '999999');
    expect([outcome.code, errorOf(outcome).code]).toEqual([1, 'IMPORT_NOT_FOUND']);
  });
});
