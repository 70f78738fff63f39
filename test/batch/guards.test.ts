/** What a run refuses to certify, what a dry run leaves alone, odd grids and odd ids, signatures. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { violations } from '../../scripts/chaos/invariants.mjs';
import { seed, tableCounts } from '../../scripts/chaos/scratch-database.mjs';
import {
  createDatabase,
  DATE,
  documentOf,
  type FailureDocument,
  GRID,
  LINES,
  magamOf,
  Settling,
} from '../support/settling.js';

let feed: Settling;
beforeAll(async () => {
  feed = await Settling.withOneThread();
});
afterAll(() => feed.drop());
beforeEach(() => feed.reset());

/** A run that was killed with a partition in the middle of its sales; returns that partition. */
async function halfDone(): Promise<Record<string, string | null>> {
  await feed.settle({ MAGAM_FAULT: 'chunk.before-commit:kill:3' });
  const [partition] = await feed.db.rows(
    `SELECT p.cursor_id, q.hi AS sale_hi FROM run_partition p JOIN run_partition_pass q USING (partition_id, pass)
     WHERE p.pass = 0 AND p.seq > 0 AND p.cursor_id < q.hi ORDER BY p.seq DESC LIMIT 1`,
  );
  if (partition === undefined) throw new Error('no partition is in the middle of its sales');
  return partition;
}

async function expectPartitionFailed(code: string): Promise<void> {
  const ended = await feed.settle();
  const { error } = documentOf<FailureDocument>(ended);
  expect(error).toMatchObject({ code: 'PARTITION_FAILED', details: { partitions: [{ code }] } });
  expect(ended.code).toBe(1);
  expect(await feed.db.value('SELECT status FROM business_date WHERE business_on = ?', [DATE])).toBe('CLOSING');
  expect(await feed.db.value('SELECT COUNT(*) FROM settlement_certificate')).toBe('0');
}

describe('what somebody else did to the tables', () => {
  it('a line that is there already fails the run loudly, and is not overwritten', async () => {
    const { cursor_id, sale_hi } = await halfDone();
    const copied = await feed.db.change(
      `INSERT INTO settlement_line (settled_on, leg, entry_id, generation, seller_id, policy_id, buyer_paid, fee_base, fee, fee_vat, pg_fee, pg_fee_vat, net)
       SELECT settled_on, 0, entry_id, 1, seller_id, 1, 0, 0, 0, 0, 0, 0, 0 FROM sale_entry
       WHERE settled_on = ? AND entry_id > ? AND entry_id <= ? ORDER BY entry_id LIMIT 1`,
      [DATE, cursor_id, sale_hi],
    );
    expect(copied).toBe(1);
    await expectPartitionFailed('DUPLICATE_LINE');
    expect(await feed.db.change('DELETE FROM settlement_line WHERE buyer_paid = 0 AND net = 0 AND fee_base = 0')).toBe(
      1,
    );
    await feed.finish();
  });

  it.each([
    ['changed', 'UPDATE settlement_line SET fee = fee + 1 WHERE settled_on = ? AND leg = 0 AND entry_id = ?'],
    ['deleted', 'DELETE FROM settlement_line WHERE settled_on = ? AND leg = 0 AND entry_id = ?'],
  ])('a committed line that was %s stops the resume', async (_what, sql) => {
    const { cursor_id } = await halfDone();
    await feed.db.change(
      `CREATE TABLE kept AS SELECT * FROM settlement_line WHERE settled_on = ? AND entry_id = ? AND leg = 0`,
      [DATE, cursor_id],
    );
    expect(await feed.db.change(sql, [DATE, cursor_id])).toBe(1);
    await expectPartitionFailed('LINES_CHANGED');
    await feed.db.change('REPLACE INTO settlement_line SELECT * FROM kept');
    await feed.db.change('DROP TABLE kept');
    await feed.finish();
  });

  it('a feed that changed behind the shut door is not certified', async () => {
    await feed.settle({ MAGAM_FAULT: 'run.before-finish-commit:kill' });
    for (const [tamper, mend] of [
      ['SET item_amount = item_amount + 1', 'SET item_amount = item_amount - 1'],
      ['SET shipping_fee = shipping_fee + 5', 'SET shipping_fee = shipping_fee - 5'],
      ['SET platform_discount = platform_discount + 1', 'SET platform_discount = platform_discount - 1'],
    ]) {
      const [first] = await feed.db.rows('SELECT MIN(entry_id) AS id FROM sale_entry WHERE settled_on = ?', [DATE]);
      const entry = [DATE, first?.id];
      await feed.db.change(`UPDATE sale_entry ${tamper} WHERE settled_on = ? AND entry_id = ?`, entry);
      const ended = await feed.settle();
      expect(documentOf<FailureDocument>(ended).error.code).toBe('CONTROL_TOTALS_DIFFER');
      expect(ended.code).toBe(1);
      expect(await feed.db.value('SELECT COUNT(*) FROM settlement_certificate')).toBe('0');
      expect(await feed.db.value('SELECT COUNT(*) FROM settlement')).toBe('0');
      await feed.db.change(`UPDATE sale_entry ${mend} WHERE settled_on = ? AND entry_id = ?`, entry);
    }
    await feed.finish();
  });

  it('an entry that was added after the plan is not overlooked', async () => {
    await feed.settle({ MAGAM_FAULT: 'run.before-finish-commit:kill' });
    await feed.db.change(
      `INSERT INTO refund_entry (settled_on, refund_id, original_on, original_id, quantity, prior_quantity, item_amount, seller_discount,
         platform_discount, shipping_fee, currency, occurred_on, reason)
       SELECT settled_on, 'smuggled', original_on, original_id, 1, 1000000, 0, 0, 0, 0, currency, occurred_on, '' FROM refund_entry
       WHERE settled_on = ? LIMIT 1`,
      [DATE],
    );
    const ended = await feed.settle();
    expect(documentOf<FailureDocument>(ended).error.code).toBe('CONTROL_TOTALS_DIFFER');
    await feed.db.change(`DELETE FROM refund_entry WHERE refund_id = 'smuggled'`);
    await feed.finish();
  });
});

describe('--dry-run', () => {
  it('has the totals of the run and writes nothing', async () => {
    const before = await tableCounts(feed.db);
    const ended = await feed.settle({}, ['--dry-run']);
    expect(ended).toMatchObject({ code: 0 });
    const { lines, refunds, exceptions, totals, partitions } = feed.cleanDocument;
    expect(documentOf(ended)).toMatchObject({
      runId: null,
      certificate: null,
      alreadyDone: false,
      status: 'COMPLETED',
      lines,
      refunds,
      exceptions,
      totals,
      partitions,
    });
    expect(await tableCounts(feed.db)).toEqual(before);
    expect(await feed.db.value('SELECT status FROM business_date WHERE business_on = ?', [DATE])).toBe('OPEN');
    await feed.finish();
  });

  it('of a settled date says that it is', async () => {
    await feed.finish();
    const before = await tableCounts(feed.db);
    expect(documentOf(await feed.settle({}, ['--dry-run']))).toMatchObject({ alreadyDone: true });
    expect(await tableCounts(feed.db)).toEqual(before);
  });
});

describe('grids', () => {
  it.each([
    ['larger than the date', ['--grid-size', '10000', '--chunk-size', '50000']],
    ['of one', ['--grid-size', '1', '--chunk-size', '199', '--workers', '3']],
    ['that divides nothing evenly', ['--grid-size', '7', '--chunk-size', '47']],
  ])('%s give the same lines', async (_name, args) => {
    const lines = args.includes('10000') ? 60 : LINES;
    const db = await createDatabase();
    try {
      await seed(db, { lines, sellers: 60, date: DATE });
      const ended = await magamOf(db, ['settle', '--date', DATE, '--json', ...args]);
      expect(ended).toMatchObject({ code: 0 });
      expect(await violations(db, DATE)).toEqual([]);
      const document = documentOf(ended);
      expect(document.lines).toBe(lines);
      if (lines === LINES) expect(document.totals).toEqual(feed.cleanDocument.totals);
      else expect(document.partitions).toBe(lines);
    } finally {
      await db.drop();
    }
  });

  it('over skewed ids have partitions of equal size', async () => {
    const db = await createDatabase();
    try {
      await seed(db, { lines: 1_000, sellers: 20, date: DATE });
      // Three far-apart clusters with gaps between neighbours, the last with a tenth of the entries.
      const shift = (id: string) => `${id} * 3 + IF(${id} > 500, 5000000, 0) + IF(${id} > 945, 4000000000000, 0)`;
      await db.change(`UPDATE sale_entry SET entry_id = ${shift('entry_id')} ORDER BY entry_id DESC`);
      await db.change(`UPDATE refund_entry SET original_id = ${shift('original_id')} ORDER BY original_id DESC`);
      const ended = await magamOf(db, ['settle', '--date', DATE, ...GRID, '--json']);
      expect(ended).toMatchObject({ code: 0 });
      expect(await violations(db, DATE)).toEqual([]);
      const sizes = await db.rows(
        'SELECT done FROM run_partition JOIN run_partition_pass q USING (partition_id) WHERE q.pass = 0 ORDER BY number',
      );
      expect(sizes.map(({ done }) => done)).toEqual(['250', '250', '250', '250']);
    } finally {
      await db.drop();
    }
  });
});

describe('a signing key', () => {
  const pem = (keys: { privateKey: KeyObject }): string =>
    keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

  it('signs the certificate, which names it', async () => {
    const keys = generateKeyPairSync('ed25519');
    expect(await feed.settle({ MAGAM_SIGNING_KEY: pem(keys) })).toMatchObject({ code: 0 });
    const publicKey = keys.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
    const signer = `JSON_UNQUOTE(JSON_EXTRACT(body, '$.signer'))`;
    const [row] = await feed.db.rows(
      `SELECT public_key, ${signer} AS signer FROM settlement_certificate WHERE signature IS NOT NULL`,
    );
    expect(row).toEqual({ public_key: publicKey, signer: publicKey });
    await feed.expectVerified();
  });

  it('of another kind is refused before anything is settled', async () => {
    const ended = await feed.settle({ MAGAM_SIGNING_KEY: pem(generateKeyPairSync('x25519')) });
    expect(documentOf<FailureDocument>(ended).error.code).toBe('CONFIG_INVALID');
    expect(ended.code).toBe(2);
    expect(await feed.db.value('SELECT COUNT(*) FROM settlement_line')).toBe('0');
    await feed.finish();
  });
});
