/** Settled dates in the ledger: one transaction for each seller, currency and generation, once, whatever dies and whatever else posts. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { JobContext } from '../../../batch/engine/job.js';
import { runJob } from '../../../batch/engine/run-job.js';
import { WorkerPools } from '../../../batch/engine/worker-pool.js';
import { postDates } from '../../../batch/jobs/post/post-dates.js';
import { postJob } from '../../../batch/jobs/post/post-job.js';
import { openAccountsOf } from '../../../core/postings/open-accounts.js';
import { postGeneration } from '../../../core/postings/post-generation.js';
import { type Generation, readPosted } from '../../../core/postings/stores/settlement-posting.js';
import { readConfig } from '../../../infra/config.js';
import { change, type Db, inTransaction, select } from '../../../infra/database.js';
import { environment, startMagam, until } from '../../../scripts/chaos/magam.mjs';
import { inStatement } from '../../support/database.js';
import { magam, magamJson } from '../../support/magam.js';
import { createSettledDate, DAY, NEXT_DAY, type SettledDate } from '../../support/settled-date.js';

let settled: SettledDate;
let db: Db;
let url: string;
beforeAll(async () => {
  settled = await createSettledDate();
  ({ db, url } = settled.database);
  // Some orders of the day are those of this platform's own shop.
  await change(
    db,
    `UPDATE sale_entry SET import_id = NULL WHERE settled_on = ? AND seller_id IN ('S-KWD') OR MOD(entry_id, 3) = 0`,
    [DAY],
  );
});
afterAll(() => settled.database.drop());

const LEDGER = ['account', 'transaction', 'posting', 'balance', 'day'].map((name) => `ledger_${name}`);
async function empty(tables: readonly string[] = LEDGER): Promise<void> {
  for (const table of [...tables, 'posted_generation', 'shop_paid', 'settlement_refund'])
    await change(db, `DELETE FROM ${table}`);
}
const first = { date: DAY, generation: 1 };
const post = (one: Generation) => inTransaction(db, (tx) => postGeneration(tx, one));

interface Rows {
  readonly [column: string]: string | number;
}
const sums = (sql: string, params: readonly unknown[] = []) => select<Rows>(db, sql, params);

/** What the ledger holds of a kind of account for the first generation, by currency. */
const kindSums = async () => {
  const rows = await sums(
    `SELECT a.currency, a.kind, SUM(p.amount_minor) AS amount FROM ledger_posting p JOIN ledger_account a ON a.account_id = p.account_id
     JOIN ledger_transaction t ON t.transaction_id = p.transaction_id WHERE t.idempotency_key LIKE 'settlement:${DAY}:1:%' GROUP BY a.currency, a.kind`,
  );
  return Object.fromEntries(
    rows.map(({ currency, kind, amount }) => [`${currency} ${kind}`, BigInt(amount as string)]),
  );
};

it('the postings equal the sums of the settlements and the lines, account by account', async () => {
  await post(first);
  const report = await readPosted(db, first);
  const [{ n } = { n: 0 }] = await sums(
    'SELECT COUNT(*) AS n FROM settlement WHERE settled_on = ? AND generation = 1',
    [DAY],
  );
  expect(report).toMatchObject({ ...first, transactions: n });
  const posted = await kindSums();
  const lines = await sums(
    `SELECT x.currency, SUM(l.net) AS net, SUM(l.pg_fee) AS pg, SUM(l.fee_vat + l.pg_fee_vat) AS vat, SUM(x.platform_discount) AS promotion,
       SUM(IF(x.ours, l.buyer_paid, 0)) AS ours, SUM(IF(x.ours, 0, l.buyer_paid)) AS others,
       SUM(l.fee - IF(JSON_EXTRACT(p.definition, '$.vat.mode') = 'inclusive', l.fee_vat, 0)) AS revenue
     FROM settlement_line l JOIN fee_policy p ON p.policy_id = l.policy_id JOIN (
       SELECT 0 AS leg, settled_on, entry_id, currency, platform_discount, import_id IS NULL AS ours FROM sale_entry
       UNION ALL SELECT 1, r.settled_on, r.entry_id, r.currency, r.platform_discount, s.import_id IS NULL FROM refund_entry r
         JOIN sale_entry s ON s.settled_on = r.original_on AND s.entry_id = r.original_id) x
       ON x.leg = l.leg AND x.settled_on = l.settled_on AND x.entry_id = l.entry_id
     WHERE l.settled_on = ? AND l.generation = 1 GROUP BY x.currency`,
    [DAY],
  );
  expect(lines.length).toBeGreaterThan(0);
  for (const { currency, net, pg, vat, promotion, ours, others, revenue } of lines) {
    const figure = (kind: string): bigint => posted[`${currency} ${kind}`] ?? 0n;
    expect(figure('SELLER_PAYABLE')).toBe(-BigInt(net as string));
    expect(figure('PG_COST')).toBe(-BigInt(pg as string));
    expect(figure('VAT_PAYABLE')).toBe(-BigInt(vat as string));
    expect(figure('PROMOTION_COST')).toBe(BigInt(promotion as string));
    expect(figure('BUYER_FUNDS_HELD')).toBe(BigInt(ours as string));
    expect(figure('SHOP_CLEARING')).toBe(BigInt(others as string));
    expect(figure('FEE_REVENUE')).toBe(-BigInt(revenue as string));
  }
  expect(lines.some(({ ours, others }) => Number(ours) > 0 && Number(others) > 0)).toBe(true);
  await post(first);
  expect(await readPosted(db, first)).toEqual(report);
});

it('supplements and later dates follow, each once; the command says so and the ledger is verified', async () => {
  const done = await magamJson<{ posted: object[]; alreadyDone: boolean }>(url, [
    'ledger',
    'post',
    '--from',
    DAY,
    '--to',
    NEXT_DAY,
  ]);
  expect(done).toMatchObject({
    code: 0,
    document: {
      alreadyDone: false,
      posted: [
        { date: DAY, generation: 2, transactions: 1 },
        { date: NEXT_DAY, generation: 1 },
      ],
    },
  });
  const again = await magam(url, ['ledger', 'post', '--date', DAY]);
  expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing to post') });
  expect(await magamJson(url, ['ledger', 'verify'])).toMatchObject({ code: 0, document: { ok: true } });
  const [net] = await sums(
    `SELECT (SELECT SUM(net) FROM settlement) AS owed, (SELECT -SUM(b.amount_minor) FROM ledger_balance b
       JOIN ledger_account a ON a.account_id = b.account_id WHERE a.kind = 'SELLER_PAYABLE') AS credited`,
  );
  expect(net?.credited).toBe(net?.owed);
});

it('a net below zero is posted as what refunds take back, and may take the payable below zero', async () => {
  const kinds = await sums(
    `SELECT DISTINCT t.kind, s.net < 0 AS below FROM ledger_transaction t JOIN settlement s ON t.idempotency_key =
       CONCAT('settlement:', s.settled_on, ':', s.generation, ':', s.seller_id, ':', s.currency) ORDER BY t.kind`,
  );
  for (const { kind, below } of kinds) expect(kind).toBe(below === 1 ? 'REFUND_AFTER_SETTLEMENT' : 'SETTLEMENT');
  await empty();
  await change(
    db,
    `UPDATE settlement SET net = -net WHERE settled_on = ? AND generation = 1 AND net > 0 ORDER BY seller_id LIMIT 1`,
    [DAY],
  );
  try {
    await post(first);
    const [row] = await sums(`SELECT COUNT(*) AS n FROM ledger_transaction WHERE kind = 'REFUND_AFTER_SETTLEMENT'`);
    expect(Number(row?.n)).toBeGreaterThan(0);
  } finally {
    await change(
      db,
      `UPDATE settlement SET net = -net WHERE settled_on = ? AND generation = 1 AND net < 0 ORDER BY seller_id LIMIT 1`,
      [DAY],
    );
  }
});

it.each(['posting.after-headers', 'posting.before-commit', 'run.finished'])(
  'a kill at %s loses and doubles nothing',
  async (point) => {
    await empty();
    const killed = startMagam(
      ['ledger', 'post', '--date', DAY],
      environment(url, { NODE_ENV: 'test', MAGAM_FAULT: `${point}:kill` }),
    );
    expect((await killed.ended).signal).toBe('SIGKILL');
    const [{ n } = { n: -1 }] = await sums('SELECT COUNT(*) AS n FROM ledger_transaction');
    expect(Number(n) > 0).toBe(point === 'run.finished');
    expect((await magam(url, ['ledger', 'post', '--date', DAY])).code).toBe(0);
    const [{ posted } = { posted: 0 }] = await sums('SELECT COUNT(*) AS posted FROM posted_generation');
    expect(posted).toBe(2);
    expect((await magam(url, ['ledger', 'verify'])).code).toBe(0);
  },
);

it('several that post at once post it once', async () => {
  await empty();
  await Promise.all(Array.from({ length: 4 }, () => post(first)));
  expect((await magam(url, ['ledger', 'verify'])).code).toBe(0);
});

const REQUEST = { gridSize: 1, workers: 1, chunkRows: 1_000, requestedBy: 'test' };

/** Threads that say in a file when they start. @returns the result, and what the file says */
async function withPools<T>(work: (context: Omit<JobContext, 'onProgress'>) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'magam-post-'));
  const started = join(folder, 'started');
  writeFileSync(started, '');
  const config = readConfig({ MAGAM_DATABASE_URL: url });
  const pools = new WorkerPools(config, started, new URL('../../support/slow-worker.mjs', import.meta.url));
  try {
    return await work({ db, config, pools, signal: new AbortController().signal });
  } finally {
    await pools.close();
    expect(readFileSync(started, 'utf8')).toBe('');
    rmSync(folder, { recursive: true });
  }
}

const ALL = [
  expect.objectContaining(first),
  expect.objectContaining({ date: DAY, generation: 2 }),
  expect.objectContaining({ date: NEXT_DAY, generation: 1 }),
];

it('posting a range of dates needs no thread', async () => {
  await empty();
  expect(await withPools((context) => postDates(context, { from: DAY, to: NEXT_DAY }, REQUEST))).toEqual(ALL);
});

it('two dates with the same new sellers are posted at once: neither waits for the other', async () => {
  await empty();
  await withPools(async (context) => {
    await postDates(context, { from: DAY, to: NEXT_DAY }, REQUEST);
    // Rows that are only marked as deleted would hold the later date up: looking for duplicates locks the gaps about them.
    for (const table of [...LEDGER.slice(1), 'posted_generation', 'shop_paid', 'settlement_refund'])
      await db.raw('TRUNCATE TABLE ??', [table]);
    await change(db, `DELETE FROM ledger_account WHERE kind = 'SELLER_PAYABLE'`);
    const common = await sums(
      `SELECT DISTINCT o.seller_id FROM settlement o JOIN settlement l ON l.seller_id = o.seller_id AND l.currency = o.currency
       WHERE o.settled_on = ? AND l.settled_on = ?`,
      [DAY, NEXT_DAY],
    );
    expect(common.length).toBeGreaterThan(0);
    const tx = await db.transaction();
    await change(
      tx,
      `INSERT INTO ledger_transaction (idempotency_key, kind, seller_id, effective_on, recorded_at, requested_by, reason)
       SELECT CONCAT_WS(':', 'settlement', settled_on, generation, seller_id, currency), 'SETTLEMENT', seller_id, settled_on, UTC_TIMESTAMP(3), 'test', ''
       FROM settlement WHERE settled_on = ? AND generation = 1`,
      [DAY],
    );
    const both = postDates(context, { from: DAY, to: NEXT_DAY }, REQUEST);
    try {
      await until(
        async () => (await sums('SELECT * FROM posted_generation WHERE settled_on = ?', [NEXT_DAY])).length === 1,
        'the later date is not posted',
      );
      await inStatement(db, 'INSERT INTO ledger_transaction%'); // the earlier date waits for the test
    } finally {
      await tx.rollback();
    }
    expect(await both).toEqual(ALL); // in the order of dates
  });
  expect((await magam(url, ['ledger', 'verify'])).code).toBe(0);
});

it('dates that open the accounts of the same sellers at once open all of them', async () => {
  const days = [2, 3, 5, 7].map((step) => ({ step, date: `2030-01-0${step}`, generation: 1 }));
  for (const { step, date } of days)
    await change(db, 'INSERT INTO settlement VALUES ?', [
      Array.from({ length: 1_500 }, (_, at) => at)
        .filter((at) => at % step !== 0)
        .map((at) => [date, 1, `many-${String(at).padStart(4, '0')}`, 'KRW', ...Array.from({ length: 13 }, () => 0)]),
    ]);
  try {
    for (let round = 0; round < 6; round += 1) {
      await db.raw('TRUNCATE TABLE ledger_account');
      await Promise.all(days.map((one) => openAccountsOf(db, one)));
      expect(
        await sums(
          `SELECT DISTINCT s.seller_id FROM settlement s LEFT JOIN ledger_account a ON a.kind = 'SELLER_PAYABLE' AND a.owner = s.seller_id AND a.currency = s.currency
           WHERE s.settled_on >= '2030-01-01' AND a.account_id IS NULL`,
        ),
      ).toEqual([]);
    }
  } finally {
    await change(db, `DELETE FROM settlement WHERE settled_on >= '2030-01-01'`);
  }
});

it('what is not settled or not certified is refused, and nothing is left', async () => {
  await empty();
  expect(await magamJson(url, ['ledger', 'post', '--date', '2031-01-01'])).toMatchObject({
    code: 1,
    document: { error: { code: 'DATE_NOT_SETTLED' } },
  });
  await expect(post({ date: DAY, generation: 9 })).rejects.toMatchObject({ code: 'DATE_NOT_SETTLED' });
  expect(await sums('SELECT * FROM posted_generation')).toEqual([]);
  for (const words of [
    [],
    ['--date', 'x'],
    ['--to', DAY],
    ['--date', DAY, '--from', DAY],
    ['--from', NEXT_DAY, '--to', DAY],
  ])
    expect((await magam(url, ['ledger', 'post', ...words])).code).toBe(2);
});

it('a closed account holds its date up, and no other', async () => {
  await empty();
  await post(first);
  await empty(LEDGER.slice(1));
  await change(db, `UPDATE ledger_account SET closed_at = opened_at WHERE kind = 'SELLER_PAYABLE' LIMIT 1`);
  expect(await magamJson(url, ['ledger', 'post', '--from', DAY, '--to', NEXT_DAY])).toMatchObject({
    code: 1,
    document: { error: { code: 'LEDGER_ACCOUNT_CLOSED' } },
  });
  const inLedger = 'SELECT settled_on AS date FROM posted_generation';
  expect(await sums(inLedger)).toEqual([{ date: NEXT_DAY }]); // the other date is posted
  await empty(LEDGER.slice(1));
  await change(db, `UPDATE ledger_account SET closed_at = IF(kind = 'FEE_REVENUE', opened_at, NULL)`);
  await expect(post(first)).rejects.toMatchObject({ code: 'LEDGER_ACCOUNT_CLOSED' });
  await change(db, 'UPDATE ledger_account SET closed_at = NULL');
  expect(await sums('SELECT * FROM ledger_transaction')).toEqual([]);
});

it('nothing is posted to a ledger whose trial balance is not zero, neither by a command nor by a runner', async () => {
  await empty();
  await post(first);
  await empty(LEDGER.slice(1));
  await change(
    db,
    `INSERT INTO ledger_balance SELECT MIN(account_id), 0, 1 FROM ledger_account WHERE currency IN ('JPY', 'KRW') GROUP BY currency`,
  );
  const refusal = { code: 'LEDGER_UNBALANCED', details: { currencies: ['JPY', 'KRW'] } };
  expect(await magamJson(url, ['ledger', 'post', '--date', DAY])).toMatchObject({
    code: 1,
    document: { error: { code: 'LEDGER_UNBALANCED', details: { currencies: ['JPY', 'KRW'] } } },
  });
  const asked = { key: DAY, wait: true, onStop: 'stop-run' } as const;
  const run = () =>
    withPools((context) => runJob({ ...context, onProgress: () => undefined }, postJob, { ...REQUEST, ...asked }));
  await expect(run()).rejects.toMatchObject(refusal);
  expect(await sums('SELECT * FROM ledger_transaction')).toEqual([]);
  await change(db, 'DELETE FROM ledger_balance');
  expect(await magamJson(url, ['ledger', 'post', '--date', DAY])).toMatchObject({
    code: 0,
    document: { posted: [{ generation: 1 }, { generation: 2 }] },
  });
});

it('transactions that are not balanced are taken back, also where their errors add up to zero', async () => {
  await empty();
  await post(first);
  const [one, other] = await sums(
    `SELECT a.account_id AS id FROM ledger_account a JOIN ledger_posting p ON p.account_id = a.account_id
     WHERE a.kind = 'SELLER_PAYABLE' AND a.currency = 'KRW' ORDER BY a.account_id LIMIT 2`,
  );
  await empty(LEDGER.slice(1));
  await db.raw(
    `CREATE TRIGGER tilt BEFORE INSERT ON ledger_posting FOR EACH ROW
     SET NEW.amount_minor = NEW.amount_minor + CASE NEW.account_id WHEN ${one?.id} THEN 1 WHEN ${other?.id} THEN -1 ELSE 0 END`,
  );
  try {
    await expect(post(first)).rejects.toMatchObject({
      code: 'LEDGER_UNBALANCED',
      details: { ...first, unbalanced: 2 },
    });
    expect(await sums('SELECT * FROM ledger_transaction')).toEqual([]);
  } finally {
    await db.raw('DROP TRIGGER tilt');
  }
});

it('an account is not closed under the posting', async () => {
  await empty();
  await post(first);
  await empty(LEDGER.slice(1));
  const posting = await inTransaction(db, async (tx) => {
    await change(tx, `UPDATE ledger_account SET closed_at = opened_at WHERE kind = 'SELLER_PAYABLE' LIMIT 1`);
    const waiting = post(first).catch((error: unknown) => error);
    await inStatement(db, '%LOCK IN SHARE MODE%');
    return { waiting };
  });
  expect(await posting.waiting).toMatchObject({ code: 'LEDGER_ACCOUNT_CLOSED' });
  await change(db, 'UPDATE ledger_account SET closed_at = NULL');
});
