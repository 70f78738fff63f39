/** Rows that are written as text: what arrives is what was given, whatever it holds. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Db, forWholeDates, inTransaction, select } from '../../infra/database.js';
import { insertRows, type RowValue } from '../../infra/stores/row-writer.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await createTestDatabase();
  ({ db } = database);
  await db.raw(
    'CREATE TABLE written (id INT NOT NULL PRIMARY KEY, content VARCHAR(100) CHARACTER SET utf8mb4 NULL, amount DECIMAL(30,0) NULL, at DATETIME(3) NULL)',
  );
});
afterAll(() => database.drop());

const written = () => select(db, 'SELECT id, content, amount FROM written ORDER BY id');
const insert = (rows: readonly (readonly RowValue[])[], more?: Parameters<typeof insertRows>[3]): Promise<void> =>
  inTransaction(db, (tx) => insertRows(forWholeDates(tx), 'written (id, content, amount)', rows, more));

it('texts of every kind, numbers of any size and nothing arrive as they are', async () => {
  const texts = ["it's", 'a \\ b', 'who? :name ?? $1', '{"a":"b"}', 'line\nbreak\ttab\0', "\\'", '가격 🎁', '', null];
  const amounts = [12_345_678_901_234_567_890_123n, -7n, 0, -3, 9_007_199_254_740_991, null, 1n, 2, 3];
  await insert(texts.map((text, at) => [at, text, amounts[at] as RowValue]));
  expect(await written()).toEqual(
    texts.map((content, id) => ({ id, content, amount: amounts[id] === null ? null : String(amounts[id]) })),
  );
});

it('many rows go into several statements, with a value that the database gives and a clause for rows that are there', async () => {
  const rows = Array.from({ length: 4_001 }, (_row, at): RowValue[] => [at, `new ${at}`, at]);
  await inTransaction(db, (tx) =>
    insertRows(tx, 'written (id, content, amount, at)', rows, {
      ...{ last: 'UTC_TIMESTAMP(3)', onDuplicate: 'ON DUPLICATE KEY UPDATE content = VALUES(content)' },
    }),
  );
  expect(
    await select(db, 'SELECT COUNT(*) AS n, COUNT(at) AS dated, SUM(content LIKE ?) AS changed FROM written', [
      'new %',
    ]),
  ).toEqual([{ n: 4_001, dated: 4_001 - 9, changed: '4001' }]);
  await insert([]);
  await expect(insert([[1, null, null]])).rejects.toMatchObject({ code: 'ER_DUP_ENTRY' });
});
