/** `magam whatif`, against a database in which the draft was applied before the same feed was settled. */
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Ended, environment, startMagam, until } from '../../scripts/chaos/magam.mjs';
import type { ScratchDatabase } from '../../scripts/chaos/scratch-database.mjs';
import {
  DATES,
  DAY,
  type Difference,
  DraftScene,
  draft,
  draftedPolicy,
  keyOf,
  LAST_DAY,
  type Names,
  type ShownSide,
  sumsOf,
} from '../support/draft-scene.js';
import { documentOf, type FailureDocument, magamOf } from '../support/settling.js';

interface Answer {
  readonly status: string;
  readonly runId: number;
  readonly alreadyDone: boolean;
  readonly openDates: readonly string[];
  readonly lines: number;
  readonly touched: number;
  readonly changed: number;
  readonly refused: number;
  readonly unreadable: number;
  readonly totals: readonly Totals[];
  readonly sellers: readonly (Totals & { readonly sellerId: string })[];
  readonly movedLines: readonly (Names & {
    readonly settledOn: string;
    readonly currency: string;
    readonly before: ShownSide;
    readonly after: ShownSide;
  })[];
}
interface Totals {
  readonly currency: string;
  readonly sales: number;
  readonly refunds: number;
  readonly before: Readonly<Record<string, number>>;
  readonly after: Readonly<Record<string, number>>;
  readonly difference: Readonly<Record<string, number>>;
}

/** Chunks of 200 lines that the draft can touch. */
const SMALL_CHUNKS = { MAGAM_CHUNK_SIZE: '10', MAGAM_WORKERS: '1' };
/** A partition each: there are four. */
const TWO_THREADS = { ...SMALL_CHUNKS, MAGAM_WORKERS: '2' };
/** What a what-if may write. */
const ITS_OWN = /^(audit_log|job_instance|job_execution|run_plan|run_partition.*|partition_execution|what_if_.*)$/;

let scene: DraftScene;
let file: string;
beforeAll(async () => {
  scene = await DraftScene.create();
  file = scene.file(draft);
});
afterAll(() => scene.drop());

const range = (from = DAY, to = LAST_DAY): string[] => ['--from', from, '--to', to];
const run = (args: readonly string[], settings: Record<string, string> = SMALL_CHUNKS): Promise<Ended> =>
  magamOf(scene.plain, ['whatif', '--policies', file, ...args], settings);
/** In a process of its own, which the fault strikes. */
const startStruck = (fault: string) =>
  startMagam(
    ['whatif', '--policies', file, ...range(), '--json'],
    environment(scene.plain.url, { ...SMALL_CHUNKS, MAGAM_FAULT: fault }),
  );
const ask = async (args: readonly string[], settings?: Record<string, string>): Promise<Answer> => {
  const ended = await run([...args, '--json'], settings);
  expect(ended).toMatchObject({ code: 0 });
  return documentOf<Answer>(ended);
};
/** As if it had never been asked. */
const forget = async (): Promise<void> => {
  const { plain } = scene;
  await plain.change(`DELETE FROM job_instance WHERE job = 'what-if'`);
};
const answerOf = ({ alreadyDone: _done, runId: _run, ...answer }: Answer): object => ({ ...answer, seconds: 0 });
const net = ({ figures }: ShownSide): number => figures?.net ?? 0;

async function checksums(database: ScratchDatabase): Promise<Record<string, string | null>> {
  const names = await database.rows(
    'SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY 1',
  );
  const books = names.map(({ name }) => String(name)).filter((name) => !ITS_OWN.test(name));
  const sums = await database.rows(`CHECKSUM TABLE ${books.join(', ')}`);
  return Object.fromEntries(sums.map((row) => [String(row.Table), row.Checksum ?? null]));
}

/** What settling under the draft has made of all dates: the differences of every line, with its date. */
async function settledDifferences(): Promise<(Difference & { key: string; date: string })[]> {
  const found = [];
  for (const date of DATES)
    for (const [key, difference] of await scene.differences(date)) found.push({ key, date, ...difference });
  return found;
}

describe('what if', () => {
  it('comes to what settling under the draft has made, to the last unit, and writes nothing of the books', async () => {
    const before = await checksums(scene.plain);
    const answer = await ask([...range(), '--dates', 'as-stated', '--top', '100'], TWO_THREADS);
    expect(await checksums(scene.plain)).toEqual(before);
    expect(Object.keys(before).length).toBeGreaterThan(20);
    const expected = await settledDifferences();
    const changed = expected.filter(
      ({ before: was, after: is }) => JSON.stringify(was.figures) !== JSON.stringify(is.figures),
    );
    const lines = await scene.plain.value('SELECT COUNT(*) FROM settlement_line');
    expect(answer).toMatchObject({
      status: 'COMPLETED',
      lines: Number(lines),
      touched: expected.length,
      changed: changed.length,
      refused: 0,
      unreadable: 0,
      openDates: ['2026-04-05', '2026-04-06', '2026-04-07', '2026-04-08'].filter((date) => date <= LAST_DAY),
    });
    expect(changed.length).toBeGreaterThan(50);
    const numbers = (sums: Record<string, bigint>) =>
      Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, Number(sum)]));
    const bothSums = (own: readonly Difference[]) => ({
      before: numbers(sumsOf(own, 'before')),
      after: numbers(sumsOf(own, 'after')),
    });
    expect(answer.totals.map(({ currency }) => currency)).toEqual(
      [...new Set(expected.map(({ currency }) => currency))].sort(),
    );
    for (const total of [...answer.totals, ...answer.sellers])
      expect(total.difference).toEqual(
        Object.fromEntries(
          Object.keys(total.before).map((name) => [name, (total.after[name] ?? 0) - (total.before[name] ?? 0)]),
        ),
      );
    for (const total of answer.totals) {
      const own = expected.filter(({ currency }) => currency === total.currency);
      expect(total).toMatchObject(bothSums(own));
      expect(total.sales + total.refunds).toBe(own.length);
    }
    const sellers = new Set(expected.map(({ sellerId, currency }) => `${currency} ${sellerId}`));
    expect(new Set(answer.sellers.map(({ sellerId, currency }) => `${currency} ${sellerId}`))).toEqual(sellers);
    for (const seller of answer.sellers)
      expect(seller).toMatchObject(
        bothSums(
          expected.filter(({ sellerId, currency }) => sellerId === seller.sellerId && currency === seller.currency),
        ),
      );
    const moves = answer.sellers
      .filter(({ currency }) => currency === 'KRW')
      .map((it) => Math.abs((it.after.net ?? 0) - (it.before.net ?? 0)));
    expect(moves).toEqual([...moves].sort((a, b) => b - a));
  });

  it('tells the lines that moved most', async () => {
    const { movedLines } = await ask([...range(), '--dates', 'as-stated', '--top', '7']);
    const expected = await settledDifferences();
    for (const currency of ['KRW', 'USD']) {
      const sizes = expected
        .filter((line) => line.currency === currency)
        .map(({ before, after }) => Math.abs(net(after) - net(before)))
        .filter((size) => size > 0)
        .sort((a, b) => b - a);
      const own = movedLines.filter((line) => line.currency === currency);
      expect(own.map(({ before, after }) => Math.abs(net(after) - net(before)))).toEqual(sizes.slice(0, 7));
      for (const line of own)
        expect(expected).toContainEqual(
          expect.objectContaining({ key: keyOf(line), date: line.settledOn, before: line.before, after: line.after }),
        );
    }
  });

  it('gives the same answer whatever the workers and chunks, and again without working it out twice', async () => {
    const first = await ask(range(), TWO_THREADS);
    const again = await ask(range());
    expect(again).toMatchObject({ alreadyDone: true });
    await forget();
    const large = await ask([...range(), '--workers', '1'], { MAGAM_CHUNK_SIZE: '4000' });
    expect(large).toMatchObject({ alreadyDone: false });
    expect(answerOf(again)).toEqual(answerOf(first));
    expect(answerOf(large)).toEqual(answerOf(first));
  });

  it('of a changed input is another run', async () => {
    await ask(range());
    const others = [range(DAY, DAY), [...range(DAY, DAY), '--dates', 'as-stated']];
    for (const args of others) expect(await ask(args)).toMatchObject({ alreadyDone: false });
    file = scene.file(draft.slice(1), 'other.json');
    expect(await ask(range())).toMatchObject({ alreadyDone: false });
    file = scene.file([...draft].reverse(), 'reversed.json'); // the order of a file says nothing
    expect(await ask(range())).toMatchObject({ alreadyDone: true });
    file = scene.file(draft);
  });

  it('shows tables to people', async () => {
    const ended = await run([...range(), '--top', '3']);
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.stdout).toMatch(
      /^2026-04-01 to 2026-04-04: [\d,]+ lines, [\d,]+ touched, [\d,]+ with another figure, 0 would be parked\.$/m,
    );
    expect(ended.stdout).toMatch(/^KRW +net to sellers +[\d,]+ KRW +[\d,]+ KRW +-?[\d,]+ KRW$/m);
    expect(ended.stdout).toMatch(/^KRW +fee VAT on top +[\d,]+ KRW +[\d,]+ KRW/m);
    expect(ended.stdout).toMatch(/^KRW +fee VAT contained in the fee +[1-9][\d,]* KRW +0 KRW/m);
    expect(ended.stdout).toMatch(/Touched lines that would have been settled\ncurrency/);
    expect(ended.stdout).toMatch(/Sellers with the largest changes, by their touched lines\nseller/);
    expect(ended.stdout).toMatch(/Lines moved most\nsettled on/);
  });
});

describe('a draft with the policies that are in force, under another version', () => {
  it('touches lines, and shows no seller and no line as moved', async () => {
    const [row] = await scene.plain.rows(`SELECT definition FROM fee_policy WHERE code = 'seed-standard'`);
    file = scene.file([{ ...JSON.parse(row?.definition ?? ''), version: 2, effectiveFrom: '2027-01-01' }], 'same.json');
    const answer = await ask(range());
    const { stdout } = await run(range());
    file = scene.file(draft);
    expect(answer.touched).toBeGreaterThan(100);
    expect(answer).toMatchObject({ changed: 0, movedLines: [] });
    expect(answer.sellers.length).toBeGreaterThan(0);
    expect(stdout).not.toContain('moved most');
  });
});

describe('a what-if that is disturbed', () => {
  let expected: object;
  let lines: number;
  beforeAll(async () => {
    expected = answerOf(await ask(range()));
    lines = Number(await scene.plain.value('SELECT COUNT(*) FROM settlement_line'));
  });
  beforeEach(forget);

  const OF_RUN = `FROM run_partition_pass q JOIN run_partition p ON p.partition_id = q.partition_id
    JOIN job_instance i ON i.run_id = p.run_id WHERE i.job = 'what-if'`;
  /** Lines of the run that the partitions have done. */
  const done = async (): Promise<number> =>
    Number(await scene.plain.value(`SELECT COALESCE(SUM(q.done), 0) ${OF_RUN}`));

  it.each([
    'chunk.before-commit:kill:3',
    'chunk.after-commit:kill:2',
    'run.planned:kill',
    'run.before-finish-commit:kill',
  ])('is finished by the same command after %s, which continues where it was', async (fault) => {
    expect(await startStruck(fault).ended).toMatchObject({ signal: 'SIGKILL' });
    const before = await done();
    const begun = Number(await scene.plain.value(`SELECT COUNT(*) ${OF_RUN} AND q.done > 0 AND q.done < q.entries`));
    expect(begun).toBe(fault.startsWith('chunk') ? 1 : 0); // in the middle of a pass
    expect(answerOf(await ask(range()))).toEqual(expected);
    const worked = await scene.plain.rows(
      `SELECT e.entries FROM job_execution e JOIN job_instance i ON i.run_id = e.run_id WHERE i.job = 'what-if' AND e.status = 'COMPLETED'`,
    );
    // The second one did what was left, no more.
    expect(worked.map(({ entries }) => Number(entries))).toEqual([lines - before]);
    expect(await done()).toBe(lines);
  });

  it('started twice at once is one run', async () => {
    const gate = scene.path('gate-of-two');
    const first = startStruck(`chunk.before-commit:wait:2:${gate}`);
    await first.says('FAULT chunk.before-commit');
    const second = ask(range());
    await until(
      async () =>
        (await scene.plain.value(
          `SELECT COUNT(*) FROM job_execution e JOIN job_instance i ON i.run_id = e.run_id WHERE i.job = 'what-if' AND e.status = 'RUNNING'`,
        )) === '2',
      'the second one joins',
    );
    writeFileSync(gate, '');
    const ended = await first.ended;
    if (ended.code !== 0) throw new Error(`${ended.code} ${ended.stderr} ${ended.stdout}`);
    for (const answer of [documentOf<Answer>(ended), await second]) expect(answerOf(answer)).toEqual(expected);
    expect(await scene.plain.value(`SELECT COUNT(*) FROM job_instance WHERE job = 'what-if'`)).toBe('1');
    expect(await done()).toBe(lines);
  });

  it('whose result is removed while it is requested again is worked out again', async () => {
    await ask(range());
    const connection = await scene.plain.connection();
    try {
      await connection.beginTransaction();
      await connection.query(`DELETE FROM job_instance WHERE job = 'what-if'`);
      await connection.query('DELETE FROM what_if_effect');
      await connection.query('DELETE FROM what_if_line');
      const again = ask(range());
      let over = false;
      void again.finally(() => {
        over = true;
      });
      const waiting = `SELECT COUNT(*) FROM information_schema.processlist
        WHERE db = DATABASE() AND info LIKE 'SELECT%FROM job_instance%FOR UPDATE' AND id <> CONNECTION_ID()`;
      await until(async () => over || (await scene.plain.value(waiting)) !== '0', 'it looks for its result');
      await connection.commit();
      expect(answerOf(await again)).toEqual(expected);
      expect(await again).toMatchObject({ alreadyDone: false });
    } finally {
      connection.release();
    }
  });

  it('is stopped by SIGTERM with 130, and resumed', async () => {
    const gate = scene.path('gate-of-stop');
    const stopped = startStruck(`chunk.before-commit:wait:2:${gate}`);
    await stopped.says('FAULT chunk.before-commit');
    stopped.send('SIGTERM');
    writeFileSync(gate, '');
    const ended = await stopped.ended;
    expect(ended).toMatchObject({ code: 130 });
    expect(documentOf<Answer>(ended)).toMatchObject({ status: 'STOPPED' });
    expect(answerOf(await ask(range()))).toEqual(expected);
  });
});

describe('what is refused or cannot be read', () => {
  const failure = async (
    args: readonly string[],
  ): Promise<{ code: number | null; error: FailureDocument['error'] }> => {
    const ended = await run([...args, '--json']);
    return { code: ended.code, error: documentOf<FailureDocument>(ended).error };
  };

  it('is a range without a settled date', async () => {
    expect(await failure(range('2026-05-01', '2026-05-02'))).toMatchObject({
      code: 1,
      error: { code: 'DATE_NOT_CLOSED' },
    });
    expect(await failure(range(LAST_DAY, DAY))).toMatchObject({ code: 2, error: { code: 'USAGE' } });
  });

  it('is a draft that could not be applied, with its faults as `policies apply` tells them', async () => {
    const clash = scene.file([draftedPolicy('other', { category: '식품' }, {})], 'clash.json');
    const broken = scene.file([{ code: 'x' }, draftedPolicy('other', { category: '식품' }, {})], 'broken.json');
    for (const path of [clash, broken]) {
      file = path;
      const applied = await magamOf(scene.plain, ['policies', 'apply', path, '--json']);
      expect(await failure(range())).toEqual({ code: 1, error: documentOf<FailureDocument>(applied).error });
    }
    file = scene.file(draft);
  });

  it('names the dates that are not settled', async () => {
    const answer = await ask(range(DAY, '2026-04-30'));
    const open = await scene.plain.rows(`SELECT business_on AS d FROM business_date WHERE status = 'OPEN' ORDER BY 1`);
    expect(open.length).toBeGreaterThan(0);
    expect(answer.openDates).toEqual(open.map(({ d }) => d));
    const ended = await run(range(DAY, '2026-04-30'));
    expect(ended.stderr).toContain(`Left out, because they are not settled: ${answer.openDates.join(', ')}.`);
  });

  it('counts lines whose sale is gone, where the draft could touch them', async () => {
    const { plain } = scene;
    const before = await ask(range());
    const [gone] = await plain.rows(
      `SELECT e.* FROM sale_entry e JOIN settlement_line l ON l.settled_on = e.settled_on AND l.leg = 0 AND l.entry_id = e.entry_id
       JOIN fee_policy p ON p.policy_id = l.policy_id AND p.code = 'seed-food'
       WHERE e.settled_on = ? AND NOT EXISTS (SELECT 1 FROM refund_entry r WHERE r.original_id = e.entry_id) LIMIT 1`,
      [DAY],
    );
    await plain.change('DELETE FROM sale_entry WHERE entry_id = ?', [gone?.entry_id]);
    try {
      await forget();
      expect(await ask(range())).toMatchObject({ unreadable: 1, touched: before.touched - 1, lines: before.lines });
    } finally {
      const columns = Object.keys(gone ?? {});
      await plain.change(
        `INSERT INTO sale_entry (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
        Object.values(gone ?? {}),
      );
      await forget();
    }
  });

  it('counts lines that would be parked, which are in no sum', async () => {
    // The standard policy ends before the orders of these dates, and nothing takes its place.
    const short = {
      code: 'seed-standard',
      version: 2,
      scope: {},
      currency: 'KRW',
      effectiveFrom: '2020-01-01',
      effectiveTo: '2020-01-02',
    };
    file = scene.file([{ ...short, commission: { components: [{ type: 'percent', rate: '1' }] } }], 'short.json');
    const answer = await ask([...range(), '--dates', 'as-stated']);
    expect(answer.refused).toBeGreaterThan(100);
    expect(answer).toMatchObject({ touched: answer.refused, totals: [], sellers: [], movedLines: [] });
    file = scene.file(draft);
  });
});
