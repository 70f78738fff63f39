/** The job that closes statements, as real processes: whatever dies, each period closes once, and nothing is missing. */
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { postGeneration } from '../../core/postings/post-generation.js';
import { change, type Db, inTransaction, select } from '../../infra/database.js';
import { environment, startMagam } from '../../scripts/chaos/magam.mjs';
import { createTestDatabase, inStatement, type TestDatabase } from '../support/database.js';
import { magam, magamJson } from '../support/magam.js';
import { settleAndPost, settleRows } from '../support/settled-rows.js';
import { giveTerms, postRule } from '../support/statements.js';

let database: TestDatabase;
let db: Db;
let url: string;
const sellers = Array.from({ length: 12 }, (_, at) => `S${at + 10}`);
const CLOSE = ['statements', 'close', '--date', '2026-04-05', '--workers', '2', '--grid-size', '3'];
const TABLES = [
  'statement',
  'statement_settlement',
  'statement_item',
  'statement_total',
  'statement_account',
  'statement_reserve',
];

beforeAll(async () => {
  database = await createTestDatabase();
  ({ db, url } = database);
  await giveTerms(db, { reserve: { rateE4: 100_000, days: 3 } });
});
afterAll(() => database.drop());

beforeEach(async () => {
  for (const table of [...TABLES, 'job_instance', 'job_execution', 'run_plan', 'run_partition', 'run_partition_pass'])
    await change(db, `DELETE FROM ${table}`);
  for (const table of ['ledger_account', 'ledger_transaction', 'ledger_posting', 'ledger_balance', 'ledger_day'])
    await change(db, `DELETE FROM ${table}`);
  for (const table of [
    'settlement',
    'settlement_line',
    'settlement_refund',
    'settlement_certificate',
    'posted_generation',
    'refund_entry',
    'shop_paid',
    'feed_event',
  ])
    await change(db, `DELETE FROM ${table}`);
  for (const date of ['2026-04-01', '2026-04-02'])
    await settleAndPost(db, date, 1, [
      ...sellers.map((sellerId, at) => ({ sellerId, itemAmount: 1_000 + at, fee: 10 })),
      { sellerId: 'S10', itemAmount: -40 },
    ]);
});

const counts = async () => {
  const [row] = await select(
    db,
    `SELECT (SELECT COUNT(*) FROM statement) AS statements, (SELECT COUNT(*) FROM statement_settlement) AS settlements,
       (SELECT COUNT(*) FROM statement_item) AS items, (SELECT COUNT(*) FROM feed_event WHERE type = 'statement.issued') AS events`,
  );
  return row;
};
const WHOLE = { statements: 12, settlements: 24, items: 12, events: 12 };

async function verified(): Promise<void> {
  expect(await magamJson(url, ['statements', 'verify'])).toMatchObject({ code: 0, document: { ok: true } });
  expect(await magamJson(url, ['ledger', 'verify'])).toMatchObject({ code: 0, document: { ok: true } });
}

describe('SIGKILL', () => {
  it.each([
    ['run.before-plan-commit', 'RUNNING'],
    ['statements.written', 'RUNNING'],
    ['chunk.before-commit', 'RUNNING'],
    ['chunk.after-commit', 'RUNNING'],
    ['run.before-finish-commit', 'RUNNING'],
    ['run.finished', 'COMPLETED'],
  ])('at %s: the same command finishes it, nothing twice and nothing missing', async (point, status) => {
    const one = [...CLOSE, '--workers', '1'];
    const killed = startMagam(one, environment(url, { NODE_ENV: 'test', MAGAM_FAULT: `${point}:kill` }));
    expect((await killed.ended).signal).toBe('SIGKILL');
    expect(await select(db, 'SELECT status FROM job_instance')).toEqual([{ status }]);
    expect(await magamJson(url, CLOSE)).toMatchObject({
      code: 0,
      document: {
        ...{ date: '2026-04-05', status: 'COMPLETED', statements: 12, alreadyDone: status === 'COMPLETED' },
        sums: [{ currency: 'KRW', sellers: 12, openingMinor: 0 }],
      },
    });
    expect(await counts()).toEqual(WHOLE);
    await verified();
  });
});

it('three at once join one run', async () => {
  const others = [1, 2].map(() => startMagam(CLOSE, environment(url, { NODE_ENV: 'test' })).ended);
  const ended = await Promise.all([magam(url, CLOSE), ...others]);
  expect(ended.map(({ code }) => code)).toEqual([0, 0, 0]);
  expect(await counts()).toEqual(WHOLE);
  await verified();
});

it('sums lead from the first opening to the last closing balance where sellers have several statements', async () => {
  await postRule(db, 'PAYOUT_SENT', 'S10', '2026-04-08', 500);
  const close = ['statements', 'close', '--date', '2026-04-12', '--workers', '2'];
  const sum = { currency: 'KRW', statements: 24, sellers: 12, openingMinor: 0, payoutsMinor: -500 };
  expect((await magamJson(url, close)).document).toMatchObject({
    statements: 24,
    sums: [{ ...sum, earnedMinor: 23_812, closingMinor: 23_312 }],
  });
  expect((await magam(url, close)).stdout).toMatch(/ 24 +12 +0 KRW +23,812 KRW +-500 KRW +23,312 KRW/);
});

it('closing twice changes nothing and says so; the next week is chained to it', async () => {
  expect((await magam(url, CLOSE)).stdout).toContain('2026-04-05: closed. 12 statements.');
  const hashes = await select(db, 'SELECT hash FROM statement ORDER BY statement_id');
  expect((await magam(url, CLOSE)).stdout).toContain('2026-04-05: closed already. 12 statements.');
  expect(await select(db, 'SELECT hash FROM statement ORDER BY statement_id')).toEqual(hashes);
  expect(await magam(url, ['statements', 'close', '--date', '2026-04-12'])).toMatchObject({ code: 0 });
  expect(await counts()).toEqual({ statements: 24, settlements: 24, items: 24, events: 24 }); // the reserves were given back
  await verified();
});

it('a seller who first comes with a supplement gets its statement from the same command', async () => {
  expect((await magam(url, CLOSE)).stdout).toContain('2026-04-05: closed. 12 statements.');
  await settleAndPost(db, '2026-04-02', 2, [
    { sellerId: 'S99', itemAmount: 500 },
    { sellerId: 'S10', itemAmount: 7 },
  ]);
  expect((await magam(url, CLOSE)).stdout).toContain('2026-04-05: closed. 13 statements.');
  expect((await magam(url, CLOSE)).stdout).toContain('2026-04-05: closed already. 13 statements.');
  expect(await counts()).toEqual({ ...WHOLE, statements: 13, settlements: 25, items: 13, events: 13 });
  await verified();
});

it('a date that was closed before it had entries is closed again when they are settled and posted', async () => {
  const close = ['statements', 'close', '--date', '2026-04-12', '--workers', '2'];
  expect((await magam(url, close)).stdout).toContain('2026-04-12: closed. 24 statements.');
  const refused = async (code: string, details: object) =>
    expect(await magamJson(url, close)).toMatchObject({ code: 1, document: { error: { code, details } } });
  await change(db, `INSERT INTO business_date (business_on, status) VALUES ('2026-04-10', 'CLOSING')`);
  await refused('STATEMENT_DATE_UNSETTLED', { unsettled: '2026-04-10' });
  await change(db, 'DELETE FROM business_date');
  await settleRows(db, '2026-04-10', 1, [{ sellerId: 'S99', itemAmount: 500 }]);
  await refused('STATEMENT_DATE_UNPOSTED', { unposted: { date: '2026-04-10', generation: 1 } });
  await inTransaction(db, (tx) => postGeneration(tx, { date: '2026-04-10', generation: 1 }));
  expect((await magam(url, close)).stdout).toContain('2026-04-12: closed. 25 statements.');
  expect((await magam(url, close)).stdout).toContain('2026-04-12: closed already. 25 statements.');
  await verified();
});

it('periods that new terms have ended since are closed by the same command', async () => {
  const own = {
    seller: 'S11',
    reserve: null,
    effectiveFrom: '2026-04-06',
    cycle: { type: 'monthly', closesOn: 31 },
  } as const;
  await giveTerms(db, own);
  const close = ['statements', 'close', '--date', '2026-04-12', '--workers', '2'];
  expect((await magam(url, close)).stdout).toContain('2026-04-12: closed. 23 statements.');
  await giveTerms(db, { ...own, version: 2, effectiveFrom: '2026-04-12', cycle: { type: 'daily' } });
  expect((await magam(url, close)).stdout).toContain('2026-04-12: closed. 25 statements.');
  expect((await magam(url, close)).stdout).toContain('2026-04-12: closed already. 25 statements.');
  const periods = `SELECT period_from AS start, closes_on AS end FROM statement WHERE seller_id = 'S11' ORDER BY number`;
  expect(await select(db, periods)).toEqual([
    { start: '2026-03-30', end: '2026-04-05' },
    { start: '2026-04-06', end: '2026-04-11' },
    { start: '2026-04-12', end: '2026-04-12' },
  ]);
  await verified();
  await change(db, `DELETE FROM seller_terms WHERE seller_id = 'S11'`);
});

it('what is posted while a page is closed waits, and is on the next statement', async () => {
  // Nothing is kept back: then only the close's own lock holds the other up.
  const reserve = '"reserve":{"percent":"10","days":3}';
  await change(db, 'UPDATE seller_terms SET definition = REPLACE(definition, ?, ?)', [reserve, '"reserve":null']);
  const file = join(tmpdir(), `${database.url.split('/').at(-1)}.go`);
  const closing = startMagam(
    CLOSE,
    environment(url, { NODE_ENV: 'test', MAGAM_LEASE_MS: '20000', MAGAM_FAULT: `statements.written:wait:1:${file}` }),
  );
  await closing.says('FAULT statements.written');
  await settleRows(
    db,
    '2026-04-02',
    2,
    sellers.map((sellerId) => ({ sellerId, itemAmount: 7 })),
  );
  const posting = inTransaction(db, (tx) => postGeneration(tx, { date: '2026-04-02', generation: 2 }));
  await inStatement(db, '%ledger_balance%');
  writeFileSync(file, '');
  expect((await closing.ended).code).toBe(0);
  await posting;
  expect(await counts()).toMatchObject({ statements: 12 });
  expect(await magam(url, ['statements', 'close', '--date', '2026-04-12'])).toMatchObject({ code: 0 });
  expect(
    await select(
      db,
      'SELECT COUNT(*) AS open FROM settlement s LEFT JOIN statement_settlement c USING (settled_on, seller_id, currency, generation) WHERE c.statement_id IS NULL',
    ),
  ).toEqual([{ open: 0 }]);
  await change(db, 'UPDATE seller_terms SET definition = REPLACE(definition, ?, ?)', ['"reserve":null', reserve]);
  await verified();
});

describe('refusals', () => {
  it('a date that is not over, not settled or not posted', async () => {
    const refused = async (date: string, code: string, more: object = {}) =>
      expect(await magamJson(url, ['statements', 'close', '--date', date])).toMatchObject({
        code: 1,
        document: { error: { code, details: more } },
      });
    await refused('today', 'STATEMENT_DATE_NOT_OVER');
    await settleRows(db, '2026-04-03', 1, [{ sellerId: 'S10', itemAmount: 5 }]);
    await refused('2026-04-05', 'STATEMENT_DATE_UNPOSTED', { unposted: { date: '2026-04-03', generation: 1 } });
    await change(db, `INSERT INTO business_date (business_on, status) VALUES ('2026-04-04', 'CLOSING')`);
    await refused('2026-04-05', 'STATEMENT_DATE_UNSETTLED', { unsettled: '2026-04-04' });
    await change(db, 'DELETE FROM business_date');
    expect(await counts()).toMatchObject({ statements: 0 });
  });

  it('options that do not go together, and ids that are none', async () => {
    for (const args of [
      ['close', '--date', '2026-04-05', '--expect', 'a'.repeat(64)],
      ['close', '--date', '2026-04-05', '--seller', 'S10', '--expect', 'nonsense'],
      ['close', '--date', 'someday'],
      ['show', 'one'],
      ['list', '--state', 'lost'],
    ])
      expect((await magam(url, ['statements', ...args])).code).toBe(2);
    expect(await magamJson(url, ['statements', 'show', '77'])).toMatchObject({
      code: 1,
      document: { error: { code: 'STATEMENT_NOT_FOUND' } },
    });
  });
});

it('sellers without terms have no statement, are reported once, and get theirs when they have terms', async () => {
  await change(
    db,
    `UPDATE seller_terms SET seller_id = 'S10', definition = REPLACE(definition, '"seller":null', '"seller":"S10"')`,
  );
  const first = await magam(url, CLOSE);
  expect(first.code).toBe(3);
  expect(first.stderr).toContain('TERMS_MISSING: 11 sellers without terms in force (S11, S12, S13, S14, S15, …)');
  expect(await counts()).toMatchObject({ statements: 1 });
  expect((await magam(url, CLOSE)).stdout).toContain('closed already. 1 statement.');
  await giveTerms(db, { reserve: { rateE4: 100_000, days: 3 } });
  expect(await magam(url, CLOSE)).toMatchObject({ code: 0 });
  expect(await counts()).toEqual(WHOLE);
  await verified();
});

it('sellers have nothing to miss on a date before their first settlement, or up to which they are closed', async () => {
  const early = ['statements', 'close', '--date', '2025-03-31'];
  expect(await magam(url, early)).toMatchObject({ code: 0 });
  expect((await magam(url, CLOSE)).code).toBe(0);
  await postRule(db, 'ADJUSTMENT_TO_SELLER', 'S11', '2025-03-31', 9); // it is for the next statement
  for (let again = 0; again < 2; again += 1)
    expect((await magam(url, early)).stdout).toContain('2025-03-31: closed already. 0 statements.');
  expect(await magam(url, CLOSE)).toMatchObject({ code: 0, stderr: '' });
});

it('generations that were posted by an older version get the sums of their refunds, and accounts for sellers with nothing', async () => {
  await settleAndPost(db, '2026-04-03', 1, [{ sellerId: 'ZERO', itemAmount: 5, fee: 5 }]);
  await change(db, 'DELETE FROM settlement_refund');
  await change(db, `DELETE FROM ledger_account WHERE owner = 'ZERO'`);
  await change(db, 'UPDATE posted_generation SET ready = 0');
  expect((await magam(url, CLOSE)).code).toBe(0);
  expect(await select(db, 'SELECT COUNT(*) AS n, SUM(net) AS net FROM settlement_refund')).toEqual([
    { n: 2, net: '-80' },
  ]);
  expect(await select(db, `SELECT closing_minor AS closing FROM statement WHERE seller_id = 'ZERO'`)).toEqual([
    { closing: '0' },
  ]);
  await verified();
});

it('one seller is closed alone; the run finds nothing left of it', async () => {
  await postRule(db, 'ADJUSTMENT_TO_SELLER', 'S11', '2026-04-03', 9);
  const preview = await magamJson<{ drafts: { hash: string }[] }>(url, [
    'statements',
    'preview',
    'S11',
    '--at',
    '2026-04-05',
  ]);
  const hash = preview.document.drafts[0]?.hash as string;
  const alone = ['statements', 'close', '--date', '2026-04-05', '--seller', 'S11'];
  expect(await magamJson(url, [...alone, '--expect', 'a'.repeat(64)])).toMatchObject({
    code: 1,
    document: { error: { code: 'STATEMENT_MOVED' } },
  });
  expect(await magamJson(url, [...alone, '--expect', hash])).toMatchObject({
    code: 0,
    document: { issued: 1, statements: [{ hash }] },
  });
  expect(await magamJson(url, CLOSE)).toMatchObject({ code: 0, document: { statements: 11 } });
  const list = await magamJson<{ statements: object[] }>(url, ['statements', 'list', '--seller', 'S11']);
  expect(list.document.statements).toMatchObject([{ number: 1, hash, state: 'issued' }]);
  await verified();
});

it('a page is rolled back whole when one of its sellers cannot be posted to', async () => {
  await inTransaction(db, (tx) =>
    change(
      tx,
      `INSERT INTO ledger_account (kind, owner, currency, opened_at, closed_at) VALUES ('SELLER_RESERVE', 'S12', 'KRW', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`,
    ),
  );
  expect(await magamJson(url, [...CLOSE.slice(0, -1), '1'])).toMatchObject({
    code: 1,
    document: { error: { code: 'PARTITION_FAILED', details: { partitions: [{ code: 'LEDGER_ACCOUNT_CLOSED' }] } } },
  });
  expect(await counts()).toMatchObject({ statements: 0, settlements: 0, items: 0 });
  await change(db, `UPDATE ledger_account SET closed_at = NULL`);
  expect((await magam(url, CLOSE)).code).toBe(0);
  expect(await counts()).toEqual(WHOLE);
});
