/** Balances of accounts in a ledger of many postings: now, as of a date and as they were known at a time, beside the sum over the account's postings. */
import { readBalance } from '../core/ledger/stores/ledger-balance.js';
import { change, type Db, forWholeDates, openDatabase, select } from '../infra/database.js';
import { dropDatabase, makeDatabase } from './database.js';
import { rowsTouchedBy } from './keyset.js';
import { type Spread, secondsSince, spreadOf } from './measure.js';

const SELLERS = 2_000;
const SHARDS = 8;
const DAYS = 180;
/** Sellers whose postings are written by one statement. */
const BATCH_SELLERS = 100;
const AS_OF = '2026-04-01';
const RECORDED_AT = '2026-04-01T12:00:00.000Z';
const REPETITIONS = 50;
const RIVAL_REPETITIONS = 3;

export interface BalanceSample {
  readonly account: 'a seller' | 'the platform';
  readonly view: 'now' | 'as of a date' | 'as of a date, as known at a time';
  readonly ms: Spread;
  /** Rows that the server read for one balance. */
  readonly rows: number;
  readonly rivalMs: Spread;
  readonly rivalRows: number;
}

/** Half of the postings are of sellers, the other half of one account of the platform. */
async function fill(db: Db, postings: number): Promise<void> {
  const each = Math.ceil(postings / 2 / SELLERS);
  const digits = Array.from({ length: 10 }, (_, digit) => `SELECT ${digit} AS d`).join(' UNION ALL ');
  await db.raw('CREATE TABLE bench_number (n INT UNSIGNED NOT NULL PRIMARY KEY)');
  await db.raw(
    `INSERT INTO bench_number SELECT a.d + 10 * b.d + 100 * c.d + 1000 * e.d FROM (${digits}) a, (${digits}) b, (${digits}) c, (${digits}) e`,
  );
  const times = `DATE '2026-01-01' + INTERVAL (k.n * ${DAYS} DIV ${each}) DAY, TIMESTAMP(DATE '2026-01-01' + INTERVAL (k.n * ${DAYS} DIV ${each}) DAY, '06:00:00')`;
  const of = 'FROM bench_number o STRAIGHT_JOIN bench_number k WHERE o.n >= ? AND o.n < ? AND k.n < ?';
  for (let first = 0; first < SELLERS; first += BATCH_SELLERS) {
    const params = [first, first + BATCH_SELLERS, each];
    const insert = (account: string, shard: string, sign: string): Promise<number> =>
      change(
        db,
        `INSERT INTO ledger_posting SELECT o.n * ${each} + k.n + 1, ${account}, ${shard}, ${times}, ${sign}(100 + k.n % 900) ${of}`,
        params,
      );
    await insert('o.n + 1', '0', '-');
    await insert(String(SELLERS + 1), `o.n % ${SHARDS}`, '');
  }
  await change(
    db,
    'INSERT INTO ledger_balance SELECT account_id, shard, SUM(amount_minor) FROM ledger_posting GROUP BY account_id, shard',
  );
  await change(
    db,
    `INSERT INTO ledger_day SELECT account_id, effective_on, DATE(recorded_at), shard, SUM(amount_minor) FROM ledger_posting
     GROUP BY account_id, effective_on, DATE(recorded_at), shard`,
  );
  await db.raw('ANALYZE TABLE ledger_posting, ledger_balance, ledger_day');
}

const VIEWS: readonly { readonly view: BalanceSample['view']; readonly asOf?: string; readonly recordedAt?: string }[] =
  [
    { view: 'now' },
    { view: 'as of a date', asOf: AS_OF },
    { view: 'as of a date, as known at a time', asOf: AS_OF, recordedAt: RECORDED_AT },
  ];

async function timesOf(repetitions: number, work: () => Promise<unknown>): Promise<Spread> {
  const millis: number[] = [];
  for (let at = 0; at < repetitions; at += 1) {
    const started = performance.now();
    await work();
    millis.push(secondsSince(started) * 1_000);
  }
  return spreadOf(millis);
}

/** @returns for each account and view what the product's read and the sum over the postings cost; throws where the two differ */
export async function measureBalances(url: string, postings: number): Promise<BalanceSample[]> {
  await makeDatabase(url);
  const db = openDatabase(url, { poolMax: 1 });
  try {
    const whole = forWholeDates(db);
    await fill(whole, postings);
    const samples: BalanceSample[] = [];
    for (const [account, accountId] of [['a seller', 1_000] as const, ['the platform', SELLERS + 1] as const])
      for (const { view, asOf, recordedAt } of VIEWS) {
        const own = (): Promise<bigint> => readBalance(db, accountId, { asOf, recordedAt });
        const rival = async (): Promise<bigint> => {
          const conditions = [
            'account_id = ?',
            ...(asOf === undefined ? [] : ['effective_on <= ?']),
            ...(recordedAt === undefined ? [] : ['recorded_at <= ?']),
          ];
          const params = [accountId, asOf, recordedAt?.replace('T', ' ').replace('Z', '')];
          const [row] = await select<{ sum: string }>(
            whole,
            `SELECT SUM(amount_minor) AS sum FROM ledger_posting WHERE ${conditions.join(' AND ')}`,
            params.filter((it) => it !== undefined),
          );
          return BigInt(row?.sum ?? 0);
        };
        if ((await own()) !== (await rival()))
          throw new Error(`the balance of ${account}, ${view}, is not its postings`);
        samples.push({
          ...{ account, view, ms: await timesOf(REPETITIONS, own), rows: await rowsTouchedBy(db, own) },
          ...{ rivalMs: await timesOf(RIVAL_REPETITIONS, rival), rivalRows: await rowsTouchedBy(db, rival) },
        });
      }
    return samples;
  } finally {
    await db.destroy();
    await dropDatabase(url);
  }
}
