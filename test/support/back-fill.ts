/**
 * Dates that are settled as a range, with what can hold one back from another: refunds of earlier dates, entries that came late, parked sales
 * and refunds of them. What settling them one after another leaves is computed once; a range must leave the same.
 */
import { rmSync } from 'node:fs';
import { expect } from '@jest/globals';
import { addDays, datesBetween } from '../../kernel/business-date.js';
import { outcomeOf, violations } from '../../scripts/chaos/invariants.mjs';
import { type Ended, environment, killAll, type Magam, startMagam, until } from '../../scripts/chaos/magam.mjs';
import { forgetRuns, type ScratchDatabase, seed } from '../../scripts/chaos/scratch-database.mjs';
import { FeedFolder, refundsCsv, salesCsv } from './feed-files.js';
import { createDatabase, expectSame, magamOf } from './settling.js';

type Settings = Readonly<Record<string, string | undefined>>;

export const FIRST = '2026-03-01';
export const LAST = addDays(FIRST, 4);
export const DATES = datesBetween(FIRST, LAST);
/** The date with this place in the range, from 0. */
export const dateAt = (at: number): string => addDays(FIRST, at);

/** One thread starts sooner than two. */
const GRID = ['--grid-size', '3', '--workers', '1', '--chunk-size', '75'] as const;
/** For a command whose threads are to work on several dates at once. */
export const TWO_THREADS = ['--workers', '2'] as const;

export class BackFill {
  private clean: unknown;

  private constructor(
    readonly db: ScratchDatabase,
    readonly files: FeedFolder,
  ) {}

  static async create(): Promise<BackFill> {
    const fill = new BackFill(await createDatabase(), new FeedFolder());
    const { db, files } = fill;
    for (const date of DATES) await seed(db, { lines: 250, sellers: 20, date });
    // Nothing is charged in dinars: they are parked, and so is what is refunded of them on the next date.
    const parked = {
      currency: 'KWD',
      unit_price: '10',
      shipping_fee: '0',
      seller_discount: '0',
      platform_discount: '0',
    };
    const sales = DATES.map((date, i) => ({
      ...parked,
      order_id: `PARKED-${i}`,
      ordered_on: date,
      confirmed_on: date,
    }));
    await db.magam(['import', 'lines', files.write(salesCsv(...sales))]);
    const refunds = DATES.slice(1).map((date, i) => ({
      ...{ refund_id: `PARKED-${i}`, order_id: `PARKED-${i}`, refunded_on: date },
    }));
    await db.magam(['import', 'refunds', files.write(refundsCsv(...refunds))]);
    // Rows of the first date that come when it is closed: they belong to the second.
    expect(await fill.settleDate(FIRST)).toMatchObject({ code: 3 });
    const late = { order_id: 'LATE', ordered_on: FIRST, confirmed_on: FIRST };
    await db.magam(['import', 'lines', files.write(salesCsv(late)), '--late', 'next-open-date']);
    fill.clean = await fill.oneAfterAnother();
    return fill;
  }

  async drop(): Promise<void> {
    await killAll();
    this.files.remove();
    await this.db.drop();
  }

  reset = (): Promise<void> => forgetRuns(this.db);

  settleDate = (date: string): Promise<Ended> => this.run(['settle', '--date', date, ...GRID, '--json']);

  /** Settles the dates one after another, with `meanwhile` before the first is finished; returns what they amount to. */
  async oneAfterAnother(meanwhile: () => Promise<unknown> = async () => undefined): Promise<unknown> {
    await this.reset();
    const fault = `run.worked:wait:1:${this.files.path}/one`;
    const first = startMagam(['settle', '--date', FIRST, ...GRID], environment(this.db.url, { MAGAM_FAULT: fault }));
    await first.says('FAULT run.worked');
    await meanwhile();
    this.files.write('', 'one');
    expect(await first.ended).toMatchObject({ code: 3 });
    for (const date of DATES.slice(1)) expect(await this.settleDate(date)).toMatchObject({ code: 3 });
    rmSync(`${this.files.path}/one`);
    return this.outcome();
  }

  outcome = async (): Promise<unknown> => {
    const outcomes = [];
    for (const date of DATES) {
      expect([date, await violations(this.db, date)]).toEqual([date, []]);
      outcomes.push(await outcomeOf(this.db, date));
    }
    const order = await this.db.rows('SELECT settled_on FROM settlement_certificate ORDER BY sequence');
    return { outcomes, order };
  };

  run = (args: readonly string[], settings: Settings = {}): Promise<Ended> => magamOf(this.db, args, settings);

  /** The range, in a process of its own. */
  start = (settings: Settings = {}, args: readonly string[] = []): Magam =>
    startMagam(
      ['settle', '--from', FIRST, '--to', LAST, ...GRID, '--json', ...args],
      environment(this.db.url, settings),
    );

  settle = (settings: Settings = {}, args: readonly string[] = []): Promise<Ended> => this.start(settings, args).ended;

  /** Settles the range to its end and expects what one date after the other leaves. */
  async finish(): Promise<Ended> {
    const ended = await this.run(['settle', '--from', FIRST, '--to', LAST, ...GRID, '--json']);
    expect(ended).toMatchObject({ code: 3 });
    await this.expectClean();
    return ended;
  }

  async expectClean(): Promise<void> {
    expectSame(await this.outcome(), this.clean);
  }

  /** The state of a date and of its run. */
  async stateOf(date: string): Promise<{ door: string; run: string }> {
    const [row] = await this.db.rows(
      `SELECT d.status AS door, COALESCE(j.status, '') AS run FROM business_date d
       LEFT JOIN job_instance j ON j.job = 'settle' AND j.job_key = d.business_on WHERE d.business_on = ?`,
      [date],
    );
    return { door: String(row?.door), run: String(row?.run) };
  }

  /** The dates that are being settled. */
  closing = async (): Promise<string[]> =>
    (await this.db.rows(`SELECT business_on AS date FROM business_date WHERE status = 'CLOSING' ORDER BY 1`)).map(
      ({ date }) => String(date),
    );

  /** Settled lines of a date: sales (0) or refunds (1). */
  lines = async (date: string, leg: 0 | 1): Promise<number> =>
    Number(await this.db.value('SELECT COUNT(*) FROM settlement_line WHERE settled_on = ? AND leg = ?', [date, leg]));

  /** Starts the range and holds its first date just before that is finished, until all sales of the next two dates are settled. */
  async heldAtFirstFinish(name: string): Promise<Magam & { readonly open: () => void }> {
    const gate = `${this.files.path}/${name}`;
    const held = this.start({ MAGAM_FAULT: `run.worked:wait:1:${gate}` });
    await held.says('FAULT run.worked');
    for (const date of [dateAt(1), dateAt(2)])
      await until(
        () =>
          this.db
            .value(
              `SELECT COUNT(*) FROM job_instance j JOIN run_partition p ON p.run_id = j.run_id AND p.generation = j.generation
               WHERE j.job = 'settle' AND j.job_key = ? GROUP BY j.run_id HAVING SUM(p.pass = 0 AND p.status <> 'DONE') = 0`,
              [date],
            )
            .then((found) => Number(found) > 0),
        `the sales of ${date} are settled`,
      );
    return { ...held, open: () => void this.files.write('', name) };
  }

  /** As if the processes that have died had been silent for long. */
  async forgetTheDead(): Promise<void> {
    await this.db.change('UPDATE job_execution SET heartbeat_at = heartbeat_at - INTERVAL 1 HOUR');
  }
}
