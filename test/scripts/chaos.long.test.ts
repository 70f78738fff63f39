/** The parts of `npm run test:chaos`: its draws, its strikes, and that its checks find the faults that they are for. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Connection, createConnection } from 'mysql2/promise';
import { addDays } from '../../kernel/business-date.js';
import { environment, startMagam } from '../../scripts/chaos/magam.mjs';
import { nightViolations } from '../../scripts/chaos/night-invariants.mjs';
import type { NightPlan } from '../../scripts/chaos/night-plan.mjs';
import { runNight } from '../../scripts/chaos/night-round.mjs';
import { makeNewerProgram } from '../../scripts/chaos/other-version.mjs';
import { describeRound, drawRound } from '../../scripts/chaos/plan.mjs';
import { type ScratchDatabase, seed } from '../../scripts/chaos/scratch-database.mjs';
import { givenServer } from '../../scripts/chaos/servers.mjs';
import { summaryOf } from '../../scripts/chaos/summary.mjs';
import { startProxy } from '../../scripts/chaos/tcp-proxy.mjs';
import { UPHEAVALS } from '../../scripts/chaos/upheavals.mjs';
import { root } from '../../scripts/script.mjs';
import { createDatabase, DATE, documentOf, type FailureDocument } from '../support/settling.js';

const serverUrl = process.env.MAGAM_DATABASE_URL as string;

describe('a round', () => {
  const OWN = { own: true, long: false };
  const rounds = Array.from({ length: 400 }, (_, i) => drawRound(7, i + 1, OWN));

  it('is drawn from its seed and number alone', () => {
    expect(drawRound(7, 12, OWN)).toEqual(rounds[11]);
    expect(drawRound(8, 12, OWN)).not.toEqual(rounds[11]);
  });

  it('comes to everything there is', () => {
    const words = rounds.flatMap(describeRound).join('\n');
    for (const { name } of UPHEAVALS) expect(words).toContain(`- ${name}`);
    for (const what of [
      ...[
        'SIGKILL',
        'SIGSTOP',
        'SIGTERM',
        's fast',
        's slow',
        'import.registered:kill',
        'abandon.batch',
        'run.planned',
      ],
      ...['runner', 'request', 'settle, settle', 'take back', 'mend policies', 'new terms', 'wrong clock', 'no key'],
      ...['strange key', 'import late lines', '2 signing keys', 'two versions', 'a replica', '3 dates', 'one date'],
    ])
      expect(words).toContain(what);
  });

  it('does nothing to a server that is not its own but on the way to it', () => {
    const names = UPHEAVALS.filter(({ needs }) => needs !== undefined).map(({ name }) => name);
    const plans = Array.from({ length: 200 }, (_, i) => drawRound(7, i, { own: false, long: false }));
    const upheavals = plans.flatMap((plan) =>
      plan.kind === 'date' ? plan.upheavals : plan.stages.flatMap((stage) => stage.upheavals),
    );
    expect(upheavals.filter(({ kind }) => names.includes(kind))).toEqual([]);
    expect(plans.some((plan) => plan.kind === 'night' && plan.replica)).toBe(false);
  });

  it('has outages of minutes only in the long form', () => {
    const longest = (long: boolean) =>
      Math.max(
        ...Array.from({ length: 200 }, (_, i) => drawRound(7, i, { own: true, long }))
          .flatMap((plan) => (plan.kind === 'night' ? plan.stages.flatMap(({ upheavals }) => upheavals) : []))
          .map(({ lastsMs }) => lastsMs),
      );
    expect(longest(false)).toBeLessThan(5_000);
    expect(longest(true)).toBeGreaterThan(120_000);
  });
});

it('the summary counts what struck and says how to see a failure again', () => {
  const played = [
    { round: 1, passed: true, report: [], struck: { outage: 1, cut: 3 } },
    { round: 2, passed: false, report: [], struck: { outage: 1 } },
  ];
  expect(summaryOf(5, played, 61.4, ' --long')).toEqual([
    '2 rounds in 61 s. Disturbances that struck:',
    '  cut     3',
    '  outage  2',
    'failed: npm run test:chaos -- --seed 5 --round 2 --long',
    'seed 5: 1 rounds passed, 1 failed',
  ]);
});

it.each([
  ['--rounds', 'many'],
  ['--hours', '1', '--rounds', '2'],
  ['--parallel', '0'],
  ['--hours', '-1'],
  ['--nonsense'],
])('wrong usage: %s', (...args) => {
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'scripts/chaos.mjs'), ...args], {
    encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([2, expect.stringContaining('Usage: npm run test:chaos')]);
});

describe('the way to the database', () => {
  let proxy: Awaited<ReturnType<typeof startProxy>>;
  let connection: Connection;
  beforeAll(async () => {
    proxy = await startProxy(new URL('/', serverUrl).href, []);
    connection = await createConnection({ uri: proxy.url });
    connection.on('error', () => undefined);
  });
  afterAll(async () => {
    connection.destroy();
    await proxy.close();
  });
  const answers = async (one: Connection, number: number) => {
    const [rows] = await one.query('SELECT ? AS answer', [number]);
    return (rows as { answer: number }[])[0]?.answer;
  };

  it('loses nothing when it is frozen for a while', async () => {
    proxy.freeze();
    const answer = answers(connection, 41);
    const other = createConnection({ uri: proxy.url });
    const first = await Promise.race([
      answer,
      other,
      new Promise((resolve) => setTimeout(() => resolve('nothing'), 300)),
    ]);
    expect(first).toBe('nothing');
    proxy.thaw();
    expect(await answer).toBe(41);
    const second = await other;
    expect(await answers(second, 42)).toBe(42);
    second.destroy();
  });

  it('lets nobody in while it is down', async () => {
    proxy.goDown();
    await expect(answers(connection, 1)).rejects.toThrow();
    await expect(createConnection({ uri: proxy.url })).rejects.toThrow();
    proxy.comeBack();
    const again = await createConnection({ uri: proxy.url });
    expect(await answers(again, 2)).toBe(2);
    again.destroy();
  });
});

describe('the newer program', () => {
  const { program, remove } = makeNewerProgram();
  let db: ScratchDatabase;
  beforeAll(async () => {
    db = await createDatabase();
    await seed(db, { lines: 200, sellers: 5, date: DATE });
  });
  afterAll(async () => {
    await db.drop();
    remove();
  });

  it('has other rules, keeps away from what this one has planned, and verifies both', async () => {
    const run = (args: readonly string[], options = {}, settings = {}) =>
      startMagam([...args, '--json'], environment(db.url, settings), options).ended;
    const settle = ['settle', '--date', DATE];
    expect(await run(settle, {}, { MAGAM_FAULT: 'run.planned:kill' })).toMatchObject({ signal: 'SIGKILL' });
    const refused = await run(settle, { program });
    expect(documentOf<FailureDocument>(refused).error.code).toBe('RULES_DIFFER');
    expect(await run(settle)).toMatchObject({ code: 0 });
    const next = addDays(DATE, 1);
    expect(await run(['settle', '--date', next], { program })).toMatchObject({ code: 0 });
    const verified = await run(['verify', '--from', DATE, '--to', next], { program });
    expect(verified).toMatchObject({ code: 0 });
    const bodies = await db.rows(
      `SELECT JSON_EXTRACT(body, '$.rules') AS rules FROM settlement_certificate ORDER BY settled_on`,
    );
    expect(bodies).toEqual([{ rules: '1' }, { rules: '2' }]);
  });
});

/** A night starts some twenty processes one after the other, which takes long beside other work on the machine. */
const MANY_PROCESSES_MS = 400_000;

/** A small night on which nothing goes wrong. */
const QUIET_NIGHT: NightPlan = {
  ...{
    kind: 'night',
    feedSeed: 5,
    dates: [DATE, addDays(DATE, 1)],
    lastDate: addDays(DATE, 2),
    wrongDate: '2026-03-20',
  },
  ...{ lines: 300, lateLines: 40, wrongLines: 30, sellers: 9, gridSize: 2, supplement: true, unmended: true },
  ...{ termsFrom: undefined, keys: 1, newer: false, replica: false, long: false },
  patience: { outageMs: 1_000, answerMs: 5_000 },
  stages: [
    ['settle', 'import refunds', 'import late lines', 'take back'] as const,
    ['settle', 'mend policies'] as const,
  ].map((names) => ({
    from: DATE,
    to: addDays(DATE, 1),
    upheavals: [],
    tasks: names.map((name) => ({
      name,
      strikes: [],
      newer: false,
      numbers: { workers: 1, chunkSize: 200, writer: 'auto' },
    })),
  })),
};

describe('a night', () => {
  const play = (damage?: Parameters<typeof runNight>[4]) =>
    runNight(
      QUIET_NIGHT,
      givenServer(serverUrl),
      () => undefined,
      () => undefined,
      damage,
    );
  const sale = `settled_on = '${DATE}' ORDER BY entry_id LIMIT 1`;

  it(
    'on which nothing goes wrong passes',
    async () => {
      expect(await play()).toMatch(/^same \d+ lines and [1-9]\d* parked entries after [2-9] starts$/);
    },
    MANY_PROCESSES_MS,
  );

  it(
    'after which something is wrong does not',
    async () => {
      const damages: [sql: string, undo: string, found: string][] = [
        [
          `UPDATE job_instance SET status = 'RUNNING' WHERE job_key = '${DATE}'`,
          `UPDATE job_instance SET status = 'COMPLETED_WITH_EXCEPTIONS' WHERE job_key = '${DATE}'`,
          'runs that are not completed',
        ],
        [
          `UPDATE run_partition SET status = 'RUNNING' WHERE number = 1`,
          `UPDATE run_partition SET status = 'DONE'`,
          'partitions that are not done',
        ],
        [
          `UPDATE feed_import SET rows_new = rows_new + 1 WHERE kind = 'refunds'`,
          `UPDATE feed_import SET rows_new = rows_new - 1 WHERE kind = 'refunds'`,
          'imports whose counts',
        ],
        [
          `UPDATE feed_import SET status = 'ABANDONING' WHERE source LIKE '%wrong.csv'`,
          `UPDATE feed_import SET status = 'WITHDRAWN' WHERE source LIKE '%wrong.csv'`,
          'imports that have not ended',
        ],
        [
          `UPDATE sale_entry SET order_id = CONCAT('WRONG-', order_id) WHERE ${sale}`,
          `UPDATE sale_entry SET order_id = SUBSTRING(order_id, 7) WHERE order_id LIKE 'WRONG-%'`,
          'rows of the file that was taken back',
        ],
        [
          `UPDATE feed_import SET rows_rejected = 4 WHERE source LIKE '%late.csv'`,
          `UPDATE feed_import SET rows_rejected = 3 WHERE source LIKE '%late.csv'`,
          'the feed has',
        ],
        [
          `UPDATE run_plan SET parameters = REPLACE(parameters, '"rules":1', '"rules":2')`,
          `UPDATE run_plan SET parameters = REPLACE(parameters, '"rules":2', '"rules":1')`,
          'work of processes with other rules',
        ],
        [
          `UPDATE settlement_line SET net = net + 1 WHERE ${sale}`,
          `UPDATE settlement_line SET net = net - 1 WHERE ${sale}`,
          'identity of entry',
        ],
        [
          `UPDATE business_date SET status = 'OPEN' WHERE business_on = '${DATE}'`,
          `UPDATE business_date SET status = 'CLOSED' WHERE business_on = '${DATE}'`,
          'date: "OPEN"',
        ],
      ];
      const night = play(async (db, facts) => {
        expect(await nightViolations(db, facts)).toEqual([]);
        for (const [sql, undo, found] of damages) {
          expect(await db.change(sql)).toBeGreaterThan(0);
          expect((await nightViolations(db, facts)).join('\n')).toContain(found);
          await db.change(undo);
          expect(await nightViolations(db, facts)).toEqual([]);
        }
        const gone = [{ name: `${DATE}/1`, hash: 'f'.repeat(64) }];
        expect((await nightViolations(db, { ...facts, certified: gone })).join('\n')).toContain(
          'does not exist any more',
        );
        // The figures still agree with one another, and with everything but an undisturbed run.
        await db.change(`UPDATE settlement_line SET policy_id = (SELECT MAX(policy_id) FROM fee_policy) WHERE ${sale}`);
      });
      await expect(night).rejects.toThrow(
        /a line that an undisturbed run does not have[\s\S]*magam verify exits with 4/,
      );
    },
    MANY_PROCESSES_MS,
  );
});
