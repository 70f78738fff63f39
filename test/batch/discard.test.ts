/** Runs that are given up before they are certified: too much would be parked, or they were planned under wrong policies. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { addDays } from '../../kernel/business-date.js';
import { violations } from '../../scripts/chaos/invariants.mjs';
import { until } from '../../scripts/chaos/magam.mjs';
import { draftedPolicy } from '../support/draft-scene.js';
import { DATE, documentOf, type FailureDocument, Settling } from '../support/settling.js';

const NEXT = addDays(DATE, 1);

let feed: Settling;
const folder = mkdtempSync(join(tmpdir(), 'magam-discard-'));
beforeAll(async () => {
  feed = await Settling.withOneThread();
});
afterAll(async () => {
  await feed.drop();
  rmSync(folder, { recursive: true });
});
beforeEach(() => feed.reset());

const failure = ({ stdout }: { stdout: string }) => documentOf<FailureDocument>({ stdout }).error;
const runId = () => feed.db.value('SELECT run_id FROM job_instance WHERE job_key = ?', [DATE]);
const discard = async () => feed.run(['runs', 'discard', await runId(), '--json']);
const count = (table: string) => feed.db.value(`SELECT COUNT(*) FROM ${table}`).then(Number);

describe('a run that is discarded', () => {
  it('in the middle leaves only its history, and the date is settled again as if for the first time', async () => {
    const killed = await feed.settle({ MAGAM_FAULT: 'chunk.after-commit:kill:6' });
    expect(killed.signal).toBe('SIGKILL');
    expect(await count('settlement_line')).toBeGreaterThan(0);
    await feed.db.change('UPDATE job_execution SET heartbeat_at = heartbeat_at - INTERVAL 1 HOUR');
    const before = await count('audit_log');
    const ended = await discard();
    expect(ended).toMatchObject({ code: 0 });
    expect(documentOf(ended)).toMatchObject({ date: DATE, generation: 1, status: 'STOPPED' });
    for (const table of [
      'settlement_line',
      'run_plan',
      'run_partition',
      'run_partition_pass',
      'partition_total',
      'partition_seller_total',
    ])
      expect([table, await count(table)]).toEqual([table, 0]);
    expect(await count('job_execution')).toBe(1);
    expect(await count('audit_log')).toBe(before + 1);
    await feed.finish();
    await feed.expectVerified();
  });

  it('is not carried out by a process that was frozen meanwhile, with the parameters of the old plan', async () => {
    const frozen = feed.startSettle({ MAGAM_FAULT: 'chunk.before-fence:stop:3', MAGAM_LEASE_MS: '1000' });
    await frozen.says('FAULT chunk.before-fence');
    await until(async () => (await discard()).code === 0, 'the frozen one counts as dead');
    const gate = join(folder, 'gate-of-new-plan');
    const next = feed.startSettle({ MAGAM_FAULT: `run.planned:wait:1:${gate}` });
    await next.says('FAULT run.planned');
    const woken = await frozen.wake();
    expect(woken.code).toBe(1);
    expect(failure(woken)).toMatchObject({ code: 'RUN_LOST' });
    expect(await count('settlement_line')).toBe(0);
    writeFileSync(gate, '');
    expect(await next.ended).toMatchObject({ code: 0 });
    await feed.expectClean();
  });

  it('is not planned by a process that was frozen and marked as dead by others before', async () => {
    const frozen = feed.startSettle({ MAGAM_FAULT: 'chunk.before-fence:stop:3', MAGAM_LEASE_MS: '1000' });
    await frozen.says('FAULT chunk.before-fence');
    await feed.db.change(`UPDATE job_execution SET status = 'ABANDONED', ended_at = UTC_TIMESTAMP(3)`);
    expect(await discard()).toMatchObject({ code: 0 });
    expect(failure(await frozen.wake())).toMatchObject({ code: 'RUN_LOST' });
    expect(await count('run_plan')).toBe(0);
    await feed.finish();
  });

  it('is not certified by a process that was frozen meanwhile, when others have carried out the new plan', async () => {
    const frozen = feed.startSettle({ MAGAM_FAULT: 'chunk.before-fence:stop:3', MAGAM_LEASE_MS: '1000' });
    await frozen.says('FAULT chunk.before-fence');
    await until(async () => (await discard()).code === 0, 'the frozen one counts as dead');
    expect(await feed.settle({ MAGAM_FAULT: 'run.before-finish-commit:kill' })).toMatchObject({ signal: 'SIGKILL' });
    const woken = await frozen.wake();
    expect(woken.code).toBe(1);
    expect(failure(woken)).toMatchObject({ code: 'RUN_LOST' });
    expect(await count('settlement_certificate')).toBe(0);
    await feed.finish();
  });

  it('is refused while somebody works on it, and when it is certified', async () => {
    const gate = join(folder, 'gate');
    const working = feed.startSettle({ MAGAM_FAULT: `chunk.before-commit:wait:2:${gate}`, MAGAM_LEASE_MS: '20000' });
    await working.says('FAULT chunk.before-commit');
    const held = await discard();
    expect(held.code).toBe(5);
    expect(failure(held)).toMatchObject({ code: 'RUN_HELD' });
    writeFileSync(gate, '');
    expect(await working.ended).toMatchObject({ code: 0 });
    const refused = await discard();
    expect(refused.code).toBe(1);
    expect(failure(refused)).toMatchObject({ code: 'RUN_COMPLETED' });
    await feed.expectClean();
  });
});

describe('a limit of parked entries', () => {
  /** Policies of a later revision of the book than the plan has. */
  const parkAll = () => feed.db.change('UPDATE fee_policy SET revision = revision + 1000');
  const mend = () => feed.db.change('UPDATE fee_policy SET revision = revision - 1000');

  it.each([['10'], ['0.5%']])(
    'of %s fails the run before its date is closed, and it is mended by discarding',
    async (limit) => {
      await parkAll();
      let refused: Awaited<ReturnType<typeof feed.settle>>;
      try {
        refused = await feed.settle({}, ['--exceptions-max', limit]);
      } finally {
        await mend();
      }
      expect(refused.code).toBe(1);
      expect(failure(refused)).toMatchObject({ code: 'EXCEPTIONS_EXCEEDED', details: { date: DATE, allowed: limit } });
      expect(await feed.db.value('SELECT status FROM business_date WHERE business_on = ?', [DATE])).toBe('CLOSING');
      expect(await count('settlement_certificate')).toBe(0);
      expect(await discard()).toMatchObject({ code: 0 });
      await feed.finish({ MAGAM_EXCEPTIONS_MAX: limit });
    },
  );

  it('that is invalid is refused, and so is one for a runner', async () => {
    expect(await feed.settle({}, ['--exceptions-max', '101%'])).toMatchObject({ code: 2 });
    expect(await feed.settle({}, ['--exceptions-max', '5', '--request'])).toMatchObject({ code: 2 });
    expect(await feed.settle({ MAGAM_EXCEPTIONS_MAX: 'few' })).toMatchObject({ code: 2 });
  });
});

describe('a supplement that is discarded', () => {
  it('leaves the first generation as it was certified', async () => {
    const policy = (code: string, currency: string) => {
      const file = join(folder, `${code}.json`);
      writeFileSync(file, JSON.stringify({ policies: [draftedPolicy(code, {}, { currency })] }));
      return file;
    };
    const lines = `order_id,line_id,seller_id,quantity,unit_price,currency,ordered_on,confirmed_on\nK-1,1,S-1,3,10.005,KWD,${DATE},${DATE}\n`;
    const file = join(folder, 'lines.csv');
    writeFileSync(file, lines);
    expect(await feed.run(['import', 'lines', file])).toMatchObject({ code: 0 });
    try {
      expect(await feed.settle()).toMatchObject({ code: 3 });
      const certified = await feed.db.value('SELECT hash FROM settlement_certificate');
      expect(await feed.run(['policies', 'apply', policy('dinar', 'KWD')])).toMatchObject({ code: 0 });
      expect(await feed.settle({ MAGAM_FAULT: 'run.before-finish-commit:kill' })).toMatchObject({ signal: 'SIGKILL' });
      await feed.db.change('UPDATE job_execution SET heartbeat_at = heartbeat_at - INTERVAL 1 HOUR');
      const refund = join(folder, 'refunds.csv');
      writeFileSync(refund, `refund_id,order_id,line_id,quantity,refunded_on,reason\nKR-1,K-1,1,1,${NEXT},\n`);
      expect(await feed.run(['import', 'refunds', refund])).toMatchObject({ code: 0 });
      expect(await feed.run(['settle', '--date', NEXT])).toMatchObject({ code: 0 });
      const kept = await discard();
      expect(kept.code).toBe(1);
      expect(failure(kept)).toMatchObject({ code: 'RUN_RESTED_ON' });
      // As if the refund had not been there.
      for (const table of ['settlement_line', 'settlement', 'settlement_certificate'])
        await feed.db.change(`DELETE FROM ${table} WHERE settled_on = ?`, [NEXT]);
      await feed.db.change(`DELETE FROM job_instance WHERE job_key = ?`, [NEXT]);
      await feed.db.change('UPDATE certificate_chain SET certificates = 1');
      await feed.db.change(`UPDATE business_date SET status = 'OPEN' WHERE business_on = ?`, [NEXT]);
      await feed.db.change('UPDATE settlement_calendar SET shut_through = ?', [DATE]);
      await feed.db.change(`DELETE FROM refund_entry WHERE refund_id = 'KR-1'`);
      expect(documentOf(await discard())).toMatchObject({
        generation: 2,
        status: 'COMPLETED_WITH_EXCEPTIONS',
        lines: 1,
      });
      expect(await feed.db.value('SELECT COUNT(*) FROM settlement_exception WHERE settled_generation IS NULL')).toBe(
        '1',
      );
      expect(await violations(feed.db, DATE)).toEqual([]);
      await feed.expectVerified();
      expect(await feed.settle()).toMatchObject({ code: 0 });
      expect(await feed.db.value('SELECT hash FROM settlement_certificate WHERE generation = 1')).toBe(certified);
      await feed.expectVerified();
    } finally {
      await feed.reset();
      await feed.db.change(`DELETE FROM sale_entry WHERE order_id = 'K-1'`);
    }
  });
});
