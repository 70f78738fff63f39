/** The check of a policy draft, against databases in which the draft was applied before the same feed was settled. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { POLICY_CHECK } from '../../core/settlement/rules/policy-check-task.js';
import type { TrialDates } from '../../core/settlement/rules/policy-trial.js';
import { readCheckLines } from '../../core/settlement/stores/policy-check-line.js';
import type { TaskRecord } from '../../core/tasks/stores/background-task.js';
import { type Db, openDatabase } from '../../infra/database.js';
import { readLines } from '../../scripts/chaos/invariants.mjs';
import { type ScratchDatabase, seed } from '../../scripts/chaos/scratch-database.mjs';
import { createDatabase } from '../support/settling.js';
import { askFor, endOf, leadElsewhere, taskRunners } from '../support/tasks.js';

const DAY = '2026-04-01';
const DATES = [DAY, '2026-04-02', '2026-04-03', '2026-04-04'];

const policy = (code: string, scope: object, rest: object) => ({
  code,
  scope,
  currency: 'KRW',
  effectiveFrom: '2026-01-01',
  commission: { components: [{ type: 'percent', rate: '11.1' }] },
  vat: { rate: '10', mode: 'exclusive' },
  ...rest,
});

/** A version that takes over, a scope of its own, a scope in another currency, and one that is above what others say. */
const draft = [
  policy(
    'seed-food',
    { category: '식품' },
    { version: 2, commission: { components: [{ type: 'percent', rate: '7' }], onRefund: 'keep', min: '100' } },
  ),
  policy('new-seller', { seller: 'seller-000002' }, { pgFee: { rate: '1.5', bearer: 'seller', vat: 'exclusive' } }),
  policy('dollar-seller', { seller: 'seller-000001' }, { currency: 'USD' }),
  policy(
    'same-as-now',
    { seller: 'seller-000005' },
    {
      commission: {
        components: [
          { type: 'percent', rate: '8.5' },
          { type: 'fixed', amount: '100', per: 'line' },
        ],
        min: '50',
        max: '20000',
      },
      vat: { rate: '10', mode: 'exclusive', rounding: 'down' },
      pgFee: { rate: '2.9', bearer: 'seller', vat: 'exclusive' },
    },
  ),
];
const future = draft.map((one) => ({ ...one, effectiveFrom: '2027-01-01' }));

interface Shown {
  readonly policy: { readonly code: string; readonly version: number } | null;
  readonly figures: Readonly<Record<string, number>> | null;
}
interface Touched {
  readonly leg: string;
  readonly orderId: string;
  readonly lineId: string;
  readonly refundId: string | null;
  readonly sellerId: string;
  readonly currency: string;
  readonly before: Shown;
  readonly after: Shown;
  readonly refusal: string | null;
}
interface Result {
  readonly lines: number;
  readonly touched: number;
  readonly changed: number;
  readonly refused: number;
  readonly linesKept: number;
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

const FIGURES = ['feeBase', 'fee', 'feeVat', 'pgFee', 'pgFeeVat', 'net'] as const;
const startRunner = taskRunners();
let plain: ScratchDatabase;
let applied: ScratchDatabase;
let db: Db;
let folder: string;

async function settleAll(database: ScratchDatabase): Promise<void> {
  await database.magam(['settle', '--from', DAY, '--to', DATES.at(-1) ?? '', '--grid-size', '3', '--workers', '1']);
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'magam-check-'));
  const file = join(folder, 'draft.json');
  writeFileSync(file, JSON.stringify({ policies: draft }));
  [plain, applied] = await Promise.all([createDatabase(), createDatabase()]);
  for (const one of [plain, applied]) await seed(one, { lines: 1_500, sellers: 30, date: DAY });
  await applied.magam(['policies', 'apply', file]);
  for (const one of [plain, applied]) await settleAll(one);
  db = openDatabase(plain.url);
  await leadElsewhere(db);
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await db.destroy();
  await Promise.all([plain.drop(), applied.drop()]);
});

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
  expect(lines.map(({ lineNo }) => lineNo)).toEqual(lines.map((_, i) => i + 1));
  return { task, result: task.result as Result, lines: lines.map(({ content }) => content as Touched) };
}

const keyOf = (line: Pick<Touched, 'leg' | 'orderId' | 'lineId' | 'refundId'>): string =>
  [line.leg, line.orderId, line.lineId, line.refundId ?? ''].join(' ');

/** What differs between the two databases: the key of each line whose policy is another, with both sides. */
async function differences(
  date: string,
): Promise<Map<string, { before: Shown; after: Shown; sellerId: string; currency: string }>> {
  const [before, after] = await Promise.all([readLines(plain, date), readLines(applied, date)]);
  const shown = (row: Record<string, string | null>): Shown => ({
    policy: { code: row.policyCode ?? '', version: Number(row.policyVersion) },
    figures: Object.fromEntries(FIGURES.map((name) => [name, Number(row[name])])),
  });
  expect(after.length).toBe(before.length);
  const found = new Map<string, { before: Shown; after: Shown; sellerId: string; currency: string }>();
  for (const [i, row] of before.entries()) {
    const other = after[i] ?? {};
    const { leg, orderId, lineId, refundId } = row;
    const key = {
      leg: leg ?? '',
      orderId: orderId ?? '',
      lineId: lineId ?? '',
      refundId: refundId === '' ? null : (refundId ?? null),
    };
    expect(other).toMatchObject({ leg, orderId, lineId, refundId });
    if (row.policyCode === other.policyCode && row.policyVersion === other.policyVersion) continue;
    found.set(keyOf(key), {
      before: shown(row),
      after: shown(other),
      sellerId: row.sellerId ?? '',
      currency: row.currency ?? '',
    });
  }
  return found;
}

describe('a check', () => {
  it.each(DATES)('of %s finds, line by line, what settling under the draft would have made', async (date) => {
    startRunner(plain.url);
    const expected = await differences(date);
    const { result, lines } = await check(date, 'AS_STATED', draft);
    expect(
      new Map(
        lines.map((line) => [
          keyOf(line),
          { before: line.before, after: line.after, sellerId: line.sellerId, currency: line.currency },
        ]),
      ),
    ).toEqual(expected);
    expect(lines.length).toBe(expected.size);
    const all = await readLines(plain, date);
    const changed = [...expected.values()].filter(
      ({ before, after }) => JSON.stringify(before.figures) !== JSON.stringify(after.figures),
    );
    expect(result).toMatchObject({
      lines: all.length,
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
      for (const name of FIGURES) {
        const sum = (side: 'before' | 'after') =>
          own.reduce((n, line) => n + BigInt(line[side].figures?.[name] ?? 0), 0n);
        expect([total.before[name], total.after[name], total.difference[name]]).toEqual(
          [sum('before'), sum('after'), sum('after') - sum('before')].map(String),
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
    startRunner(plain.url);
    const legs = [];
    for (const date of DATES) legs.push(...(await check(date, 'AS_STATED', draft)).lines.map(({ leg }) => leg));
    expect(legs.filter((leg) => leg === 'refund').length).toBeGreaterThan(5);
  });

  it('takes a draft of the future to be in force on every order date, unless it is told otherwise', async () => {
    startRunner(plain.url);
    const [always, stated, past] = [
      await check(DAY, 'ALWAYS', future),
      await check(DAY, 'AS_STATED', future),
      await check(DAY, 'AS_STATED', draft),
    ];
    expect(always.lines).toEqual(past.lines);
    expect(always.result.totals).toEqual(past.result.totals);
    expect(stated.result).toMatchObject({ touched: 0, totals: [], sellers: [], lines: past.result.lines });
  });

  it('of policies that are stored already touches nothing', async () => {
    startRunner(plain.url);
    const [row] = await plain.rows(`SELECT definition FROM fee_policy WHERE code = 'seed-food'`);
    const { result } = await check(DAY, 'ALWAYS', [JSON.parse(row?.definition ?? '')]);
    expect(result).toMatchObject({ policies: 0, touched: 0 });
  });

  it('tells the faults of a draft that cannot be applied', async () => {
    startRunner(plain.url);
    const clash = policy('other', { category: '식품' }, {});
    const { task } = await check(DAY, 'ALWAYS', [clash]);
    expect(task).toMatchObject({
      status: 'FAILED',
      error: { code: 'POLICY_FILE_INVALID', details: { faults: [{ path: 'policies[0]', code: 'POLICY_OVERLAP' }] } },
    });
  });

  it('takes an end at its word only as stated', async () => {
    startRunner(plain.url);
    const brief = policy('brief', { seller: 'seller-000002' }, { effectiveTo: '2026-01-02' });
    // In force for two days only: as stated, no line of the day falls under it.
    expect((await check(DAY, 'AS_STATED', [brief])).result.touched).toBe(0);
    expect((await check(DAY, 'ALWAYS', [brief])).result.touched).toBeGreaterThan(0);
  });

  it.each(['policy-check.page', 'task.claimed'])(
    'whose runner dies at %s is done again, each line once',
    async (point) => {
      const taskId = await askFor(db, POLICY_CHECK, '1', parametersOf(DAY, 'AS_STATED', draft));
      const killed = startRunner(plain.url, { MAGAM_FAULT: `${point}:kill` });
      expect(await killed.ended).toMatchObject({ signal: 'SIGKILL' });
      startRunner(plain.url);
      const task = await endOf(db, POLICY_CHECK, taskId);
      expect(task).toMatchObject({ status: 'COMPLETED', claims: 2 });
      const lines = await readCheckLines(db, taskId, { afterNo: 0, limit: 100_000 });
      expect(lines.map(({ content }) => keyOf(content as Touched))).toEqual([...(await differences(DAY)).keys()]);
    },
  );

  it('whose runner was frozen before it began keeps the lines of the next one when that wakes up', async () => {
    const taskId = await askFor(db, POLICY_CHECK, '1', parametersOf(DAY, 'AS_STATED', draft));
    const frozen = startRunner(plain.url, { MAGAM_FAULT: 'task.claimed:stop' });
    await frozen.says('FAULT task.claimed');
    startRunner(plain.url);
    const task = await endOf(db, POLICY_CHECK, taskId);
    expect(task).toMatchObject({ status: 'COMPLETED', claims: 2 });
    frozen.send('SIGCONT');
    await frozen.says('task lost to another runner');
    const lines = await readCheckLines(db, taskId, { afterNo: 0, limit: 100_000 });
    expect(lines.map(({ content }) => keyOf(content as Touched))).toEqual([...(await differences(DAY)).keys()]);
  });
});
