/** The chain under SIGKILL: runners die at every point at which money is posted, stated or claimed, three others go on, and the books are those of an undisturbed twin. */
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { select } from '../../infra/database.js';
import { environment, killAll, startMagam, until } from '../../scripts/chaos/magam.mjs';
import { runnersHere } from '../support/runner-here.js';
import { Bookkeeper } from './bookkeeper.js';
import { POLICIES } from './golden-book.js';

const SELLERS = ['ara', 'bada', 'chorok', 'dasom'];
const DATES = ['2026-03-02', '2026-03-03', '2026-03-04'];
/** The day on which the closed statements are paid. */
const PAID_ON = ['2026-03-03', '2026-03-04', '2026-03-05'];
const TERMS = {
  terms: [
    {
      ...{ seller: null, effectiveFrom: '2026-01-01', cycle: { type: 'daily' }, delay: { days: 1 } },
      ...{ holidayRule: 'as-is', reserve: { percent: '10', days: 1 } },
    },
  ],
};
const LINES = [
  'order_id,line_id,seller_id,quantity,unit_price,currency,ordered_on,confirmed_on',
  ...DATES.flatMap((date, day) =>
    SELLERS.map((seller, at) => `${seller}-${day},1,${seller},2,${1_000 * (at + 1) + day},KRW,${date},${date}`),
  ),
];
const REFUNDS = ['refund_id,order_id,line_id,quantity,refunded_on,reason', 'R-1,ara-0,1,1,2026-03-03,broken'];

/** What the books of an undisturbed twin hold. */
let expected: Record<string, object[]>;
let books: Bookkeeper;
const others = runnersHere();
beforeAll(async () => {
  const twin = await undisturbed();
  expected = await contentOf(twin);
  await twin.end();
});
beforeEach(async () => {
  books = await settled();
});
afterEach(async () => {
  await killAll();
  await others.end();
  await books.end();
});

/** Three dates of four sellers, settled, and nothing posted. */
async function settled(): Promise<Bookkeeper> {
  const made = await Bookkeeper.create();
  for (const seller of SELLERS) await made.payouts.seller(seller);
  await made.run('policies', 'apply', made.file('policies.json', POLICIES));
  await made.run('terms', 'apply', made.file('terms.json', TERMS));
  await made.run('import', 'lines', made.file('lines.csv', `${LINES.join('\n')}\n`));
  await made.run('import', 'refunds', made.file('refunds.csv', `${REFUNDS.join('\n')}\n`));
  for (const date of DATES) await made.run('settle', '--date', date, '--workers', '1');
  await made.run('calendar', 'schedule', '9999-12-31');
  return made;
}

/** The books without ids, moments and names of users. */
async function contentOf({ database: { db } }: Bookkeeper): Promise<Record<string, object[]>> {
  return {
    postings: await select(
      db,
      `SELECT t.idempotency_key AS name, t.kind, t.effective_on, a.kind AS account, a.owner, p.amount_minor
       FROM ledger_transaction t JOIN ledger_posting p USING (transaction_id) JOIN ledger_account a USING (account_id) ORDER BY 1, 4, 5`,
    ),
    balances: await select(
      db,
      `SELECT a.kind, a.owner, SUM(b.amount_minor) AS amount FROM ledger_account a JOIN ledger_balance b USING (account_id) GROUP BY 1, 2 ORDER BY 1, 2`,
    ),
    statements: await select(
      db,
      `SELECT seller_id, number, hash, opening_minor, earned_minor, closing_minor, status FROM statement ORDER BY 1, 2`,
    ),
    events: await select(db, 'SELECT type, seller_id, COUNT(*) AS n FROM feed_event GROUP BY 1, 2 ORDER BY 1, 2'),
    // The proposals of two dates do not wait for each other, so a statement may be in the payout of either.
    claims: await select(
      db,
      `SELECT s.seller_id, s.number, p.status, COUNT(*) AS payouts FROM payout p JOIN payout_statement c USING (payout_id)
       JOIN statement s USING (statement_id) GROUP BY 1, 2, 3 ORDER BY 1, 2`,
    ),
  };
}

/** The same dates by commands, one after the other, with nobody dying. */
async function undisturbed(): Promise<Bookkeeper> {
  const twin = await settled();
  for (const [at, date] of DATES.entries()) {
    await twin.run('ledger', 'post', '--date', date);
    await twin.close(date);
    await twin.propose(PAID_ON[at] as string);
  }
  return twin;
}

const runner = (fault: string) =>
  startMagam(['runner'], environment(books.database.url, { NODE_ENV: 'test', MAGAM_WORKERS: '1', MAGAM_FAULT: fault }));
/** Three go on, and end when every date is proposed. */
async function othersGoOn(): Promise<void> {
  for (let i = 0; i < 3; i += 1) others.start(books.database.url, { MAGAM_SETTLE_AT: '00:00' });
  await until(finished, 'every date is proposed');
  await others.end();
}
const finished = async (): Promise<boolean> =>
  (
    await select(
      books.database.db,
      `SELECT 1 FROM job_instance WHERE job = 'propose-payouts' AND status = 'COMPLETED' AND job_key IN (?)`,
      [PAID_ON],
    )
  ).length === PAID_ON.length;

/** Everybody is paid, and the total equals the earnings. */
async function payAll(): Promise<void> {
  await books.result('2026-03-05', await books.send('2026-03-05'));
  const [sums] = await select<{ earned: string; unpaid: number; paidOut: string }>(
    books.database.db,
    `SELECT (SELECT SUM(earned_minor) FROM statement WHERE status = 'PAID') AS earned, (SELECT COUNT(*) FROM statement WHERE status <> 'PAID') AS unpaid,
       (SELECT -SUM(b.amount_minor) FROM ledger_balance b JOIN ledger_account a USING (account_id) WHERE a.kind = 'PAID_OUT') AS paidOut`,
  );
  expect(sums).toEqual({ earned: sums?.paidOut, unpaid: 0, paidOut: sums?.paidOut });
  await books.verify();
}

describe('runners that are killed', () => {
  it.each([
    ['in the posting', ['posting.after-headers', 'posting.before-commit', 'run.finished']],
    ['in the closing', ['statements.written', 'chunk.before-commit', 'chunk.after-commit']],
    ['in the proposal', ['payout.before-claim', 'payout.claimed', 'run.before-finish-commit:kill:3']],
    ['between the steps', ['request.taken:kill:2', 'run.before-plan-commit:kill:2', 'run.finished:kill:2']],
  ])('%s lose and double nothing', async (_where, points) => {
    for (const point of points)
      expect(await runner(point.includes(':') ? point : `${point}:kill`).ended).toMatchObject({ signal: 'SIGKILL' });
    await othersGoOn();
    expect(await contentOf(books)).toEqual(expected);
    await payAll();
  });

  it('three at once, each at another point, and three others after them', async () => {
    const points = ['posting.before-commit', 'statements.written', 'payout.claimed'];
    const killed = points.map((point) => runner(`${point}:kill`));
    let dead = 0;
    for (const { ended } of killed) void ended.then(() => (dead += 1));
    await until(async () => dead === killed.length || (await finished()), 'three die, or everything is done');
    expect(dead).toBeGreaterThan(0);
    await othersGoOn();
    expect(await contentOf(books)).toEqual(expected);
    await payAll();
  });
});
