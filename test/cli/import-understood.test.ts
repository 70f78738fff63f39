/** What an import says it has understood, and `--dry-run`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { refundsCsv, salesCsv } from '../support/feed-files.js';
import { errorOf, ImportScene } from '../support/import-scene.js';
import { magam } from '../support/magam.js';

let scene: ImportScene;
beforeAll(async () => {
  scene = await ImportScene.open();
});
afterEach(() => scene.reset());
afterAll(() => scene.close());

const usd = { currency: 'USD', unit_price: '12.50', seller_discount: '0', platform_discount: '0', seller_id: 'S2' };
const lines = salesCsv(
  {},
  { line_id: '2', ordered_on: '2025-12-31', confirmed_on: '2026-03-02T20:00:00' },
  { ...usd, line_id: '3', shipping_fee: '', confirmed_on: '2026-03-09' },
);
const understood = {
  timeZone: 'America/Sao_Paulo',
  platformTimeZone: 'Asia/Seoul',
  rows: 3,
  firstDate: '2026-03-03',
  lastDate: '2026-03-09',
  sellers: 2,
  sums: [
    { currency: 'KRW', rows: 2, itemAmount: 6000, shippingFee: 6000, sellerDiscount: 200, platformDiscount: 100 },
    { currency: 'USD', rows: 1, itemAmount: 3750, shippingFee: 0, sellerDiscount: 0, platformDiscount: 0 },
  ],
};
const zone = ['--time-zone', 'America/Sao_Paulo'];

describe('what was understood', () => {
  it('is in the result, with the lines that no policy covers on their order date', async () => {
    const commission = { components: [{ type: 'percent', rate: '10' }] };
    const policy = { code: 'won', scope: {}, currency: 'KRW', effectiveFrom: '2026-01-01', commission };
    const policies = scene.folder.write(JSON.stringify({ policies: [policy] }), 'policies.json');
    const file = scene.folder.write(lines);
    const before = await scene.magam('import', 'lines', file, '--dry-run', ...zone);
    expect(before.json()).toMatchObject({ understood: { ...understood, withoutPolicy: 3 } });
    expect((await scene.magam('policies', 'apply', policies)).code).toBe(0);
    const outcome = await scene.magam('import', 'lines', file, ...zone);
    expect(outcome.json()).toMatchObject({ imported: 3, understood: { ...understood, withoutPolicy: 2 } });
    const refunds = scene.folder.write(
      refundsCsv({ quantity: '2' }, { refund_id: 'R2', line_id: '3', refunded_on: '2026-03-10' }),
    );
    expect((await scene.magam('import', 'refunds', refunds)).json()).toMatchObject({
      understood: {
        rows: 2,
        firstDate: '2026-03-06',
        lastDate: '2026-03-10',
        sellers: 2,
        sums: [
          { currency: 'KRW', rows: 1, itemAmount: 2000 },
          { currency: 'USD', rows: 1, itemAmount: 1250 },
        ],
        withoutPolicy: null,
      },
    });
  });

  it('is told to people', async () => {
    const { stdout } = await magam(scene.database.url, ['import', 'lines', scene.folder.write(lines), ...zone]);
    expect(stdout.split('\n').slice(1)).toEqual([
      'Understood: 3 rows of 2 sellers, 2026-03-03 to 2026-03-09, time stamps without an offset in America/Sao_Paulo, as days of Asia/Seoul.',
      '  2 rows in KRW: items 6,000 KRW, shipping 6,000 KRW, seller discount 200 KRW, platform discount 100 KRW',
      '  1 row in USD: items 37.50 USD',
      expect.stringMatching(/^ {2}No fee policy covers \d lines? as of now: they would be parked\.$/),
      '',
    ]);
  });

  it('adds up beyond 2^53, and is told of a file that is refused', async () => {
    const most = { unit_price: '3002399751580330', shipping_fee: '0', seller_discount: '0', platform_discount: '0' };
    const file = scene.folder.write(salesCsv(most, { ...most, line_id: '2' }, { quantity: 'x' }));
    const sums = [{ itemAmount: '18014398509481980' }];
    expect(errorOf(await scene.magam('import', 'lines', file)).details).toMatchObject({
      understood: { rows: 2, sums },
    });
  });
});

describe('--dry-run', () => {
  it('writes nothing but the rejects file, and says what an import would say', async () => {
    const rejects = join(scene.folder.path, 'rejects.csv');
    const file = scene.folder.write(salesCsv({}, { line_id: '2', quantity: '0' }));
    const dry = ['import', 'lines', file, '--dry-run', '--rejects', rejects];
    const refused = await scene.magam(...dry);
    expect([refused.code, errorOf(refused).code]).toEqual([1, 'IMPORT_REJECTED']);
    expect(readFileSync(rejects, 'utf8')).toContain('3,quantity,QUANTITY_INVALID,0');
    const skipped = await scene.magam(...dry, '--skip-rejects');
    const counts = { importId: null, status: 'CHECKED', rows: 2, imported: 1, unchanged: 0, rejected: 1 };
    expect([skipped.code, skipped.json()]).toMatchObject([3, counts]);
    for (const table of ['sale_entry', 'feed_import', 'feed_import_date', 'business_date'])
      expect(await scene.count(table)).toBe(0);
    const told = await magam(scene.database.url, dry.slice(0, 4).concat('--skip-rejects'));
    expect(told.stdout).toMatch(/^Dry run: 2 rows in .*\. Nothing was written\.\n/);
  });

  it('leaves an interrupted import of the same file as it is', async () => {
    const file = scene.folder.write(salesCsv({}));
    await scene.struck('import.after-commit:kill', 'import', 'lines', file);
    const dry = await scene.magam('import', 'lines', file, '--dry-run');
    expect([dry.code, dry.json()]).toMatchObject([0, { imported: 1, unchanged: 0 }]);
    expect([await scene.statuses(), await scene.count('sale_entry')]).toEqual([['RUNNING'], 1]);
  });
});
