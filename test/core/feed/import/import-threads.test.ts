/** Imports whose reading threads die, hang or are stopped, and the two ways of writing sales. */
import { appendFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { change, select } from '../../../../infra/database.js';
import { type Ended, environment, runMagam } from '../../../../scripts/chaos/magam.mjs';
import { salesCsv } from '../../../support/feed-files.js';
import { errorOf, ImportScene, LINES, manyLines } from '../../../support/import-scene.js';
import { magam } from '../../../support/magam.js';

let scene: ImportScene;
beforeAll(async () => {
  scene = await ImportScene.open();
});
afterEach(() => scene.reset());
afterAll(() => scene.close());

/** In a process of its own, whose threads a fault strikes. */
const importWith = (settings: Readonly<Record<string, string>>, file: string): Promise<Ended> =>
  runMagam(['import', 'lines', file, '--json'], environment(scene.database.url, settings));

describe('a thread that reads a file', () => {
  it.each([
    ['ends', 'exit', {}],
    ['runs out of memory', 'memory', {}],
    ['fails', 'error', {}],
    ['hangs', 'hang', { MAGAM_CHUNK_DEADLINE_MS: '1500' }],
  ])(
    'and %s ends the import with a code; nothing is in the feed, and the same command does it',
    async (_name, action, settings) => {
      const file = scene.folder.write(manyLines());
      const outcome = await importWith({ MAGAM_FAULT: `import.block:${action}`, ...settings }, file);
      expect([outcome.code, errorOf(outcome).code]).toEqual([1, 'WORKER_DIED']);
      expect([await scene.count('sale_entry'), await scene.statuses()]).toEqual([0, []]);
      expect((await scene.magam('import', 'lines', file)).json()).toMatchObject({ imported: LINES });
    },
  );

  it('and dies with its process leaves nothing', async () => {
    const file = scene.folder.write(manyLines());
    expect((await importWith({ MAGAM_FAULT: 'import.block:kill' }, file)).signal).toBe('SIGKILL');
    expect([await scene.count('sale_entry'), await scene.statuses()]).toEqual([0, []]);
    expect((await scene.magam('import', 'lines', file)).json()).toMatchObject({ imported: LINES });
  });

  it('is ended by SIGINT, with exit code 130', async () => {
    const { started, go } = await scene.startedUpTo('import.block', 'import', 'lines', scene.folder.write(manyLines()));
    started.send('SIGINT');
    const outcome = await go();
    expect([outcome.code, errorOf(outcome).code]).toEqual([130, 'IMPORT_STOPPED']);
    expect(await scene.statuses()).toEqual([]);
  });
});

describe('a file that changes between its first reading and its check', () => {
  it('is not imported', async () => {
    const file = scene.folder.write(manyLines());
    const { go } = await scene.startedUpTo('import.block', 'import', 'lines', file);
    appendFileSync(file, salesCsv({ order_id: 'later' }).split('\n')[1] as string);
    // Whether or not the end was read ahead, it differs from the first hash or from the file at the end.
    expect(errorOf(await go()).code).toBe('FILE_CHANGED');
    expect(await scene.count('sale_entry')).toBe(0);
  });
});

describe('sales', () => {
  const importBy = (writer: string, file: string, ...options: string[]): Promise<Ended> =>
    magam(scene.database.url, ['import', 'lines', file, '--json', ...options], { MAGAM_LINE_WRITER: writer });
  const ids = ["a'", 'a\\', 'a\\\\', '\\N', 'a?', 'a??', '"a"', 'NULL', 'a,b', '%s'];
  const categories = ['', '\\N', "it's", 'tab\there', 'line\nbreak', '"', '\\', '😀', '신발', '?'];
  const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  const rows = ids.flatMap((id) =>
    categories.map((category, at) => ({ order_id: quoted(id), line_id: String(at), category: quoted(category) })),
  );
  const COLUMNS = `settled_on, order_id, line_id, seller_id, product_id, category, quantity, unit_price, item_amount, seller_discount,
    platform_discount, shipping_fee, currency, ordered_on, occurred_on`;
  const stored = () => select(scene.database.db, `SELECT ${COLUMNS} FROM sale_entry ORDER BY order_id, line_id`);

  it('are the same however they are written', async () => {
    const file = scene.folder.write(salesCsv(...rows));
    const byWriter: unknown[] = [];
    for (const writer of ['insert', 'load']) {
      const outcome = await importBy(writer, file);
      expect(outcome.json()).toMatchObject({ imported: rows.length });
      byWriter.push(await stored());
      expect((await importBy(writer, file)).json()).toMatchObject({ unchanged: rows.length });
      await scene.reset();
    }
    expect(byWriter[1]).toEqual(byWriter[0]);
    expect(new Set((byWriter[0] as { category: string }[]).map(({ category }) => category))).toEqual(
      new Set(categories.map((text) => text.trim())),
    );
  });

  it('of closed dates are settled on the next open one, loaded or inserted', async () => {
    const file = scene.folder.write(salesCsv({}, { line_id: '2', confirmed_on: '2026-03-07' }));
    for (const writer of ['insert', 'load']) {
      await change(scene.database.db, `UPDATE settlement_calendar SET shut_through = '2026-03-05'`);
      await importBy(writer, file, '--late', 'next-open-date');
      const dates = await select(
        scene.database.db,
        'SELECT settled_on AS d, occurred_on AS o FROM sale_entry ORDER BY line_id',
      );
      expect(dates).toEqual([
        { d: '2026-03-06', o: '2026-03-05' },
        { d: '2026-03-07', o: '2026-03-07' },
      ]);
      await scene.reset();
    }
  });
});
