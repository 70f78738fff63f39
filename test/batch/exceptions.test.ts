/** Entries that cannot be settled: parked alone, and settled by a supplement once the reason is gone. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { addDays } from '../../kernel/business-date.js';
import { readLines, violations } from '../../scripts/chaos/invariants.mjs';
import { tableCounts } from '../../scripts/chaos/scratch-database.mjs';
import { DATE, documentOf, Settling } from '../support/settling.js';

const folder = mkdtempSync(join(tmpdir(), 'magam-exceptions-'));
let feed: Settling;
beforeAll(async () => {
  feed = await Settling.withOneThread();
});
afterAll(async () => {
  await feed.drop();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => feed.reset());

const parked = () =>
  feed.db.rows(
    'SELECT leg, entry_id AS entryId, code FROM settlement_exception WHERE settled_on = ? AND settled_generation IS NULL ORDER BY leg, entry_id',
    [DATE],
  );
/** The lines without the generation that settled them. */
const linesOf = async () => (await readLines(feed.db, DATE)).map(({ generation: _, ...line }) => line);

/** A command must exit with 3 and leave every table as it is. */
async function expectNothingWritten(): Promise<void> {
  const before = await tableCounts(feed.db);
  const certificates = await feed.db.rows('SELECT * FROM settlement_certificate');
  const ended = await feed.settle();
  expect(ended.code).toBe(3);
  expect(documentOf(ended)).toMatchObject({ alreadyDone: true, status: 'COMPLETED_WITH_EXCEPTIONS' });
  expect(documentOf(ended).notices.join()).toContain('nothing was written');
  const { job_execution, ...after } = await tableCounts(feed.db);
  expect({ ...after, job_execution: before.job_execution }).toEqual(before);
  expect(await feed.db.rows('SELECT * FROM settlement_certificate')).toEqual(certificates);
  expect(job_execution).toBeGreaterThanOrEqual(before.job_execution ?? 0);
  expect(await violations(feed.db, DATE)).toEqual([]);
}

describe('a row that the database refuses', () => {
  let saleId: string;
  let cleanLines: Awaited<ReturnType<typeof linesOf>>;

  beforeEach(async () => {
    await feed.finish();
    cleanLines = await linesOf();
    await feed.reset();
    saleId = await feed.db.value('SELECT MIN(original_id) FROM refund_entry WHERE settled_on = ? AND original_on = ?', [
      DATE,
      DATE,
    ]);
    await feed.db.change(`ALTER TABLE settlement_line ADD CONSTRAINT poison CHECK (leg <> 0 OR entry_id <> ${saleId})`);
  });
  afterEach(async () => {
    const there = await feed.db.value(
      `SELECT COUNT(*) FROM information_schema.table_constraints WHERE table_schema = DATABASE() AND constraint_name = 'poison'`,
    );
    if (there !== '0') await feed.db.change('ALTER TABLE settlement_line DROP CONSTRAINT poison');
  });

  it.each([
    ['insert', []],
    ['load', []],
    ['load', ['--chunk-size', '800']], // two partitions in a chunk
  ])('is parked alone, with its refund (%s %j); the rest is settled', async (writer, args) => {
    const ended = await feed.settle({ MAGAM_LINE_WRITER: writer }, args);
    expect(ended.code).toBe(3);
    const refunds = await feed.db.rows(
      'SELECT entry_id FROM refund_entry WHERE settled_on = ? AND original_id = ? ORDER BY entry_id',
      [DATE, saleId],
    );
    expect(refunds.length).toBeGreaterThan(0);
    expect(await parked()).toEqual([
      { leg: '0', entryId: saleId, code: 'LINE_REFUSED' },
      ...refunds.map(({ entry_id }) => ({ leg: '1', entryId: entry_id, code: 'ORIGINAL_PARKED' })),
    ]);
    const document = documentOf(ended);
    expect(document).toMatchObject({
      status: 'COMPLETED_WITH_EXCEPTIONS',
      lines: feed.cleanDocument.lines - 1,
      refunds: feed.cleanDocument.refunds - refunds.length,
      exceptions: 1 + refunds.length,
    });
    expect(await violations(feed.db, DATE)).toEqual([]);
    await feed.expectVerified();
  });

  it('stays parked while the reason lasts, and nothing is written', async () => {
    await feed.settle();
    await expectNothingWritten();
    await expectNothingWritten();
  });

  it('is settled by a supplement when the reason is gone', async () => {
    await feed.settle();
    await feed.db.change('ALTER TABLE settlement_line DROP CONSTRAINT poison');
    const mended = await feed.settle();
    expect(mended).toMatchObject({ code: 0 });
    expect(documentOf(mended)).toMatchObject({ exceptions: 0, certificate: { generation: 2 }, alreadyDone: false });
    expect(documentOf(mended).totals).toEqual(feed.cleanDocument.totals);
    expect(await violations(feed.db, DATE)).toEqual([]);
    expect(await linesOf()).toEqual(cleanLines);
    await feed.expectVerified();
  });
});

describe('a missing policy', () => {
  const policies = join(folder, 'euro.json');
  writeFileSync(
    policies,
    JSON.stringify({
      policies: [
        {
          code: 'euro',
          scope: {},
          currency: 'EUR',
          effectiveFrom: '2020-01-01',
          commission: { components: [{ type: 'percent', rate: '8.5' }] },
        },
      ],
    }),
  );

  /** The first sales of the date cost euros, for which there is no policy; those that were refunded on the day among them. */
  beforeAll(async () => {
    await feed.db.change(
      `UPDATE sale_entry SET currency = 'EUR' WHERE settled_on = ? AND (entry_id % 40 = 0 OR entry_id IN
         (SELECT original_id FROM refund_entry WHERE original_on = ? AND settled_on <= ?))`,
      [DATE, DATE, addDays(DATE, 1)],
    );
    await feed.db.change(
      `UPDATE refund_entry r JOIN sale_entry s ON s.settled_on = r.original_on AND s.entry_id = r.original_id SET r.currency = s.currency`,
    );
  });
  beforeEach(async () => {
    await feed.db.change(`DELETE FROM fee_policy WHERE code = 'euro'`);
    const ended = await feed.settle();
    expect(ended.code).toBe(3);
    expect(documentOf(ended).exceptions).toBeGreaterThan(25);
  });

  const apply = async (): Promise<void> => {
    expect(await feed.run(['policies', 'apply', policies])).toMatchObject({ code: 0 });
  };
  /** The supplement's certificate, chained to the first, and a date without a parked entry. */
  async function expectSupplement(): Promise<void> {
    expect(await violations(feed.db, DATE)).toEqual([]);
    expect(await parked()).toEqual([]);
    const bodies = await feed.db.rows('SELECT generation, hash, body FROM settlement_certificate ORDER BY generation');
    expect(bodies.map(({ generation }) => generation)).toEqual(['1', '2']);
    expect(JSON.parse(bodies[1]?.body ?? '').previous).toEqual({ date: DATE, generation: 1, hash: bodies[0]?.hash });
    await feed.expectVerified();
  }

  it('parks its sales and their refunds, by code', async () => {
    const codes = await feed.db.rows('SELECT leg, code, COUNT(*) AS n FROM settlement_exception GROUP BY leg, code');
    expect(codes.map(({ leg, code }) => `${leg} ${code}`).sort()).toEqual(['0 POLICY_MISSING', '1 ORIGINAL_PARKED']);
    const runId = await feed.db.value('SELECT run_id FROM job_instance');
    const shown = await feed.run(['runs', 'exceptions', runId, '--json']);
    expect(JSON.parse(shown.stdout).exceptions).toHaveLength((await parked()).length);
    expect(await violations(feed.db, DATE)).toEqual([]);
    await expectNothingWritten();
  });

  it('that is applied later: a dry run says so, a supplement settles them, and a third run has nothing to do', async () => {
    const first = await readLines(feed.db, DATE);
    await apply();
    const before = await tableCounts(feed.db);
    const open = (await parked()).length;
    const tried = documentOf(await feed.settle({}, ['--dry-run']));
    expect(tried.lines + tried.refunds).toBe(open);
    expect(tried).toMatchObject({ runId: null, certificate: null, exceptions: 0 });
    expect(await tableCounts(feed.db)).toEqual(before);

    const ended = await feed.settle();
    expect(ended).toMatchObject({ code: 0 });
    await expectSupplement();
    const firstAgain = (await readLines(feed.db, DATE)).filter(({ generation }) => generation === '1');
    expect(firstAgain).toEqual(first);
    const again = await feed.settle();
    expect(documentOf(again)).toMatchObject({ alreadyDone: true, certificate: { generation: 2 } });
  });

  it.each([
    'run.before-plan-commit:kill',
    'run.planned:kill',
    'chunk.in-transaction:kill',
    'chunk.before-commit:kill:2',
    'chunk.after-commit:kill',
    'run.before-finish-commit:kill',
  ])('and a supplement that is killed at %s', async (fault) => {
    await apply();
    expect(await feed.settle({ MAGAM_FAULT: fault })).toMatchObject({ signal: 'SIGKILL' });
    expect(await feed.settle()).toMatchObject({ code: 0 });
    await expectSupplement();
  });

  it('and a supplement that is stopped is resumed', async () => {
    await apply();
    const gate = join(folder, 'gate');
    const held = feed.startSettle({ MAGAM_FAULT: `chunk.after-commit:wait:1:${gate}` });
    await held.says('FAULT');
    held.send('SIGTERM');
    writeFileSync(gate, '');
    expect((await held.ended).code).toBe(130);
    expect(await feed.db.value('SELECT status FROM job_instance')).toBe('STOPPED');
    expect(await feed.settle()).toMatchObject({ code: 0 });
    await expectSupplement();
  });

  it('and three processes that find it mended at once', async () => {
    await apply();
    const ended = await feed.settleTogether({}, {}, {});
    expect(ended.map(({ code }) => code)).toEqual([0, 0, 0]);
    await expectSupplement();
  });

  it('and the refund of a later date, parked for its sake, which that date settles in a supplement of its own', async () => {
    const next = addDays(DATE, 1);
    const first = await feed.run(['settle', '--date', next, '--json']);
    expect(first.code).toBe(3);
    await apply();
    expect(await feed.settle()).toMatchObject({ code: 0 });
    const second = await feed.run(['settle', '--date', next, '--json']);
    expect(second).toMatchObject({ code: 0 });
    expect(documentOf(second)).toMatchObject({ exceptions: 0, certificate: { generation: 2 } });
    expect(await violations(feed.db, next)).toEqual([]);
  });
});
