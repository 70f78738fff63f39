/**
 * A settled date to verify: a synthetic day with a sale and a refund that a supplement settled, and the day after it; and ways to
 * change it directly in the database.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import { WorkerPools } from '../../batch/engine/worker-pool.js';
import { type Verification, verifyDate } from '../../batch/jobs/verify/verify-date.js';
import { readConfig } from '../../infra/config.js';
import { createTestDatabase, type TestDatabase } from './database.js';
import { magam } from './magam.js';

export const DAY = '2026-04-01';
export const NEXT_DAY = '2026-04-02';

const kwdPolicy = {
  code: 'kwd',
  scope: {},
  currency: 'KWD',
  effectiveFrom: '2026-01-01',
  commission: { components: [{ type: 'percent', rate: '7.5' }] },
  vat: { rate: '10', mode: 'exclusive' },
};
/** Sale K-1 of three units with refund KR-1 of two; parked by the first run for want of a policy in KWD. */
const files = {
  'lines.csv': `order_id,line_id,seller_id,quantity,unit_price,shipping_fee,currency,ordered_on,confirmed_on\nK-1,1,S-KWD,3,10.005,0,KWD,${DAY},${DAY}\n`,
  'refunds.csv': `refund_id,order_id,line_id,quantity,refunded_on,reason\nKR-1,K-1,1,2,${DAY},\n`,
  'kwd.json': JSON.stringify({ policies: [kwdPolicy] }),
};

/** Its version 2 ends version 1, though not before the lines that fall under it. */
const laterKwd = { ...kwdPolicy, version: 2, effectiveFrom: '2027-01-01' };
const bhdPolicy = { ...kwdPolicy, code: 'bhd', currency: 'BHD' };
/** What the buyer paid for P-1, with the shipping, is more than an amount may be. */
const parkedRows: Readonly<Record<string, string>> = {
  'lines.csv': `P-1,1,S-1,2,4503599627370,1,BHD,${DAY},${DAY}\n`,
  'refunds.csv': `PR-1,P-1,1,1,${DAY},broken\n`,
};

/**
 * @param parked a sale P-1 and its refund PR-1, which stay parked: first no policy covers their currency, then what the buyer paid is out of range
 * @param settings of the commands, such as a signing key
 */
export async function createSettledDate({ parked = false, settings = {} } = {}): Promise<SettledDate> {
  const database = await createTestDatabase();
  const folder = mkdtempSync(join(tmpdir(), 'magam-settled-'));
  for (const [name, text] of Object.entries(files))
    writeFileSync(join(folder, name), `${text}${parked ? (parkedRows[name] ?? '') : ''}`);
  if (parked) writeFileSync(join(folder, 'kwd.json'), JSON.stringify({ policies: [kwdPolicy, laterKwd, bhdPolicy] }));
  const run = async (...args: string[]): Promise<void> => {
    const { code, stderr } = await magam(database.url, args, settings);
    if (code !== 0 && code !== 3) throw new Error(`magam ${args.join(' ')} exited ${code}: ${stderr}`);
  };
  await run('seed', '--lines', '600', '--sellers', '15', '--date', DAY);
  await run('import', 'lines', join(folder, 'lines.csv'));
  await run('import', 'refunds', join(folder, 'refunds.csv'));
  await run('settle', '--date', DAY, '--grid-size', '3');
  await run('policies', 'apply', join(folder, 'kwd.json'));
  await run('settle', '--date', DAY);
  await run('settle', '--date', NEXT_DAY);
  rmSync(folder, { recursive: true });
  return new SettledDate(database);
}

export interface FoundSale {
  readonly entry_id: string;
  readonly order_id: string;
  readonly line_id: string;
  readonly seller_id: string;
}

const VERIFIER = { ...readConfig({ NODE_ENV: 'test' }), workers: 2 };
/** Their threads are kept for the next verification of the file. */
const opened: WorkerPools[] = [];
afterAll(async () => {
  await Promise.all(opened.splice(0).map((pools) => pools.close()));
});

export class SettledDate {
  private readonly pools: WorkerPools;

  constructor(readonly database: TestDatabase) {
    this.pools = new WorkerPools(VERIFIER, database.url);
    opened.push(this.pools);
  }

  /** Verifies a date in this thread, or, with `threadsFrom` 0, in two others. */
  async verify(date = DAY, threadsFrom?: number, db = this.database.db): Promise<Verification> {
    const { pools } = this;
    const signal = new AbortController().signal;
    return verifyDate({ db, config: VERIFIER, pools, signal, onProgress: () => undefined }, date, { threadsFrom });
  }

  /** The checks that fail, by name. */
  async failures(date = DAY): Promise<Record<string, string>> {
    const { ok, checks } = await this.verify(date);
    const failed = checks.filter((check) => !check.ok);
    if (ok !== (failed.length === 0)) throw new Error('ok does not say what the checks say');
    return Object.fromEntries(
      failed.map((check) => [check.name, `${check.detail}: ${check.expected} / ${check.actual}`]),
    );
  }

  /** Makes a change directly in the database, verifies, and takes it back. */
  async failuresWhile(change: string, undo: string): Promise<Record<string, string>> {
    await this.database.db.raw(change);
    try {
      return await this.failures();
    } finally {
      await this.database.db.raw(undo);
    }
  }

  /** A settled sale of the day. */
  async someSale(where = 'TRUE'): Promise<FoundSale> {
    const [rows] = await this.database.db.raw(
      `SELECT s.* FROM sale_entry s
       JOIN settlement_line l ON l.settled_on = s.settled_on AND l.leg = 0 AND l.entry_id = s.entry_id
       WHERE s.settled_on = '${DAY}' AND ${where} ORDER BY s.entry_id LIMIT 1 OFFSET 5`,
    );
    return (rows as FoundSale[])[0] as FoundSale;
  }
}

export const lineOf = (entryId: string, leg = 0): string =>
  `settled_on = '${DAY}' AND leg = ${leg} AND entry_id = ${entryId}`;
