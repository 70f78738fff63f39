import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { read, utils } from 'xlsx';
import type { TestDatabase } from '../support/database.js';
import { magam, magamJson } from '../support/magam.js';
import { createSmallDay, SMALL_DAY } from '../support/small-day.js';

let database: TestDatabase;

beforeAll(async () => {
  database = await createSmallDay();
});

afterAll(() => database.drop());

const LINES =
  'order_id,line_id,leg,refund_id,seller_id,currency,quantity,item_amount,seller_discount,platform_discount,shipping_fee,buyer_paid,fee_base,fee,fee_vat,fee_vat_mode,pg_fee,pg_fee_vat,net,policy_code,policy_version,settled_on\n';
const SETTLEMENTS =
  'seller_id,currency,sales,refunds,item_amount,seller_discount,platform_discount,shipping_fee,fee,fee_vat,pg_fee,pg_fee_vat,net,settled_on\n';

async function csv(...args: string[]): Promise<string> {
  const { code, stdout } = await magam(database.url, args);
  expect(code).toBe(0);
  return stdout;
}

const fromHand = [
  `B,1,refund,R-1,S1,KRW,1,-5000,-500,-250,0,-4250,-4500,-432,-43,exclusive,-167,-16,-3842,standard,1,${SMALL_DAY}\n`,
  `B,1,sale,,S1,KRW,2,10000,1000,500,3000,11500,9000,865,86,exclusive,334,33,10682,standard,1,${SMALL_DAY}\n`,
  `a,1,sale,,S1,BRL,1,58.90,0.00,0.00,0.00,58.90,58.90,7.07,0.64,inclusive,0.00,0.00,51.83,brazil,2,${SMALL_DAY}\n`,
  `a b,1,sale,,S2,KRW,1,1000,0,0,0,1000,1000,185,18,exclusive,29,2,766,standard,1,${SMALL_DAY}\n`,
  `a!,1,sale,,S1,KRW,1,1000,0,0,0,1000,1000,185,18,exclusive,29,2,766,standard,1,${SMALL_DAY}\n`,
  `"x,""y",1,sale,,S2,KRW,1,1000,0,0,0,1000,1000,185,18,exclusive,29,2,766,standard,1,${SMALL_DAY}\n`,
];

describe('magam lines', () => {
  it('exports the figures that were worked out by hand, in byte order', async () => {
    expect(await csv('lines', '--date', SMALL_DAY)).toBe(LINES + fromHand.join(''));
  });

  it('exports one seller', async () => {
    expect(await csv('lines', '--date', SMALL_DAY, '--seller', 'S2', '--format', 'csv')).toBe(
      LINES + fromHand[3] + fromHand[5],
    );
    expect(await csv('lines', '--date', SMALL_DAY, '--seller', 'nobody')).toBe(LINES);
  });

  it('exports the same rows as JSON, in minor units', async () => {
    const { document } = await magamJson<Record<string, unknown>[]>(database.url, ['lines', '--date', SMALL_DAY]);
    expect(document).toHaveLength(6);
    expect(document[2]).toEqual({
      order_id: 'a',
      line_id: '1',
      leg: 'sale',
      refund_id: '',
      seller_id: 'S1',
      currency: 'BRL',
      quantity: 1,
      item_amount: 5890,
      seller_discount: 0,
      platform_discount: 0,
      shipping_fee: 0,
      buyer_paid: 5890,
      fee_base: 5890,
      fee: 707,
      fee_vat: 64,
      fee_vat_mode: 'inclusive',
      pg_fee: 0,
      pg_fee_vat: 0,
      net: 5183,
      policy_code: 'brazil',
      policy_version: 2,
      settled_on: SMALL_DAY,
    });
    expect(await csv('lines', '--date', SMALL_DAY, '--format', 'json')).toBe(
      await csv('--json', 'lines', '--date', SMALL_DAY),
    );
  });

  it('keeps spreadsheets from seeing formulas in text only where that is asked for', async () => {
    const rename = (from: string, to: string) =>
      database.db.raw('UPDATE sale_entry SET order_id = ? WHERE order_id = ?', [to, from]);
    await rename('a b', '=1+1');
    const safe = await csv('lines', '--date', SMALL_DAY, '--spreadsheet-safe');
    const plain = await csv('lines', '--date', SMALL_DAY);
    await rename('=1+1', 'a b');
    expect(plain).toContain('\n=1+1,1,sale,');
    expect(safe).toBe(plain.replace('\n=1+1,', "\n'=1+1,"));
  });
});

describe('magam settlements', () => {
  it('sums up per seller and currency, refunds deducted', async () => {
    expect(await csv('settlements', '--date', SMALL_DAY)).toBe(
      SETTLEMENTS +
        `S1,BRL,1,0,58.90,0.00,0.00,0.00,7.07,0.64,0.00,0.00,51.83,${SMALL_DAY}\n` +
        `S1,KRW,2,1,6000,500,250,3000,618,61,196,19,7606,${SMALL_DAY}\n` +
        `S2,KRW,2,0,2000,0,0,0,370,36,58,4,1532,${SMALL_DAY}\n`,
    );
  });

  it('writes every digit of a sum beyond 2^53', async () => {
    const set = (net: string) =>
      database.db.raw(`UPDATE settlement SET net = ? WHERE seller_id = 'S2' AND settled_on = '${SMALL_DAY}'`, [net]);
    await set('9007199254740993123');
    expect(await csv('settlements', '--date', SMALL_DAY)).toContain(',9007199254740993123,');
    expect(await csv('settlements', '--date', SMALL_DAY, '--format', 'json')).toContain('"net":9007199254740993123,');
    await set('1532');
  });
});

describe('a date that is not settled', () => {
  it.each([
    ['lines', 'csv'],
    ['lines', 'json'],
    ['settlements', 'csv'],
    ['settlements', 'json'],
  ])('is refused: %s as %s', async (command, format) => {
    const { code, stdout, stderr } = await magam(database.url, [command, '--date', '2026-05-05', '--format', format]);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('DATE_NOT_SETTLED: 2026-05-05 is not settled');
  });

  it('is not one that was closed without entries: the header alone, or an empty array', async () => {
    await database.db.raw(`INSERT INTO business_date (business_on, status) VALUES ('2026-05-05', 'CLOSED')`);
    expect(await csv('lines', '--date', '2026-05-05')).toBe(LINES);
    expect(await csv('settlements', '--date', '2026-05-05')).toBe(SETTLEMENTS);
    expect(await magamJson(database.url, ['settlements', '--date', '2026-05-05'])).toEqual({ code: 0, document: [] });
    await database.db.raw(`DELETE FROM business_date WHERE business_on = '2026-05-05'`);
  });

  it('is refused while a run works on it, and never half exported', async () => {
    await database.db.raw(`UPDATE business_date SET status = 'CLOSING' WHERE business_on = '${SMALL_DAY}'`);
    const { code, document } = await magamJson<{ error: { code: string } }>(database.url, [
      'lines',
      '--date',
      SMALL_DAY,
    ]);
    await database.db.raw(`UPDATE business_date SET status = 'CLOSED' WHERE business_on = '${SMALL_DAY}'`);
    expect([code, document.error.code]).toEqual([1, 'DATE_NOT_SETTLED']);
  });

  it('does not show lines of a supplement that has no certificate yet', async () => {
    const generation = (n: number) =>
      database.db.raw(`UPDATE settlement_line SET generation = ? WHERE settled_on = '${SMALL_DAY}' AND leg = 1`, [n]);
    await generation(2);
    const lines = await csv('lines', '--date', SMALL_DAY);
    await generation(1);
    expect(lines).toBe(LINES + fromHand.slice(1).join(''));
  });
});

describe('a spreadsheet', () => {
  /** The sum of each column of amounts, as SUM() gives it: cells of text count as nothing. */
  const sums = (text: string): Record<string, number> => {
    const { Sheets } = read(text, { type: 'string' });
    const rows = utils.sheet_to_json<Record<string, unknown>>(Sheets.Sheet1 ?? {});
    const names = LINES.trim()
      .split(',')
      .slice(7, 19)
      .filter((name) => name !== 'fee_vat_mode');
    const sum = (name: string) => rows.reduce((all, row) => all + (typeof row[name] === 'number' ? row[name] : 0), 0);
    return Object.fromEntries(names.map((name) => [name, Number(sum(name).toFixed(2))]));
  };

  it.each(['lines', 'settlements'])('sums a safe export of %s to the same as a plain one', async (what) => {
    const plain = sums(await csv(what, '--date', SMALL_DAY));
    expect(sums(await csv(what, '--date', SMALL_DAY, '--spreadsheet-safe'))).toEqual(plain);
    // 7606 + 1532 in won and 51.83 in real: nobody adds these up, but every cell is in the sum.
    expect(plain.net).toBe(9189.83);
  });
});

describe('wrong usage', () => {
  it.each([
    ['a date that is none', ['lines', '--date', '2026-02-30'], 'DATE_INVALID'],
    ['an unknown format', ['lines', '--date', SMALL_DAY, '--format', 'xml'], 'USAGE'],
    ['no date', ['settlements'], 'USAGE'],
    ['a seller that cannot be one', ['lines', '--date', SMALL_DAY, '--seller', ' '], 'USAGE'],
  ])('refuses %s with exit code 2', async (_name, args, error) => {
    const { code, document } = await magamJson<{ error: { code: string } }>(database.url, args);
    expect([code, document.error.code]).toEqual([2, error]);
  });
});
