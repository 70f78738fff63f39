/** The door of a date, and the order in which dates are settled. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addDays } from '../../kernel/business-date.js';
import { violations } from '../../scripts/chaos/invariants.mjs';
import { environment, runMagam, startMagam, until } from '../../scripts/chaos/magam.mjs';
import { type ScratchDatabase, seed } from '../../scripts/chaos/scratch-database.mjs';
import {
  createDatabase,
  DATE,
  documentOf,
  type FailureDocument,
  magamOf,
  type SettleDocument,
} from '../support/settling.js';

const folder = mkdtempSync(join(tmpdir(), 'magam-door-'));
const LINES = 100;
const feed = { lines: LINES, sellers: 20, date: DATE };
/** A sale like the first of the date, with another order id. */
const insertSale = `INSERT INTO sale_entry (settled_on, order_id, line_id, seller_id, product_id, category, quantity, unit_price, item_amount,
    seller_discount, platform_discount, shipping_fee, currency, ordered_on, occurred_on)
  SELECT settled_on, ?, line_id, seller_id, product_id, category, quantity, unit_price, item_amount, seller_discount, platform_discount,
    shipping_fee, currency, ordered_on, occurred_on FROM sale_entry WHERE settled_on = ? ORDER BY entry_id LIMIT 1`;

let db: ScratchDatabase;
const databases: ScratchDatabase[] = [];
async function freshDatabase(): Promise<void> {
  db = await createDatabase();
  databases.push(db);
}
afterAll(async () => {
  await Promise.all(databases.map((one) => one.drop()));
  rmSync(folder, { recursive: true, force: true });
});

const magam = (args: readonly string[]) => magamOf(db, [...args, '--json']);
const settle = (date: string, ...args: string[]) => magam(['settle', '--date', date, ...args]);
const statusOf = (date: string) => db.value('SELECT status FROM business_date WHERE business_on = ?', [date]);

async function expectRefused(ended: ReturnType<typeof magam>, code: string): Promise<void> {
  const { code: exit, stdout } = await ended;
  expect(JSON.parse(stdout)).toMatchObject({ error: { code } });
  expect(exit).toBe(1);
}

describe('a writer of the date that is being closed', () => {
  beforeAll(async () => {
    await freshDatabase();
    await seed(db, feed);
  });

  it('is waited for: what it commits is settled, and a rolled-back one leaves nothing', async () => {
    const [writer, undone] = await Promise.all([db.connection(), db.connection()]);
    for (const [connection, order] of [
      [writer, 'committed-late'],
      [undone, 'rolled-back'],
    ] as const) {
      await connection.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED');
      await connection.beginTransaction();
      await connection.query('SELECT status FROM business_date WHERE business_on = ? LOCK IN SHARE MODE', [DATE]);
      await connection.query(insertSale, [order, DATE]);
    }
    const settling = settle(DATE);
    const waits = `SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE() AND info LIKE '%FROM business_date%FOR UPDATE%'
      AND info NOT LIKE '%processlist%'`;
    await until(async () => (await db.value(waits)) !== '0', 'settle waits for the writers');
    expect(await db.value('SELECT COUNT(*) FROM run_plan')).toBe('0');
    await undone.rollback();
    await writer.commit();
    for (const connection of [writer, undone]) connection.release();
    const ended = await settling;
    expect(ended).toMatchObject({ code: 0 });
    expect(documentOf(ended).lines).toBe(LINES + 1);
    expect(await violations(db, DATE)).toEqual([]);
    const settled = `SELECT COUNT(*) FROM settlement_line l JOIN sale_entry s USING (settled_on, entry_id) WHERE l.leg = 0 AND s.order_id = ?`;
    expect(await db.value(settled, ['committed-late'])).toBe('1');
    expect(await db.value(settled, ['rolled-back'])).toBe('0');
  });
});

describe('a writer that comes after the door was shut', () => {
  beforeAll(async () => {
    await freshDatabase();
    await seed(db, feed);
  });

  it('is refused while the run is under way, and after it', async () => {
    const gate = join(folder, 'shut');
    const file = join(folder, 'late.csv');
    writeFileSync(
      file,
      `order_id,line_id,seller_id,quantity,unit_price,shipping_fee,currency,ordered_on,confirmed_on\nlate-1,1,S1,1,1000,0,KRW,${DATE},${DATE}\n`,
    );
    const settling = startMagam(
      ['settle', '--date', DATE, '--workers', '1', '--json'],
      environment(db.url, { MAGAM_FAULT: `run.opened:wait:1:${gate}` }),
    );
    await settling.says('FAULT run.opened');
    expect(await statusOf(DATE)).toBe('CLOSING');
    const entries = await db.value('SELECT COUNT(*) FROM sale_entry');
    const refused = await magam(['import', 'lines', file]);
    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain('DATE_CLOSED');
    await expectRefused(
      magam(['seed', '--lines', '10', '--sellers', '2', '--date', DATE, '--seed', '9']),
      'DATE_CLOSED',
    );
    writeFileSync(gate, '');
    expect(await settling.ended).toMatchObject({ code: 0 });
    expect((await magam(['import', 'lines', file])).stdout).toContain('DATE_CLOSED');
    expect(await db.value('SELECT COUNT(*) FROM sale_entry')).toBe(entries);
    expect(await violations(db, DATE)).toEqual([]);
  });
});

describe('dates', () => {
  beforeAll(async () => {
    await freshDatabase();
    await seed(db, feed);
  });

  it('are settled in order', async () => {
    await expectRefused(settle(addDays(DATE, 1)), 'EARLIER_DATE_OPEN');
    await expectRefused(settle(addDays(DATE, 1), '--dry-run'), 'EARLIER_DATE_OPEN');
    expect(await statusOf(addDays(DATE, 1))).toBe('OPEN');
    expect(await db.value('SELECT COUNT(*) FROM job_instance')).toBe('0');
  });

  it('are not closed under an unfinished import', async () => {
    await db.change(
      `INSERT INTO feed_import (import_id, kind, source, fingerprint, status, owner, lease_until, host, requested_by, created_at, updated_at)
       VALUES (999, 'lines', 'f.csv', 'f', 'RUNNING', 'o', UTC_TIMESTAMP(3), 'h', 'u', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`,
    );
    await db.change('INSERT INTO feed_import_date (import_id, business_on) VALUES (999, ?)', [DATE]);
    await expectRefused(settle(DATE), 'IMPORT_IN_PROGRESS');
    expect(await statusOf(DATE)).toBe('OPEN');
    await db.change(`UPDATE feed_import SET status = 'COMPLETED' WHERE import_id = 999`);
  });

  it('of a range are settled one after the other, chained, and a second time nothing is done', async () => {
    const last = addDays(DATE, 7);
    const range = ['settle', '--from', DATE, '--to', last, '--allow-empty'];
    const ended = await magam(range);
    expect(ended).toMatchObject({ code: 0 });
    const { from, to, runs } = documentOf<{ from: string; to: string; runs: SettleDocument[] }>(ended);
    expect([from, to]).toEqual([DATE, last]);
    expect(runs.map(({ date }) => date)).toEqual(Array.from({ length: 8 }, (_, days) => addDays(DATE, days)));
    for (const { date } of runs) expect(await violations(db, date)).toEqual([]);
    const again = documentOf<{ runs: SettleDocument[] }>(await magam(range)).runs;
    expect(again.every(({ alreadyDone }) => alreadyDone)).toBe(true);
    expect(again.map(({ certificate }) => certificate)).toEqual(runs.map(({ certificate }) => certificate));
  });

  it('without entries are closed only when that is allowed, along with the open and empty dates before them', async () => {
    const [between, empty] = [addDays(DATE, 10), addDays(DATE, 20)];
    await db.change(`INSERT INTO business_date (business_on, status) VALUES (?, 'OPEN')`, [between]);
    const refused = settle(empty);
    await expectRefused(refused, 'DATE_EMPTY');
    const closesToo = { from: addDays(DATE, 8), through: addDays(DATE, 19) };
    const { message, details } = documentOf<FailureDocument>(await refused).error;
    expect(details).toEqual({ date: empty, dates: [empty], closesToo });
    expect(message).toContain(`would close it for good, and with it ${closesToo.from} to ${closesToo.through}`);
    await expectRefused(settle(empty, '--dry-run'), 'DATE_EMPTY');
    await expectRefused(settle(empty, '--request'), 'DATE_EMPTY');
    await expectRefused(magam(['settle', '--from', DATE, '--to', empty]), 'DATE_EMPTY');
    for (const date of [between, empty]) expect(await statusOf(date)).not.toBe('CLOSED');
    const ended = await settle(empty, '--allow-empty');
    expect(ended).toMatchObject({ code: 0 });
    const notice = `Closed along with ${empty}, without entries: ${closesToo.from} to ${closesToo.through}.`;
    expect(documentOf(ended).notices).toEqual([notice]);
    expect(documentOf(ended)).toMatchObject({ status: 'COMPLETED', lines: 0, refunds: 0, partitions: 0, totals: [] });
    expect(await violations(db, empty)).toEqual([]);
    expect([await statusOf(between), await statusOf(empty)]).toEqual(['CLOSED', 'CLOSED']);
    const skipped = await settle(between);
    expect(skipped).toMatchObject({ code: 0 });
    expect(documentOf(skipped)).toMatchObject({ runId: null, alreadyDone: true, lines: 0, certificate: null });
    const args = ['seed', '--lines', '10', '--sellers', '2', '--date', addDays(DATE, 12)];
    await expectRefused(magam(args), 'DATE_CLOSED');
  });

  it('that were asked for and closed empty with a later one are vouched for by its certificate', async () => {
    const [between, empty] = [addDays(DATE, 22), addDays(DATE, 24)];
    expect(await settle(between, '--request', '--allow-empty')).toMatchObject({ code: 0 });
    expect(await settle(empty, '--allow-empty')).toMatchObject({ code: 0 });
    expect(await settle(between)).toMatchObject({ code: 0 });
    const verified = await magam(['verify', '--date', between, '--json']);
    expect(verified.code).toBe(0);
    const names = documentOf<{ checks: { name: string }[] }>(verified).checks.map(({ name }) => name);
    expect(names).toContain('empty-dates');
  });

  it('that were left in mid-run keep later ones from being settled', async () => {
    const date = addDays(DATE, 30);
    await seed(db, { ...feed, date });
    const killed = await runMagam(
      ['settle', '--date', date, '--workers', '1'],
      environment(db.url, { MAGAM_FAULT: 'run.before-finish-commit:kill' }),
    );
    expect(killed.signal).toBe('SIGKILL');
    const refused = await settle(addDays(date, 1));
    expect(documentOf<FailureDocument>(refused).error).toMatchObject({
      code: 'EARLIER_DATE_OPEN',
      details: { earlier: [date] },
    });
    expect(await settle(date)).toMatchObject({ code: 0 });
    expect(await settle(addDays(date, 1), '--allow-empty')).toMatchObject({ code: 0 });
    for (const settled of [date, addDays(date, 1)]) expect(await violations(db, settled)).toEqual([]);
  });
});
