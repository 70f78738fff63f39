/** `magam import`, `magam imports` and `magam seed` as a user sees them. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { change } from '../../infra/database.js';
import { refundsCsv, salesCsv } from '../support/feed-files.js';
import { errorOf, ImportScene } from '../support/import-scene.js';
import { magam } from '../support/magam.js';

let scene: ImportScene;
beforeAll(async () => {
  scene = await ImportScene.open();
});
afterAll(() => scene.close());

const plain = (...args: string[]) => magam(scene.database.url, args);

describe('magam import', () => {
  it('imports lines and refunds, and says what it did', async () => {
    const lines = await plain('import', 'lines', scene.folder.write(salesCsv({}, { line_id: '2' })));
    expect([lines.code, lines.stdout]).toEqual([
      0,
      expect.stringMatching(/^Import 1: 2 rows in [\d.]+ s: 2 new, 0 unchanged, 0 rejected\.\nUnderstood: /),
    ]);
    const refunds = await scene.magam('import', 'refunds', scene.folder.write(refundsCsv({})));
    expect([refunds.code, refunds.json()]).toEqual([
      0,
      {
        importId: 2,
        kind: 'refunds',
        status: 'COMPLETED',
        rows: 1,
        imported: 1,
        unchanged: 0,
        rejected: 0,
        notices: [],
        lateOn: null,
        understood: expect.objectContaining({ rows: 1 }),
        rejects: [],
        seconds: expect.any(Number),
      },
    ]);
    const list = await plain('imports');
    expect(list.stdout).toMatch(/ID +KIND +STATUS.*\n *2 +refunds +COMPLETED +file-2\.csv.*\n *1 +lines +COMPLETED/);
    expect((await scene.magam('imports')).json<object[]>()).toMatchObject([
      { importId: 2 },
      { importId: 1, kind: 'lines', imported: 2 },
    ]);
  });

  it('refuses bad rows with exit code 1, names them all where asked, and imports the rest where asked', async () => {
    const file = scene.folder.write(
      salesCsv({ order_id: 'A' }, { order_id: 'B', quantity: 'x' }, { order_id: 'C', currency: '' }),
    );
    const rejects = join(scene.folder.path, 'rejects.csv');
    const refused = await scene.magam('import', 'lines', file, '--rejects', rejects);
    expect([refused.code, errorOf(refused)]).toMatchObject([
      1,
      {
        code: 'IMPORT_REJECTED',
        details: { rows: 3, rejected: 2, codes: { FIELD_REQUIRED: 1, QUANTITY_INVALID: 1 }, rejectsFile: rejects },
      },
    ]);
    const named = 'line,column,code,value\n3,quantity,QUANTITY_INVALID,x\n4,currency,FIELD_REQUIRED,\n';
    expect(readFileSync(rejects, 'utf8')).toBe(named);
    const told = await plain('import', 'lines', file);
    expect([told.code, told.stdout]).toEqual([1, '']);
    expect(told.stderr).toContain('QUANTITY_INVALID');
    const rest = await plain('import', 'lines', file, '--skip-rejects');
    expect([rest.code, rest.stdout]).toEqual([3, expect.stringContaining('1 new, 0 unchanged, 2 rejected')]);
    expect(rest.stderr).toContain('line 3: quantity QUANTITY_INVALID "x"');
  });

  it('tells notices on standard error and in the result', async () => {
    const [header, row] = salesCsv({ order_id: 'N' }).split('\n');
    const outcome = await scene.magam('import', 'lines', scene.folder.write(`${header},memo\n${row},x`));
    const cut = 'The last line does not end in a line break. It has all its fields; see that the last one is whole.';
    const notices = ['Ignored columns: memo.', cut];
    expect(outcome.json()).toMatchObject({ imported: 1, notices });
    for (const notice of notices) expect(outcome.stderr).toContain(notice);
    const wide = Buffer.from(`${header}\n${row}`, 'utf16le');
    const again = await scene.magam('import', 'lines', scene.folder.write(wide), '--encoding', 'utf-16le');
    expect(again.json()).toMatchObject({ unchanged: 1, notices: [cut] });
  });

  it.each([
    ['a missing file', ['no-such-file.csv'], 1, 'FILE_UNREADABLE'],
    ['an unknown encoding', ['FILE', '--encoding', 'klingon'], 2, 'ENCODING_UNKNOWN'],
    ['an unknown zone', ['FILE', '--time-zone', 'Mars/Olympus'], 2, 'USAGE'],
    ['an unknown rule', ['FILE', '--late', 'whenever'], 2, 'USAGE'],
    ['an unknown option', ['FILE', '--overwrite'], 2, 'USAGE'],
    ['no file', [], 2, 'USAGE'],
    ['a missing mapping', ['FILE', '--map', 'no-such-map.json'], 1, 'FILE_UNREADABLE'],
    ['a mapping that is none', ['FILE', '--map', 'FILE'], 1, 'MAPPING_INVALID'],
    ['a rejects file nowhere', ['FILE', '--rejects', '/no/such/folder/rejects.csv'], 1, 'REJECTS_UNWRITABLE'],
    ['the file itself for its rejects', ['FILE', '--rejects', 'FILE'], 2, 'USAGE'],
    ['refunds for lines', ['REFUNDS'], 1, 'COLUMN_MISSING'],
  ])('refuses %s', async (_name, args, code, error) => {
    const file = scene.folder.write(salesCsv({}), 'usage.csv');
    const refunds = scene.folder.write(refundsCsv({}), 'refunds.csv');
    const given = args.map((arg) => (arg === 'FILE' ? file : arg === 'REFUNDS' ? refunds : arg));
    const outcome = await scene.magam('import', 'lines', ...given);
    expect([outcome.code, errorOf(outcome).code]).toEqual([code, error]);
    expect(readFileSync(file, 'utf8')).toBe(salesCsv({}));
    expect(existsSync('/no/such/folder')).toBe(false);
  });
});

describe('magam seed', () => {
  const seed = (...args: string[]) => scene.magam('seed', '--lines', '200', '--sellers', '5', ...args);

  it('seeds a date once, and other dates beside it', async () => {
    const first = await seed('--date', '2026-04-01');
    expect([first.code, first.json()]).toMatchObject([
      0,
      { date: '2026-04-01', lines: 200, laterEntries: 10, sellers: 5, policies: 10, alreadySeeded: false },
    ]);
    expect((await seed('--date', '2026-04-01')).json()).toMatchObject({ alreadySeeded: true });
    expect((await seed('--date', '2026-04-02')).json()).toMatchObject({ alreadySeeded: false });
    expect((await seed('--date', '2026-04-01', '--seed', 'x')).json()).toMatchObject({ alreadySeeded: false });
    const conflict = await scene.magam('seed', '--lines', '201', '--sellers', '5', '--date', '2026-04-01');
    expect([conflict.code, errorOf(conflict).code]).toEqual([1, 'SEED_CONFLICT']);
  });

  it('refuses a closed date, but still says of a seeded one that it is', async () => {
    await change(scene.database.db, `UPDATE settlement_calendar SET shut_through = '2026-04-05'`);
    const refused = await seed('--date', '2026-04-05');
    expect([refused.code, errorOf(refused).code]).toEqual([1, 'DATE_CLOSED']);
    expect((await seed('--date', '2026-04-01')).json()).toMatchObject({ alreadySeeded: true });
  });

  it.each([
    [['--date', '2026-02-30'], 'DATE_INVALID'],
    [['--date', '1900-01-01'], 'DATE_INVALID'],
    [['--date', '2026-04-01', '--seed', 'a b'], 'USAGE'],
    [['--date', '2026-04-01', '--lines', '-1'], 'USAGE'],
    [['--date', '2026-04-01', '--sellers', '0'], 'USAGE'],
    [[], 'USAGE'],
  ])('refuses %j with exit code 2', async (args, code) => {
    const outcome = await seed(...args);
    expect([outcome.code, errorOf(outcome).code]).toEqual([2, code]);
  });
});
