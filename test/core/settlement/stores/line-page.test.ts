/** Pages of lines and settlements read only their rows: the plans and the handlers' counts say so. */

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { REFUND, SALE } from '../../../../core/feed/rules/leg.js';
import { linePageStatement, settlementPageStatement } from '../../../../core/settlement/stores/line-page.js';
import { openDatabase, select } from '../../../../infra/database.js';
import { createTestDatabase, type TestDatabase } from '../../../support/database.js';
import { magam } from '../../../support/magam.js';

const DAY = '2026-03-02';
const LIMIT = 51;
let database: TestDatabase;
let connection: TestDatabase['db'];
let seller: string;
let mariaDb: boolean;

beforeAll(async () => {
  database = await createTestDatabase();
  for (const args of [
    ['seed', '--lines', '30000', '--sellers', '20', '--date', DAY],
    ['settle', '--date', DAY],
  ]) {
    const { code, stderr } = await magam(database.url, args);
    if (code !== 0) throw new Error(stderr);
  }
  connection = openDatabase(database.url, { poolMax: 1 });
  await select(connection, 'ANALYZE TABLE settlement_line, settlement, sale_entry, refund_entry');
  seller = await value('SELECT seller_id AS v FROM settlement_line GROUP BY seller_id ORDER BY COUNT(*) DESC LIMIT 1');
  mariaDb = /MariaDB/i.test(await value('SELECT VERSION() AS v'));
});
afterAll(async () => {
  await connection.destroy();
  await database.drop();
});

const value = async (sql: string): Promise<string> => {
  const [row] = await select<{ v: string | number }>(connection, sql);
  return String(row?.v);
};

/** Rows that the storage engine was asked for. */
async function rowsRead(): Promise<number> {
  const rows = await select<{ Value: string }>(connection, `SHOW SESSION STATUS LIKE 'Handler_read%'`);
  return rows.reduce((sum, row) => sum + Number(row.Value), 0);
}

async function probe(sql: string, params: readonly unknown[]) {
  const explain = mariaDb ? 'EXPLAIN' : 'EXPLAIN FORMAT=TRADITIONAL';
  const plan = await select<{ key: string | null; Extra: string | null }>(connection, `${explain} ${sql}`, params);
  const before = await rowsRead();
  const nothing = (await rowsRead()) - before; // SHOW itself
  const start = await rowsRead();
  const found = await select(connection, sql, params);
  return { found: found.length, read: (await rowsRead()) - start - nothing, plan };
}

const last = (leg: number, bySeller: boolean): Promise<string> =>
  value(
    `SELECT MAX(entry_id) - ${bySeller ? 500 : 200} AS v FROM settlement_line WHERE leg = ${leg} ${bySeller ? `AND seller_id = '${seller}'` : ''}`,
  );

describe('a page of lines', () => {
  it.each([
    ['sales', SALE, false, 'PRIMARY', 2],
    ['refunds', REFUND, false, 'PRIMARY', 3],
    ['sales of a seller', SALE, true, 'settlement_line_seller', 2],
    ['refunds of a seller', REFUND, true, 'settlement_line_seller', 3],
  ] as const)('of %s costs the same at the end as at the beginning', async (_name, leg, bySeller, key, tables) => {
    const sql = linePageStatement(leg, bySeller);
    for (const after of ['0', await last(leg, bySeller)]) {
      const { found, read, plan } = await probe(sql, [DAY, after, 1, ...(bySeller ? [seller] : []), LIMIT]);
      expect(plan[0]?.key).toBe(key);
      for (const { Extra } of plan) expect(Extra ?? '').not.toMatch(/filesort|temporary/);
      expect(plan).toHaveLength(tables);
      expect(found).toBeGreaterThan(0);
      expect(read).toBeLessThanOrEqual(tables * LIMIT + 10);
    }
  });
});

describe('a page of settlements', () => {
  const wide = { from: '2020-01-01', to: '2030-01-01', currency: null };

  it('reads its rows in the order of the table', async () => {
    for (const after of [undefined, { date: DAY, sellerId: seller, currency: 'AAA' }]) {
      const { sql, params } = settlementPageStatement({ ...wide, sellerId: null }, after, 6);
      const { found, read, plan } = await probe(sql, params);
      expect(plan).toMatchObject([{ key: 'PRIMARY' }]);
      expect(plan[0]?.Extra ?? '').not.toMatch(/filesort|temporary/);
      expect(found).toBeGreaterThan(0);
      expect(read).toBeLessThanOrEqual(10);
    }
  });

  it("of a seller reads only the seller's", async () => {
    const { sql, params } = settlementPageStatement({ ...wide, sellerId: seller }, undefined, 6);
    const { found, read, plan } = await probe(sql, params);
    expect(plan).toMatchObject([{ key: 'settlement_seller' }]);
    expect(read).toBeLessThanOrEqual(3 * found + 3);
  });
});
