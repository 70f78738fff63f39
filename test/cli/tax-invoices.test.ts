/** `magam tax-invoices`: each settlement of a month on exactly one record, made once, amended by what is settled later. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { makeTaxInvoices } from '../../core/tax-invoices/make-tax-invoices.js';
import { parseMonth } from '../../core/tax-invoices/rules/tax-invoice.js';
import { readInvoices } from '../../core/tax-invoices/stores/tax-invoice.js';
import { change, type Db, select } from '../../infra/database.js';
import { addDays } from '../../kernel/business-date.js';
import { decided } from '../../kernel/outcome.js';
import { makeSeller } from '../support/accounts.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { magam, magamJson } from '../support/magam.js';
import { insertSettlement, shutThrough } from '../support/settled-rows.js';
import { madeFigures } from '../support/statement-document.js';
import { sheetOf, shownRows } from '../support/workbook.js';

const SETTINGS = { MAGAM_BUSINESS_NUMBER: '124-81-00998', MAGAM_PLATFORM_NAME: '마감 마켓' };
const PLATFORM = { name: '마감 마켓', businessNumber: '1248100998' };
const signal = new AbortController().signal;

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await createTestDatabase();
  ({ db } = database);
  for (const sellerId of ['S1', 'S2', 'S3']) await makeSeller(db, sellerId);
  await shutThrough(db, '2026-08-31');
});
afterAll(() => database.drop());

/** Puts every settlement of a seller that is on no statement on one. */
async function onStatement(sellerId: string): Promise<void> {
  await change(
    db,
    `INSERT INTO statement_settlement SELECT s.settled_on, s.seller_id, s.currency, s.generation, 1 FROM settlement s
     LEFT JOIN statement_settlement y ON y.settled_on = s.settled_on AND y.seller_id = s.seller_id AND y.currency = s.currency AND y.generation = s.generation
     WHERE s.seller_id = ? AND y.settled_on IS NULL`,
    [sellerId],
  );
}

const make = (month: string, today: string) =>
  makeTaxInvoices(db, { month: decided(parseMonth(month)), today, platform: PLATFORM, userName: 'test' }, signal);
const invoices = (month: string) => readInvoices(db, month, null, undefined, 100);

describe('a month', () => {
  it('is made when its settlements are on statements, once, and amended by a supplement', async () => {
    await insertSettlement(db, { settledOn: '2026-04-03', sellerId: 'S1', figures: madeFigures(1_000_000n) });
    await insertSettlement(db, { settledOn: '2026-04-30', sellerId: 'S1', figures: madeFigures(500_000n) });
    await insertSettlement(db, { settledOn: '2026-04-30', sellerId: 'S1', currency: 'USD', figures: madeFigures(70n) });
    await insertSettlement(db, { settledOn: '2026-05-01', sellerId: 'S1', figures: madeFigures(70_000n) });
    await insertSettlement(db, { settledOn: '2026-04-30', sellerId: 'S2', figures: madeFigures(400_000n) });
    await insertSettlement(db, { settledOn: '2026-04-30', sellerId: 'file-1', figures: madeFigures(400_000n) });
    await onStatement('S1');
    const made = await make('2026-04', '2026-05-04');
    expect(made).toMatchObject({ dueOn: '2026-05-11', invoices: 1, amendments: 0 });
    expect(made.waiting).toEqual([
      { sellerId: 'S2', reason: 'STATEMENT_NOT_ISSUED' },
      { sellerId: 'file-1', reason: 'SELLER_NOT_REGISTERED' },
    ]);
    const [first] = await invoices('2026-04');
    expect(first).toMatchObject({
      sellerId: 'S1',
      number: 1,
      issuedOn: '2026-04-30',
      dueOn: '2026-05-11',
      platformBusinessNumber: '1248100998',
      platformName: '마감 마켓',
      feeSupplyMinor: 150_000n - 1_500n,
      feeVatMinor: 15_000n + 1_500n,
      madeBy: 'test',
    });
    expect(await make('2026-04', '2026-05-05')).toMatchObject({ invoices: 0, supplyMinor: 0n });
    // On the day on which the invoice is due it waits no longer for the statement.
    expect(await make('2026-04', '2026-05-10')).toMatchObject({ invoices: 0 });
    expect(await make('2026-04', '2026-05-11')).toMatchObject({ invoices: 1, amendments: 0 });
    // A supplement: it waits for its statement, and the first record stays as it is.
    await insertSettlement(db, {
      settledOn: '2026-04-03',
      generation: 2,
      sellerId: 'S1',
      figures: madeFigures(10_000n),
    });
    expect(await make('2026-04', '2026-06-10')).toMatchObject({ invoices: 0 });
    await onStatement('S1');
    expect(await make('2026-04', '2026-06-12')).toMatchObject({ invoices: 1, amendments: 1, supplyMinor: 990n + 285n });
    const all = await invoices('2026-04');
    expect(all.map(({ sellerId, number, issuedOn }) => [sellerId, number, issuedOn])).toEqual([
      ['S1', 1, '2026-04-30'],
      ['S1', 2, '2026-06-12'],
      ['S2', 1, '2026-04-30'],
    ]);
    expect(all[1]?.dueOn).toBe('2026-07-10');
    expect(all[0]).toEqual(first);
    const audit = await select(db, `SELECT subject_id FROM audit_log WHERE action = 'tax-invoices.make'`);
    expect(audit).toHaveLength(3);
  });

  it('of a seller for whom it comes to nothing has no record', async () => {
    await insertSettlement(db, { settledOn: '2026-08-03', sellerId: 'S1', figures: madeFigures(100_000n) });
    await insertSettlement(db, { settledOn: '2026-08-04', sellerId: 'S1', figures: madeFigures(-100_000n) });
    await onStatement('S1');
    expect(await make('2026-08', '2026-09-01')).toMatchObject({ invoices: 0, waiting: [] });
    expect(await invoices('2026-08')).toEqual([]);
  });

  it('is made by the command, listed and exported', async () => {
    expect((await magam(database.url, ['tax-invoices', 'make', '--month', '2026-05'], SETTINGS)).stdout).toContain(
      'Made 1 invoice of 2026-05',
    );
    const { document } = await magamJson<{ months: object[] }>(database.url, ['tax-invoices', 'list']);
    expect(document.months).toMatchObject([
      { month: '2026-05', invoices: 1 },
      { month: '2026-04', invoices: 3, amendments: 1 },
    ]);
    const listed = await magam(database.url, ['tax-invoices', 'list', '--month', '2026-04', '--seller', 'S2']);
    expect(listed.stdout).toContain('S2');
    expect(listed.stdout).not.toContain('S1');
    const csv = await magam(database.url, ['tax-invoices', 'export', '--month', '2026-04']);
    const rows = parse(csv.stdout, { columns: true }) as Record<string, string>[];
    expect(rows).toHaveLength(3);
    for (const { fee_supply, fee_vat, pg_fee_supply, pg_fee_vat, supply_value, vat, total } of rows) {
      expect(Number(fee_supply) + Number(pg_fee_supply)).toBe(Number(supply_value));
      expect(Number(fee_vat) + Number(pg_fee_vat)).toBe(Number(vat));
      expect(Number(supply_value) + Number(vat)).toBe(Number(total));
    }
    const folder = mkdtempSync(join(tmpdir(), 'magam-invoices-'));
    const file = join(folder, 'invoices.xlsx');
    const exported = await magam(database.url, [
      'tax-invoices',
      'export',
      '--month',
      '2026-04',
      '--format',
      'xlsx',
      '--out',
      file,
    ]);
    expect(exported).toMatchObject({ code: 0, stdout: '' });
    expect(shownRows(sheetOf(readFileSync(file), 'tax invoices')).slice(1)).toEqual(
      rows.map((row) => Object.values(row)),
    );
    rmSync(folder, { recursive: true });
  });

  it('exits with 3 while sellers have no record, and names them', async () => {
    const ended = await magam(database.url, ['tax-invoices', 'make', '--month', '2026-04'], SETTINGS);
    expect(ended).toMatchObject({ code: 3, stderr: expect.stringContaining('SELLER_NOT_REGISTERED') });
    expect(ended.stderr).toContain('file-1');
    await makeSeller(db, 'file-1');
    expect(await magam(database.url, ['tax-invoices', 'make', '--month', '2026-04'], SETTINGS)).toMatchObject({
      code: 0,
    });
  });
});

describe('what is refused', () => {
  const refused = async (args: string[], settings: Record<string, string> = SETTINGS) => {
    const { code, stdout } = await magam(database.url, ['--json', 'tax-invoices', ...args], settings);
    return [code, JSON.parse(stdout).error.code];
  };

  it('a month that is none, not over or not settled, and a platform without a business number', async () => {
    expect(await refused(['make', '--month', '2026-13'])).toEqual([2, 'MONTH_INVALID']);
    expect(await refused(['make', '--month', '2049-01'])).toEqual([1, 'TAX_INVOICE_MONTH_NOT_OVER']);
    expect(await refused(['make', '--month', '2026-09'])).toEqual([1, 'DATE_NOT_SETTLED']);
    expect(await refused(['make', '--month', '2026-04'], {})).toEqual([2, 'PLATFORM_BUSINESS_NUMBER_MISSING']);
    expect(await refused(['make', '--month', '2026-04'], { MAGAM_BUSINESS_NUMBER: '124-81-00999' })).toEqual([
      2,
      'CONFIG_INVALID',
    ]);
    await expect(make('2026-05', '2026-05-31')).rejects.toMatchObject({ code: 'TAX_INVOICE_MONTH_NOT_OVER' });
  });

  it('nonsense', async () => {
    for (const args of [
      ['make'],
      ['list', '--seller', 'S1'],
      ['export', '--month', '2026-04', '--format', 'pdf'],
      ['list', '--month', '2026-04', '--seller', ' '],
    ])
      expect(await refused(args)).toEqual([2, 'USAGE']);
    expect(await refused(['export', '--month', '2026-04'])).toEqual([2, 'USAGE']);
    const { code } = await magam(database.url, [
      'tax-invoices',
      'export',
      '--month',
      '2026-04',
      '--out',
      '/no/such/folder/x.csv',
    ]);
    expect(code).toBe(2);
  });
});

it('made at the same time, and with settlements in any order, the records add up to the settlements', async () => {
  const settlement = fc.record({
    seller: fc.constantFrom('S1', 'S2', 'S3'),
    day: fc.integer({ min: 0, max: 30 }),
    amount: fc.bigInt({ min: -300_000n, max: 300_000n }),
  });
  let generation = 10;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(settlement, { maxLength: 6 }), { maxLength: 4 }), async (rounds) => {
      for (const round of rounds) {
        for (const { seller, day, amount } of round) {
          generation += 1;
          const settledOn = addDays('2026-07-01', day);
          await insertSettlement(db, { settledOn, generation, sellerId: seller, figures: madeFigures(amount) });
        }
        for (const seller of ['S1', 'S3']) await onStatement(seller);
        await Promise.all([make('2026-07', '2026-08-05'), make('2026-07', '2026-08-05')]);
      }
      await onStatement('S2');
      await make('2026-07', '2026-08-05');
      const rows = await select<{ sellerId: string; charged: string }>(
        db,
        `SELECT seller_id AS sellerId, SUM(item_amount - seller_discount + shipping_fee - net) AS charged, SUM(fee_vat + pg_fee_vat) AS vat
         FROM settlement WHERE settled_on BETWEEN '2026-07-01' AND '2026-07-31' GROUP BY seller_id`,
      );
      const sums = await select<{ sellerId: string; charged: string }>(
        db,
        `SELECT seller_id AS sellerId, SUM(fee_supply + fee_vat + pg_fee_supply + pg_fee_vat) AS charged, SUM(fee_vat + pg_fee_vat) AS vat
         FROM tax_invoice WHERE month = '2026-07' GROUP BY seller_id`,
      );
      const bySeller = (of: typeof rows) =>
        Object.fromEntries(of.filter(({ charged }) => BigInt(charged) !== 0n).map((one) => [one.sellerId, one]));
      expect(bySeller(sums)).toEqual(bySeller(rows));
    }),
    { numRuns: 15 },
  );
});
