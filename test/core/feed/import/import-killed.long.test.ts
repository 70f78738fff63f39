/** Imports that are killed at the worst moments, and the same command typed again. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { change, select } from '../../../../infra/database.js';
import { salesCsv } from '../../../support/feed-files.js';
import { ImportScene, LINES, manyLines, manyRefunds, REFUNDS } from '../../../support/import-scene.js';

let scene: ImportScene;
beforeAll(async () => {
  scene = await ImportScene.open();
});
afterEach(() => scene.reset());
afterAll(() => scene.close());

describe('a killed import', () => {
  it.each(['registered:kill', 'before-commit:kill:2', 'after-commit:kill:2', 'before-complete:kill'])(
    'of order lines is finished by the same command: import.%s',
    async (fault) => {
      const file = scene.folder.write(manyLines());
      const killed = await scene.struck(`import.${fault}`, 'import', 'lines', file);
      expect(killed.signal).toBe('SIGKILL');
      expect([await scene.statuses(), await scene.count('feed_import_date')]).toEqual([['RUNNING'], 1]);
      await scene.expireLeases();
      const outcome = await scene.magam('import', 'lines', file);
      const expected = { status: 'COMPLETED', rows: LINES, imported: LINES, unchanged: 0, rejected: 0 };
      expect([outcome.code, outcome.json()]).toMatchObject([0, expected]);
      expect([await scene.count('sale_entry'), await scene.statuses()]).toEqual([LINES, ['COMPLETED']]);
      expect(await scene.count('feed_import_date')).toBe(0);
    },
  );

  it.each(['before-commit:kill:2', 'after-commit:kill:2'])(
    'of refunds is finished by the same command: import.%s',
    async (fault) => {
      await scene.magam('import', 'lines', scene.folder.write(manyLines()));
      const file = scene.folder.write(manyRefunds());
      await scene.struck(`import.${fault}`, 'import', 'refunds', file);
      await scene.expireLeases();
      const outcome = await scene.magam('import', 'refunds', file);
      expect(outcome.json()).toMatchObject({ imported: REFUNDS, unchanged: 0 });
      const priors = await select(
        scene.database.db,
        'SELECT prior_quantity AS prior, COUNT(*) AS n FROM refund_entry GROUP BY prior_quantity ORDER BY prior',
      );
      expect(priors).toEqual([
        { prior: 0, n: REFUNDS / 2 },
        { prior: 1, n: REFUNDS / 2 },
      ]);
    },
  );

  it('finds the same repeated keys when it is continued', async () => {
    const rows = manyLines().trimEnd().split('\n');
    const file = scene.folder.write(`${[...rows, rows[1], rows[8_000]].join('\n')}\n`);
    await scene.struck('import.after-commit:kill:2', 'import', 'lines', file, '--skip-rejects');
    await scene.expireLeases();
    const outcome = await scene.magam('import', 'lines', file, '--skip-rejects');
    const rejects = [
      { line: LINES + 2, code: 'ROW_REPEATED', value: 'O0 0 (first on line 2)' },
      { line: LINES + 3, code: 'ROW_REPEATED', value: 'O3999 1 (first on line 8001)' },
    ];
    expect([outcome.code, outcome.json()]).toMatchObject([3, { imported: LINES, unchanged: 0, rejected: 2, rejects }]);
    expect(await scene.count('sale_entry')).toBe(LINES);
  });

  it('is waited for until its lease ends, without being asked', async () => {
    const file = scene.folder.write(salesCsv({}));
    await scene.struck('import.before-commit:kill', 'import', 'lines', file);
    expect((await scene.magam('import', 'lines', file)).json()).toMatchObject({ imported: 1 });
  });
});

describe('a killed seed', () => {
  const digests = async (): Promise<unknown[]> => [
    await select(
      scene.database.db,
      `SELECT COUNT(*) AS n, SUM(CRC32(CONCAT_WS('|', settled_on, order_id, line_id, seller_id, item_amount))) AS digest
       FROM sale_entry`,
    ),
    await select(
      scene.database.db,
      `SELECT COUNT(*) AS n, SUM(CRC32(CONCAT_WS('|', settled_on, refund_id, prior_quantity, item_amount))) AS digest
       FROM refund_entry`,
    ),
  ];

  it('is finished by the same command, with the entries of an unbroken one', async () => {
    const seed = ['seed', '--lines', '12000', '--sellers', '20', '--date', '2026-03-05'];
    expect((await scene.magam(...seed)).json()).toMatchObject({ lines: 12_000, alreadySeeded: false });
    const expected = await digests();
    for (const table of ['refund_entry', 'sale_entry', 'feed_import']) {
      await change(scene.database.db, `DELETE FROM ${table}`);
    }
    for (const fault of ['before-commit:kill:2', 'after-commit:kill:2', 'before-complete:kill']) {
      expect((await scene.struck(`import.${fault}`, ...seed)).signal).toBe('SIGKILL');
      await scene.expireLeases();
    }
    expect((await scene.magam(...seed)).json()).toMatchObject({ lines: 12_000, alreadySeeded: false });
    expect(await digests()).toEqual(expected);
    expect((await scene.magam(...seed)).json()).toMatchObject({ lines: 12_000, alreadySeeded: true });
  });
});
