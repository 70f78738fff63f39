/** Verification over threads: it says what one thread says, and it may run at any moment of a supplement. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Verification } from '../../batch/jobs/verify/verify-date.js';
import { type Db, openDatabase } from '../../infra/database.js';
import { armFaults } from '../../infra/faults.js';
import { environment, runMagam, until } from '../../scripts/chaos/magam.mjs';
import { createTestDatabase } from '../support/database.js';
import { magam } from '../support/magam.js';
import { createSettledDate, DAY, lineOf, SettledDate } from '../support/settled-date.js';

const THREADS = 0;

/** The database, and when somebody asks it for this. */
function watched(db: Db, sql: string): { db: Db; asked: Promise<void> } {
  let seen: () => void;
  const asked = new Promise<void>((resolve) => {
    seen = resolve;
  });
  const raw = (statement: string, ...more: []) => {
    if (statement.includes(sql)) seen();
    return db.raw(statement, ...more);
  };
  const get = (target: Db, key: string | symbol) => (key === 'raw' ? raw : Reflect.get(target, key));
  return { db: new Proxy(db, { get }), asked };
}

describe('two threads', () => {
  let date: SettledDate;
  beforeAll(async () => {
    date = await createSettledDate();
  });
  afterAll(() => date.database.drop());

  it('find an untouched date as it was certified', async () => {
    const alone = await date.verify();
    expect(alone.ok).toBe(true);
    expect(await date.verify(DAY, THREADS)).toEqual(alone);
  });

  it('name the same first differences as one', async () => {
    const { db } = date.database;
    const [sales] = await db.raw(
      `SELECT entry_id FROM settlement_line WHERE settled_on = '${DAY}' AND leg = 0 AND generation = 1 ORDER BY entry_id`,
    );
    const [first, second, third] = [0.9, 0.5, 0.2].map((share) => sales[Math.floor(sales.length * share)].entry_id);
    await db.raw(`UPDATE settlement_line SET net = net + 1 WHERE ${lineOf(first)}`);
    await db.raw(`UPDATE settlement_line SET fee = fee + 1, net = net - 1 WHERE ${lineOf(second)}`);
    await db.raw(`UPDATE settlement_line SET entry_id = 99999999 WHERE ${lineOf(third)}`);
    const alone = await date.verify();
    expect(alone.checks.filter(({ ok }) => !ok).map(({ name }) => name)).toEqual(
      expect.arrayContaining(['line-identity', 'line-replay', 'lines-have-entries', 'entries-settled-or-parked']),
    );
    expect(await date.verify(DAY, THREADS)).toEqual(alone);
  });
});

describe('a view whose threads read for longer than the server keeps a silent session', () => {
  it('is kept', async () => {
    const date = await createSettledDate();
    const { db, url } = date.database;
    const silent = openDatabase(url, { silenceSeconds: 1 });
    const tx = await db.transaction();
    try {
      // Whoever reads lines waits; the snapshot of the main thread is at rest.
      await tx.raw('LOCK TABLES settlement_line WRITE');
      const verified = new SettledDate({ ...date.database, db: silent }).verify(DAY, THREADS);
      const waiting = `SELECT COUNT(*) AS n FROM information_schema.processlist
        WHERE db = DATABASE() AND info LIKE '%settlement_line%' AND time >= 3 AND id <> CONNECTION_ID()`;
      await until(async () => Number((await db.raw(waiting))[0][0].n) > 0, 'they have waited for three seconds');
      await tx.raw('UNLOCK TABLES');
      expect(await verified).toMatchObject({ ok: true });
    } finally {
      await tx.rollback();
      await silent.destroy();
      await date.database.drop();
    }
  });
});

describe('while supplements are being settled', () => {
  const currencies = ['KWD', 'EUR'];
  const others = ['USD', 'JPY'];
  let date: SettledDate;
  let folder: string;
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const run = async (...args: string[]): Promise<void> => {
    const { code, stderr } = await magam(date.database.url, args);
    if (code !== 0 && code !== 3) throw new Error(`magam ${args.join(' ')} exited ${code}: ${stderr}`);
  };
  beforeAll(async () => {
    date = new SettledDate(await createTestDatabase());
    folder = mkdtempSync(join(tmpdir(), 'magam-view-'));
    const all = [...currencies, ...others];
    const rows = Array.from({ length: 600 }, (_, i) => `O-${i},1,S-${i % 7},1,10,${all[i % all.length]},${DAY},${DAY}`);
    const head = 'order_id,line_id,seller_id,quantity,unit_price,currency,ordered_on,confirmed_on';
    await run('import', 'lines', file('lines.csv', `${[head, ...rows].join('\n')}\n`));
    await run('settle', '--date', DAY);
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await date.database.drop();
  });

  const applyPolicy = (currency: string): Promise<void> => {
    const policy = {
      code: `p-${currency}`,
      scope: {},
      currency,
      effectiveFrom: '2026-01-01',
      commission: { components: [{ type: 'percent', rate: '7.5' }] },
      vat: { rate: '10', mode: 'exclusive' },
    };
    return run('policies', 'apply', file('policy.json', JSON.stringify({ policies: [policy] })));
  };
  /** Settles a supplement between the snapshot of this thread and those of the others. */
  const verifyAcross = async (currency: string, faults: string): Promise<Verification> => {
    const gate = join(folder, `gate-${currency}`);
    await applyPolicy(currency);
    armFaults(`view.opening:wait:1:${gate}${faults}`);
    try {
      const { db, asked } = watched(date.database.db, 'FROM job_instance j LEFT JOIN run_partition');
      const verifying = date.verify(DAY, THREADS, db);
      await asked; // this thread's snapshot is open, and its state is read in it
      // In a process of its own: in this one the command would set the faults anew.
      const { code, stderr } = await runMagam(['settle', '--date', DAY], environment(date.database.url));
      if (code !== 3 && code !== 0) throw new Error(stderr);
      writeFileSync(gate, '');
      return await verifying;
    } finally {
      armFaults(null);
    }
  };

  it('a verification that opens across one sees it whole', async () => {
    const { ok, generations } = await verifyAcross('USD', '');
    expect([ok, generations]).toEqual([true, 2]);
  });

  it('and would see half of it, were the states of its snapshots not compared', async () => {
    const { checks } = await verifyAcross('JPY', ',off:view.state');
    expect(checks.filter(({ ok }) => !ok).map(({ name }) => name)).toContain('line-generations');
    expect((await date.verify(DAY, THREADS)).ok).toBe(true);
  });

  it('every verification finds the date as it was certified so far', async () => {
    const seen = new Set<number>();
    for (const currency of currencies) {
      await applyPolicy(currency);
      let settling = true;
      const settled = run('settle', '--date', DAY, '--chunk-size', '3', '--grid-size', '4', '--workers', '2').finally(
        () => {
          settling = false;
        },
      );
      do {
        const { checks, generations } = await date.verify(DAY, THREADS);
        expect(checks.filter(({ ok }) => !ok)).toEqual([]);
        seen.add(generations);
      } while (settling);
      await settled;
    }
    const last = await date.verify(DAY, THREADS);
    expect([last.ok, last.generations, last.lines]).toEqual([true, 1 + others.length + currencies.length, 600]);
    expect(seen.size).toBeGreaterThan(1);
  });
});
