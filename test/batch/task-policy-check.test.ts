/** The check of a policy draft, against databases in which the draft was applied before the same feed was settled. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { POLICY_CHECK } from '../../core/settlement/rules/policy-check-task.js';
import type { TrialDates } from '../../core/settlement/rules/policy-trial.js';
import { readCheckLines } from '../../core/settlement/stores/policy-check-line.js';
import { requestCancel, type TaskRecord } from '../../core/tasks/stores/background-task.js';
import { type Db, inTransaction, openDatabase } from '../../infra/database.js';
import { readLines } from '../../scripts/chaos/invariants.mjs';
import { until } from '../../scripts/chaos/magam.mjs';
import {
  DATES,
  DAY,
  DraftScene,
  draft,
  draftedPolicy,
  keyOf,
  LAST_DAY,
  type ShownSide,
  sumsOf,
} from '../support/draft-scene.js';
import { runnersHere } from '../support/runner-here.js';
import { askFor, endOf, leadElsewhere, taskRunners } from '../support/tasks.js';

const future = draft.map((one) => ({ ...one, effectiveFrom: '2027-01-01' }));

interface Touched {
  readonly leg: string;
  readonly orderId: string;
  readonly lineId: string;
  readonly refundId: string | null;
  readonly sellerId: string;
  readonly currency: string;
  readonly before: ShownSide;
  readonly after: ShownSide;
  readonly refusal: string | null;
}
interface Result {
  readonly lines: number;
  readonly touched: number;
  readonly changed: number;
  readonly refused: number;
  readonly linesKept: number;
  readonly openDates: readonly string[];
  readonly policies: number;
  readonly totals: readonly {
    readonly currency: string;
    readonly before: Record<string, string>;
    readonly after: Record<string, string>;
    readonly difference: Record<string, string>;
    readonly sales: number;
    readonly refunds: number;
  }[];
  readonly sellers: readonly {
    readonly sellerId: string;
    readonly currency: string;
    readonly lines: number;
    readonly netDifference: string;
  }[];
}

const startRunner = taskRunners();
const others = runnersHere();
let scene: DraftScene;
let url: string;
let db: Db;

beforeAll(async () => {
  scene = await DraftScene.create();
  url = scene.plain.url;
  db = openDatabase(url);
  await leadElsewhere(db);
});
afterAll(async () => {
  await db.destroy();
  await scene.drop();
});

const differences = (date: string) => scene.differences(date);

const parametersOf = (date: string, dates: TrialDates, policies: readonly object[]) => ({
  draftId: 1,
  draftVersion: 1,
  date,
  dates,
  definition: { policies },
});

async function check(
  date: string,
  dates: TrialDates,
  policies: readonly object[],
): Promise<{ task: TaskRecord; result: Result; lines: Touched[] }> {
  const task = await endOf(db, POLICY_CHECK, await askFor(db, POLICY_CHECK, '1', parametersOf(date, dates, policies)));
  const lines = await readCheckLines(db, task.taskId, { afterNo: 0, limit: 100_000 });
  return { task, result: task.result as Result, lines: lines.map(({ content }) => content as Touched) };
}

/** The check of a date under the draft as it is stated, which several tests look at. */
const stated = new Map<string, ReturnType<typeof check>>();
function checkAsStated(date: string): ReturnType<typeof check> {
  const found = stated.get(date) ?? check(date, 'AS_STATED', draft);
  stated.set(date, found);
  return found;
}

describe('a check', () => {
  it.each(DATES)('of %s finds, line by line, what settling under the draft would have made', async (date) => {
    others.start(url);
    const expected = await differences(date);
    const { task, result, lines } = await checkAsStated(date);
    expect(
      new Map(
        lines.map((line) => [
          keyOf(line),
          { before: line.before, after: line.after, sellerId: line.sellerId, currency: line.currency },
        ]),
      ),
    ).toEqual(new Map([...expected].map(([key, { vatModes: _modes, ...line }]) => [key, line])));
    expect(lines.length).toBe(expected.size);
    const all = await readLines(scene.plain, date);
    const changed = [...expected.values()].filter(
      ({ before, after }) => JSON.stringify(before.figures) !== JSON.stringify(after.figures),
    );
    expect(task).toMatchObject({ done: all.length, total: all.length });
    expect(result).toMatchObject({
      lines: all.length,
      openDates: [],
      touched: expected.size,
      linesKept: expected.size,
      changed: changed.length,
      refused: 0,
      policies: 4,
    });
    if (date === DAY) {
      expect(changed.length).toBeGreaterThan(50);
      expect(changed.length).toBeLessThan(expected.size); // of same-as-now only the name differs
    }
    for (const total of result.totals) {
      const own = [...expected.values()].filter(({ currency }) => currency === total.currency);
      const [before, after] = [sumsOf(own, 'before'), sumsOf(own, 'after')];
      for (const name of Object.keys(before)) {
        const [was = 0n, is = 0n] = [before[name], after[name]];
        expect([total.before[name], total.after[name], total.difference[name]]).toEqual(
          [was, is, is - was].map(String),
        );
      }
      expect(total.sales + total.refunds).toBe(own.length);
    }
    for (const seller of result.sellers) {
      const own = [...expected.values()].filter(
        (line) => line.currency === seller.currency && line.sellerId === seller.sellerId,
      );
      const net = own.reduce((n, { before, after }) => n + (after.figures?.net ?? 0) - (before.figures?.net ?? 0), 0);
      expect(seller).toMatchObject({ lines: own.length, netDifference: String(net) });
    }
  });

  it('meets refunds, which follow their sales', async () => {
    others.start(url);
    const legs = [];
    for (const date of DATES) legs.push(...(await checkAsStated(date)).lines.map(({ leg }) => leg));
    expect(legs.filter((leg) => leg === 'refund').length).toBeGreaterThan(5);
  });

  it('takes a draft of the future to be in force on every order date, unless it is told otherwise', async () => {
    others.start(url);
    const [always, asStated, past] = [
      await check(DAY, 'ALWAYS', future),
      await check(DAY, 'AS_STATED', future),
      await checkAsStated(DAY),
    ];
    expect(always.lines).toEqual(past.lines);
    expect(always.result.totals).toEqual(past.result.totals);
    expect(asStated.result).toMatchObject({ touched: 0, totals: [], sellers: [], lines: past.result.lines });
  });

  it('of policies that are stored already touches nothing', async () => {
    others.start(url);
    const [row] = await scene.plain.rows(`SELECT definition FROM fee_policy WHERE code = 'seed-food'`);
    const { result } = await check(DAY, 'ALWAYS', [JSON.parse(row?.definition ?? '')]);
    expect(result).toMatchObject({ policies: 0, touched: 0 });
  });

  it('tells the faults of a draft that cannot be applied', async () => {
    others.start(url);
    const clash = draftedPolicy('other', { category: '식품' }, {});
    const { task } = await check(DAY, 'ALWAYS', [clash]);
    expect(task).toMatchObject({
      status: 'FAILED',
      error: { code: 'POLICY_FILE_INVALID', details: { faults: [{ path: 'policies[0]', code: 'POLICY_OVERLAP' }] } },
    });
  });

  it('takes an end at its word only as stated', async () => {
    others.start(url);
    const brief = draftedPolicy('brief', { seller: 'seller-000002' }, { effectiveTo: '2026-01-02' });
    // In force for two days only: as stated, no line of the day falls under it.
    expect((await check(DAY, 'AS_STATED', [brief])).result.touched).toBe(0);
    expect((await check(DAY, 'ALWAYS', [brief])).result.touched).toBeGreaterThan(0);
  });

  const linesOf = async (taskId: number): Promise<string[]> =>
    (await readCheckLines(db, taskId, { afterNo: 0, limit: 100_000 })).map(({ content }) => keyOf(content as Touched));

  it.each(['chunk.before-commit', 'chunk.after-commit', 'task.claimed'])(
    'whose runner dies at %s is finished by another one, each line once',
    async (point) => {
      const taskId = await askFor(db, POLICY_CHECK, '1', parametersOf(DAY, 'AS_STATED', draft));
      const settings = { MAGAM_CHUNK_SIZE: '50' };
      const killed = startRunner(url, {
        ...settings,
        MAGAM_FAULT: `${point}:kill${point === 'task.claimed' ? '' : ':3'}`,
      });
      expect(await killed.ended).toMatchObject({ signal: 'SIGKILL' });
      // Some rows are stored behind the fence by now, and the next runner continues from there.
      const stored = await linesOf(taskId);
      if (point !== 'task.claimed') expect(stored.length).toBeGreaterThan(0);
      others.start(url, settings);
      const task = await endOf(db, POLICY_CHECK, taskId);
      expect(task).toMatchObject({ status: 'COMPLETED', claims: 2 });
      const all = [...(await differences(DAY)).keys()];
      expect(await linesOf(taskId)).toEqual(all);
      expect(task.result).toMatchObject({ touched: all.length, linesKept: all.length });
    },
  );

  it('whose runner was frozen in the middle is finished by another one, and the frozen one writes nothing when it wakes up', async () => {
    const taskId = await askFor(db, POLICY_CHECK, '1', parametersOf(DAY, 'AS_STATED', draft));
    const settings = { MAGAM_CHUNK_SIZE: '50' };
    const frozen = startRunner(url, { ...settings, MAGAM_FAULT: 'chunk.before-commit:stop:2' });
    await frozen.says('FAULT chunk.before-commit');
    others.start(url, settings);
    const task = await endOf(db, POLICY_CHECK, taskId);
    expect(task).toMatchObject({ status: 'COMPLETED', claims: 2 });
    frozen.send('SIGCONT');
    await frozen.says('task lost to another runner');
    expect(await linesOf(taskId)).toEqual([...(await differences(DAY)).keys()]);
  });

  it('that is cancelled leaves its run stopped', async () => {
    const taskId = await askFor(db, POLICY_CHECK, '1', parametersOf(DAY, 'AS_STATED', draft));
    const gate = join(mkdtempSync(join(tmpdir(), 'magam-check-')), 'gate');
    const runner = startRunner(url, { MAGAM_CHUNK_SIZE: '50', MAGAM_FAULT: `chunk.after-commit:wait:2:${gate}` });
    await runner.says('FAULT chunk.after-commit');
    const statusOfRun = () =>
      scene.plain.value(`SELECT status FROM job_instance WHERE job = 'what-if' ORDER BY run_id DESC LIMIT 1`);
    expect(await statusOfRun()).toBe('RUNNING');
    await inTransaction(db, (tx) => requestCancel(tx, taskId, 'me'));
    // It learns of it with a heartbeat: the second one from now was sent after that.
    const lease = () => scene.plain.value('SELECT lease_until FROM background_task WHERE task_id = ?', [taskId]);
    for (let beats = 0; beats < 2; beats += 1) {
      const before = await lease();
      await until(async () => (await lease()) !== before, 'a heartbeat');
    }
    writeFileSync(gate, '');
    expect(await endOf(db, POLICY_CHECK, taskId)).toMatchObject({ status: 'CANCELLED' });
    expect(await statusOfRun()).toBe('STOPPED');
  });

  it('drops what an attempt of an earlier version had listed', async () => {
    const taskId = await askFor(db, POLICY_CHECK, '1', parametersOf(DAY, 'AS_STATED', draft));
    await scene.plain.change(
      `INSERT INTO policy_check_line (task_id, line_no, seller_id, content) VALUES (?, 1, 'S', '{}')`,
      [taskId],
    );
    others.start(url);
    await endOf(db, POLICY_CHECK, taskId);
    expect(await linesOf(taskId)).toEqual([...(await differences(DAY)).keys()]);
  });

  it('of a range of dates lists the sales of all of them before the refunds', async () => {
    others.start(url);
    const taskId = await askFor(db, POLICY_CHECK, '1', { ...parametersOf(DAY, 'AS_STATED', draft), to: LAST_DAY });
    const { result } = await endOf(db, POLICY_CHECK, taskId);
    const expected = (await Promise.all(DATES.map(differences))).flatMap((found) => [...found.keys()]);
    const [sales, refunds] = ['sale', 'refund'].map((leg) => expected.filter((key) => key.startsWith(leg)));
    expect(await linesOf(taskId)).toEqual([...(sales ?? []), ...(refunds ?? [])]);
    expect(result).toMatchObject({ date: DAY, to: LAST_DAY, touched: expected.length });
  });
});
