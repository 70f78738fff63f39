/** A what-if while the books move on: dates are settled, supplements are certified, policies are applied. Its question stays the same. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { POLICY_CHECK } from '../../core/settlement/rules/policy-check-task.js';
import { readCheckLines } from '../../core/settlement/stores/policy-check-line.js';
import { type Db, openDatabase } from '../../infra/database.js';
import { violations } from '../../scripts/chaos/invariants.mjs';
import { environment, startMagam, until } from '../../scripts/chaos/magam.mjs';
import { type ScratchDatabase, seed } from '../../scripts/chaos/scratch-database.mjs';
import { inStatement } from '../support/database.js';
import { draftedPolicy } from '../support/draft-scene.js';
import { runnersHere } from '../support/runner-here.js';
import { createDatabase, documentOf, magamOf, type SettleDocument } from '../support/settling.js';
import { askFor, endOf, leadElsewhere, taskOf, taskRunners } from '../support/tasks.js';

const [DAY, SECOND, THIRD] = ['2026-04-01', '2026-04-02', '2026-04-03'] as const;

/** For all lines of a large seller, and for two sales, each with a refund, in currencies that have no policy when the day is settled. */
const draft = [
  draftedPolicy('large', { seller: 'seller-000002' }, {}),
  draftedPolicy('dinar', { seller: 'S-KWD' }, { currency: 'KWD' }),
  draftedPolicy('franc', { seller: 'S-TND' }, { currency: 'TND' }),
];
const policyOf = (currency: string): object => draftedPolicy(`first-${currency.toLowerCase()}`, {}, { currency });
const lines = `order_id,line_id,seller_id,quantity,unit_price,currency,ordered_on,confirmed_on
K-1,1,S-KWD,3,10.005,KWD,${DAY},${DAY}
T-1,1,S-TND,2,20.5,TND,${DAY},${DAY}
`;
const refunds = `refund_id,order_id,line_id,quantity,refunded_on,reason
KR-1,K-1,1,2,${DAY},
TR-1,T-1,1,1,${DAY},
`;

interface Answer {
  readonly runId: number;
  readonly alreadyDone: boolean;
  readonly lines: number;
  readonly touched: number;
  readonly totals: readonly { readonly currency: string; readonly sales: number; readonly refunds: number }[];
}
interface Check {
  readonly result: Omit<Answer, 'alreadyDone'> & { readonly policies: number };
  readonly lines: readonly object[];
}

const startRunner = taskRunners();
const others = runnersHere();
let scratch: ScratchDatabase;
let db: Db;
let folder: string;
const fileOf = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const run = async (...args: string[]) => {
  const ended = await magamOf(scratch, args);
  if (ended.code !== 0 && ended.code !== 3) throw new Error(`magam ${args.join(' ')}: ${ended.code} ${ended.stderr}`);
  return ended;
};
const apply = (name: string, policies: readonly object[]) =>
  run('policies', 'apply', fileOf(name, JSON.stringify({ policies })));
const settle = async (date: string) =>
  documentOf<SettleDocument>(await run('settle', '--date', date, '--workers', '1', '--json'));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'magam-what-if-'));
  scratch = await createDatabase();
  db = openDatabase(scratch.url);
  await leadElsewhere(db);
  await seed(scratch, { lines: 400, sellers: 10, date: DAY });
  // The last ids of the day: a what-if that is held in its second chunk has not read them.
  await run('import', 'lines', fileOf('lines.csv', lines));
  await run('import', 'refunds', fileOf('refunds.csv', refunds));
  expect((await settle(DAY)).exceptions).toBe(4);
});
afterAll(async () => {
  await db.destroy();
  await scratch.drop();
  rmSync(folder, { recursive: true });
});

/** Chunks of 20 lines; in a check, of 5. */
const SMALL_CHUNKS = { MAGAM_CHUNK_SIZE: '1', MAGAM_WORKERS: '1' };

const asked = (): string[] => {
  const file = fileOf('draft.json', JSON.stringify({ policies: draft }));
  return ['whatif', '--policies', file, '--from', DAY, '--to', DAY, '--json'];
};
const ask = async (): Promise<Answer> => documentOf<Answer>(await run(...asked()));
const keys = async () =>
  (await scratch.rows(`SELECT job_key AS k FROM job_instance WHERE job = 'what-if'`)).map(({ k }) => k);
const answerOf = ({ alreadyDone: _done, runId: _run, ...answer }: Answer): object => ({ ...answer, seconds: 0 });

const askForCheck = (): Promise<number> =>
  askFor(db, POLICY_CHECK, '1', {
    draftId: 1,
    draftVersion: 1,
    date: DAY,
    dates: 'ALWAYS',
    definition: { policies: draft },
  });
async function endedCheck(taskId: number): Promise<Check> {
  const task = await endOf(db, POLICY_CHECK, taskId);
  expect(task).toMatchObject({ status: 'COMPLETED' });
  const kept = await readCheckLines(db, taskId, { afterNo: 0, limit: 10_000 });
  return { result: task.result as Check['result'], lines: kept.map(({ content }) => content) };
}
/** A check whose runner dies in the middle; `meanwhile` runs before the next runner continues it. */
async function checkAfter(meanwhile: () => Promise<unknown>): Promise<Check> {
  const taskId = await askForCheck();
  const killed = startRunner(scratch.url, { ...SMALL_CHUNKS, MAGAM_FAULT: 'chunk.after-commit:kill:2' });
  expect(await killed.ended).toMatchObject({ signal: 'SIGKILL' });
  expect((await readCheckLines(db, taskId, { afterNo: 0, limit: 1 })).length).toBe(1);
  await meanwhile();
  others.start(scratch.url);
  return endedCheck(taskId);
}
/** One that nothing disturbs. */
async function undisturbedCheck(): Promise<Check> {
  const taskId = await askForCheck();
  others.start(scratch.url);
  const found = await endedCheck(taskId);
  await others.end();
  return found;
}

describe('a supplement', () => {
  it('that is certified while a what-if is under way is not in its answer, and makes another question', async () => {
    await apply('kwd.json', [policyOf('KWD')]);
    const before = await ask();
    expect(before.lines).toBe(Number(await scratch.value('SELECT COUNT(*) FROM settlement_line')));
    await scratch.change(`DELETE FROM job_instance WHERE job = 'what-if'`); // as if it had not been asked
    const gate = join(folder, 'gate');
    const held = startMagam(
      asked(),
      // Its transaction is open all the while.
      environment(scratch.url, {
        ...SMALL_CHUNKS,
        MAGAM_LEASE_MS: '20000',
        MAGAM_FAULT: `chunk.before-commit:wait:2:${gate}`,
      }),
    );
    await held.says('FAULT chunk.before-commit');
    expect(await settle(DAY)).toMatchObject({ certificate: { generation: 2 }, exceptions: 2 });
    writeFileSync(gate, '');
    const ended = await held.ended;
    expect(ended).toMatchObject({ code: 0 });
    expect(answerOf(documentOf<Answer>(ended))).toEqual(answerOf(before));
    expect(before.totals.map(({ currency }) => currency)).toEqual(['KRW']);

    const after = await ask();
    expect(after).toMatchObject({ alreadyDone: false, lines: before.lines + 2, touched: before.touched + 2 });
    expect(after.totals).toMatchObject([before.totals[0], { currency: 'KWD', sales: 1, refunds: 1 }]);
    expect(new Set(await keys()).size).toBe(2);
    expect(await ask()).toMatchObject({ alreadyDone: true, lines: after.lines });
  });

  it('that is certified after the runner of a check has died is not in its answer, but in that of the next check', async () => {
    await apply('tnd.json', [policyOf('TND')]);
    const before = await undisturbedCheck();
    const resumed = await checkAfter(async () =>
      expect(await settle(DAY)).toMatchObject({ certificate: { generation: 3 }, exceptions: 0 }),
    );
    expect(resumed).toEqual(before);
    const after = await endedCheck(await askForCheck());
    expect(after.result).toMatchObject({ lines: before.result.lines + 2, touched: before.result.touched + 2 });
    expect(after.lines.length).toBe(before.lines.length + 2);
    expect(after.result.totals.map(({ currency }) => currency)).toContain('TND');
  });
});

describe('a settlement and a check, on one runner', () => {
  const isClosed = async (date: string): Promise<boolean> =>
    (await scratch.value('SELECT status FROM business_date WHERE business_on = ?', [date])) === 'CLOSED';
  /** Locks the rows of the query, and the gaps between them, until the work is over. */
  async function whileLocked(query: string, work: () => Promise<void>): Promise<void> {
    const connection = await scratch.connection();
    try {
      await connection.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
      await connection.beginTransaction();
      await connection.query(`${query} FOR UPDATE`);
      await work();
    } finally {
      await connection.rollback();
      connection.release();
    }
  }
  const expectSound = async (date: string): Promise<void> => {
    expect(await violations(scratch, date)).toEqual([]);
    expect(
      Number(await scratch.value('SELECT COUNT(*) FROM settlement_line WHERE settled_on = ?', [date])),
    ).toBeGreaterThan(0);
  };

  it('do not wait for each other, and both end right', async () => {
    const first = await askForCheck();
    const runner = others.start(scratch.url);
    const before = await endedCheck(first);

    let held = 0;
    await whileLocked('SELECT * FROM what_if_effect', async () => {
      held = await askForCheck();
      await inStatement(db, 'INSERT INTO what_if_effect%');
      await run('settle', '--date', SECOND, '--request');
      await until(() => isClosed(SECOND), 'the date is settled while the check is held');
      expect(await taskOf(db, POLICY_CHECK, held)).toMatchObject({ status: 'RUNNING', endedAt: null });
    });
    expect(await endedCheck(held)).toEqual(before);
    await expectSound(SECOND);

    await whileLocked(`SELECT * FROM settlement_line WHERE settled_on = '${THIRD}'`, async () => {
      await run('settle', '--date', THIRD, '--request');
      await inStatement(db, '%INTO%settlement_line%');
      expect(await endedCheck(await askForCheck())).toEqual(before);
      expect((await ask()).lines).toBe(before.result.lines);
      expect(await isClosed(THIRD)).toBe(false);
    });
    await until(() => isClosed(THIRD), 'the date is settled');
    await expectSound(THIRD);
    expect(runner.said.join('\n')).not.toMatch(/^error:|lost to another/m);
  });
});

it('one that nobody asked for in a month is removed by the runners', async () => {
  await scratch.change(
    `INSERT INTO job_instance (job, job_key, parameters, status, created_at, updated_at)
     SELECT 'what-if', 'old', '{"listFor":null}', 'STOPPED', at, at FROM (SELECT UTC_TIMESTAMP(3) - INTERVAL 31 DAY AS at) t`,
  );
  await scratch.change('DELETE FROM duty'); // a runner of another test may have done it a moment ago
  startRunner(scratch.url);
  await until(async () => !(await keys()).includes('old'), 'it is removed');
});

it('a check goes on under the policies that it began with', async () => {
  const before = await undisturbedCheck();
  expect(before.result.policies).toBe(3);
  // Its draft is put in force, together with the policies that it would conflict with.
  const meanwhile = () =>
    apply('in-force.json', [...draft.slice(1), draftedPolicy('rival', { seller: 'seller-000002' }, {})]);
  expect(await checkAfter(meanwhile)).toEqual(before);
});
