/** `magam stock verify` names what differs, and by its exit code that something does. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { commitReservation } from '../../core/stock/end-reservation.js';
import { reserve } from '../../core/stock/reserve.js';
import { change, type Db, inTransaction } from '../../infra/database.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { magam, magamJson } from '../support/magam.js';
import { makeUnits } from '../support/stock.js';

let database: TestDatabase;
let db: Db;
let a: number;
let b: number;
beforeAll(async () => {
  database = await createTestDatabase();
  db = database.db;
});
afterAll(() => database.drop());

const TABLES = ['stock', 'stock_movement', 'stock_reservation'];
/** Two units: of the first, two are sold and one is held. */
beforeEach(async () => {
  for (const table of TABLES) await change(db, `DELETE FROM ${table}`);
  [a = 0, b = 0] = await makeUnits(db, [10, 5]);
  for (const [holderId, quantity] of [
    [1, 2],
    [2, 1],
  ] as const) {
    const holder = { holderId, expiresInMs: 60_000, requestedBy: 'x' };
    await inTransaction(db, (tx) => reserve(tx, holder, [{ unitId: a, quantity }]));
  }
  await inTransaction(db, (tx) => commitReservation(tx, { holderId: 1, requestedBy: 'x' }));
});

describe('stock verify', () => {
  it('says that everything agrees', async () => {
    const { code, document } = await magamJson(database.url, ['stock', 'verify']);
    expect({ code, document }).toEqual({
      code: 0,
      document: { ok: true, units: 2, movements: 5, differing: 0, differences: [], seconds: expect.any(Number) },
    });
    const { stdout } = await magam(database.url, ['stock', 'verify']);
    expect(stdout).toMatch(/^Stock matches its journal and its reservations: 2 units, 5 movements, /);
  });

  it('finds nothing wrong with an empty database', async () => {
    for (const table of TABLES) await change(db, `DELETE FROM ${table}`);
    expect(await magamJson(database.url, ['stock', 'verify'])).toMatchObject({ code: 0, document: { units: 0 } });
  });

  it.each<[string, string, object[]]>([
    [
      'a row of stock that was changed',
      'UPDATE stock SET available = available + 1, received = received + 1 WHERE unit_id = :b',
      [
        { unit: 'b', part: 'received', stock: 6, journal: 5, reservations: null },
        { unit: 'b', part: 'available', stock: 6, journal: 5, reservations: null },
      ],
    ],
    [
      'a row of stock that is gone',
      'DELETE FROM stock WHERE unit_id = :b',
      [
        { unit: 'b', part: 'received', stock: 0, journal: 5, reservations: null },
        { unit: 'b', part: 'available', stock: 0, journal: 5, reservations: null },
      ],
    ],
    [
      'a movement that is gone',
      `DELETE FROM stock_movement WHERE unit_id = :a AND kind = 'COMMIT'`,
      [
        { unit: 'a', part: 'held', stock: 1, journal: 3, reservations: 1 },
        { unit: 'a', part: 'sold', stock: 2, journal: 0, reservations: 2 },
      ],
    ],
    [
      'a reservation that is gone',
      `DELETE FROM stock_reservation WHERE unit_id = :a AND status = 'HELD'`,
      [{ unit: 'a', part: 'held', stock: 1, journal: 1, reservations: 0 }],
    ],
    [
      'a sale that was changed',
      `UPDATE stock_reservation SET quantity = 1 WHERE unit_id = :a AND status = 'SOLD'`,
      [{ unit: 'a', part: 'sold', stock: 2, journal: 2, reservations: 1 }],
    ],
    [
      'a reservation of a unit without stock',
      `UPDATE stock_reservation SET unit_id = 999999 WHERE status = 'HELD'`,
      [
        { unit: 'a', part: 'held', stock: 1, journal: 1, reservations: 0 },
        { unit: 999_999, part: 'held', stock: 0, journal: 0, reservations: 1 },
      ],
    ],
  ])('names %s', async (_what, sql, differences) => {
    const name = (unit: unknown): unknown => ({ a, b })[unit as 'a' | 'b'] ?? unit;
    await change(db, sql.replace(':a', String(a)).replace(':b', String(b)));
    const { code, document } = await magamJson<{ ok: boolean; differences: object[] }>(database.url, [
      'stock',
      'verify',
    ]);
    expect({ code, ok: document.ok }).toEqual({ code: 4, ok: false });
    expect(document.differences).toEqual(
      differences.map((one) => {
        const { unit, ...rest } = one as { unit: unknown };
        return { unitId: name(unit), ...rest };
      }),
    );
    const told = await magam(database.url, ['stock', 'verify']);
    expect(told).toMatchObject({ code: 4, stderr: expect.stringContaining('STOCK_DIFFERS') });
    expect(told.stdout).toContain('DIFFERS at');
  });

  it('counts all units that differ and names the first thousand differences', async () => {
    const rows = Array.from(
      { length: 1_200 },
      (_, at) => `(${2_000_000 + at}, 'RECEIVE', 1, 0, 0, NULL, '', 'x', UTC_TIMESTAMP(3))`,
    );
    await change(
      db,
      `INSERT INTO stock_movement (unit_id, kind, available_change, held_change, sold_change, holder_id, reason, requested_by, created_at) VALUES ${rows.join(', ')}`,
    );
    const { code, document } = await magamJson<{ differing: number; differences: object[] }>(database.url, [
      'stock',
      'verify',
    ]);
    expect({ code, differing: document.differing, named: document.differences.length }).toMatchObject({
      code: 4,
      differing: expect.any(Number),
      named: 1_000,
    });
    expect(document.differing).toBeGreaterThanOrEqual(1_200);
    expect((await magam(database.url, ['stock', 'verify'])).stderr).toContain('only the first thousand');
    await change(db, 'DELETE FROM stock_movement WHERE unit_id >= 2000000');
  });

  it('looks at one moment, however much is sold meanwhile', async () => {
    let selling = true;
    const sell = async (): Promise<void> => {
      for (let holderId = 100; selling; holderId += 1) {
        const holder = { holderId, expiresInMs: 60_000, requestedBy: 'x' };
        await inTransaction(db, (tx) => reserve(tx, holder, [{ unitId: a, quantity: 1 }]));
        await inTransaction(db, (tx) => commitReservation(tx, holder));
      }
    };
    await change(
      db,
      `UPDATE stock SET available = available + 100000, received = received + 100000 WHERE unit_id = ?`,
      [a],
    );
    await change(
      db,
      `UPDATE stock_movement SET available_change = available_change + 100000 WHERE unit_id = ? AND kind = 'RECEIVE'`,
      [a],
    );
    const seller = sell();
    for (let n = 0; n < 10; n += 1) expect(await magam(database.url, ['stock', 'verify'])).toMatchObject({ code: 0 });
    selling = false;
    await seller;
  });

  it.each([
    [['stock']],
    [['stock', 'nonsense']],
    [['stock', 'verify', 'nonsense']],
    [['stock', 'verify', '--date', 'today']],
  ])('refuses %j', async (words) => expect(await magam(database.url, words)).toMatchObject({ code: 2 }));
});
