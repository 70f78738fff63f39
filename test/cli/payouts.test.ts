/** `magam payouts` as its user has it: the way of a payout from the proposal to the bank and back, and nonsense. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { readConfig } from '../../infra/config.js';
import { change } from '../../infra/database.js';
import { listAudit } from '../../infra/stores/audit-log.js';
import { DATE, PayoutScene, resultFile } from '../core/payouts/payout-scene.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { magam, magamJson } from '../support/magam.js';

let database: TestDatabase;
let scene: PayoutScene;
const folder = mkdtempSync(join(tmpdir(), 'magam-payouts-'));
const { userName } = readConfig({ NODE_ENV: 'test' });
beforeAll(async () => {
  database = await createTestDatabase();
  scene = new PayoutScene(database.db);
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await database?.drop();
});
beforeEach(() => scene.reset());

interface Listed {
  readonly payoutId: number;
  readonly amountMinor: number;
  readonly bankAccountId: number;
  readonly hash: string;
  readonly status: string;
}
const run = (...args: string[]) => magam(database.url, ['payouts', ...args]);
const json = <T>(...args: string[]) => magamJson<T>(database.url, ['payouts', ...args]);
const codeOf = async (...args: string[]) => {
  const { code, document } = await json<{ error: { code: string } }>(...args);
  return { code, error: document.error.code };
};

/** The schedule proposed it, so the one user of these tests may approve. */
async function proposedBySchedule(earned = 1_000n, sellerId = 'S1'): Promise<Listed> {
  const { payoutId } = await scene.proposed(earned, sellerId);
  await change(database.db, 'UPDATE payout SET maker = NULL');
  return (await json<{ payouts: Listed[] }>('list')).document.payouts.find(
    (one) => one.payoutId === payoutId,
  ) as Listed;
}

const approve = ({ payoutId, amountMinor, bankAccountId, hash }: Listed, amount = String(amountMinor)) =>
  json<Listed>('approve', String(payoutId), '--amount', amount, '--account', String(bankAccountId), '--hash', hash);

describe('magam payouts', () => {
  it('takes a payout from the proposal to the bank and back', async () => {
    const payout = await proposedBySchedule();
    const printed = (await approve(payout, '1,000')).document;
    expect(printed).toMatchObject({ status: 'APPROVED', approval: { by: userName } });
    const out = join(folder, 'first.csv');
    const exported = await json<{ file: { file: string; transferOn: string }; path: string }>(
      ...['export', '--layout', 'csv', '--out', out],
    );
    const { file, transferOn } = exported.document.file;
    expect(exported).toMatchObject({
      code: 0,
      document: { file: { transfers: 1, totalMinor: 1_000 }, path: out, changed: [] },
    });
    expect(statSync(out).mode & 0o777).toBe(0o600);
    const again = join(folder, 'again.csv');
    expect((await run('export', file, '--out', again)).code).toBe(0);
    expect(readFileSync(again).equals(readFileSync(out))).toBe(true);
    expect((await json('export', '--layout', 'csv')).document).toEqual({ file: null, path: null, changed: [] });
    expect((await run('mark-sent', file)).stdout).toContain('It may go to the bank now.');
    expect((await run('mark-sent', file)).stdout).toContain('was marked as sent before');
    const results = join(folder, 'results.csv');
    writeFileSync(results, resultFile(file, [[`P${payout.payoutId}-1`, 1_000, 'PAID', transferOn]]));
    expect((await run('import', results, '--layout', 'csv')).stdout).toBe(
      `File ${file}: 1 paid, 0 failed, 0 returned, 0 known before, 0 without a result.\n`,
    );
    expect((await json('import', results, '--layout', 'csv')).document).toMatchObject({ paid: 0, unchanged: 1 });
    const shown = await run('show', String(payout.payoutId));
    expect(shown.stdout).toMatch(/Payout \d+ to S1 for 2026-05-20: 1,000 KRW, paid/);
    expect(shown.stdout).not.toContain('110123456789');
    expect((await run('files')).stdout).toMatch(new RegExp(`${file} +csv +${transferOn} +sent +1`));
    const verified = await json<{ ok: boolean }>('verify');
    expect(verified).toMatchObject({ code: 0, document: { ok: true, payouts: 1 } });
    const actions = (await listAudit(database.db, {}, 50)).reverse().map(({ action }) => action);
    expect(actions).toEqual([
      ...['payout.approve', 'payout-file.export', 'payout-file.write-again', 'payout-file.mark-sent'],
      ...['payout-file.mark-sent', 'payout-file.import', 'payout-file.import', 'books.verify'],
    ]);
  });

  it('does not let one user do both: the proposer cannot approve', async () => {
    await scene.seller('S1');
    await scene.statement({ earned: 1_000n });
    const proposed = await json<{ proposed: object[]; runId: number }>('propose', '--date', DATE, '--workers', '2');
    expect(proposed).toMatchObject({
      code: 0,
      document: { status: 'COMPLETED', proposed: [{ currency: 'KRW', payouts: 1, amountMinor: 1_000 }] },
    });
    const { document } = await json<{ payouts: Listed[] }>('list', '--status', 'calculated', '--date', DATE);
    expect(document.payouts).toMatchObject([{ maker: { name: userName }, status: 'CALCULATED' }]);
    expect(await approve(document.payouts[0] as Listed)).toMatchObject({
      code: 1,
      document: { error: { code: 'PAYOUT_APPROVER_NOT_SECOND' } },
    });
  });

  it('proposes once, tells why the rest is not paid, and proposes later items', async () => {
    await scene.seller('S1');
    await scene.statement({ earned: 1_000n });
    await scene.statement({ sellerId: 'S2', earned: 5n });
    const dry = await json<{ payouts: { sellerId: string; notPaid: { reason: string } | null; hash: string }[] }>(
      ...['propose', '--date', DATE, '--dry-run'],
    );
    expect(dry.document.payouts).toMatchObject([
      { sellerId: 'S1', notPaid: null, amountMinor: 1_000 },
      { sellerId: 'S2', notPaid: { reason: 'SELLER_NOT_REGISTERED' } },
    ]);
    const first = await json<{ notPaid: object[] }>('propose', '--date', DATE, '--workers', '2');
    expect(first.document.notPaid).toEqual([{ reason: 'SELLER_NOT_REGISTERED', currency: 'KRW', sellers: 1 }]);
    const { document } = await json<{ payouts: Listed[] }>('list');
    expect(document.payouts).toMatchObject([{ hash: dry.document.payouts[0]?.hash }]);
    expect((await json('propose', '--date', DATE, '--workers', '2')).document).toMatchObject({ alreadyDone: true });
    await scene.seller('S2');
    const later = await json('propose', '--date', DATE, '--workers', '2');
    expect(later.document).toMatchObject({
      alreadyDone: false,
      proposed: [{ payouts: 2, amountMinor: 1_005 }],
      notPaid: [],
    });
    expect(await scene.differences()).toEqual([]);
  });

  it('proposes one seller as it was previewed', async () => {
    await scene.seller('S1');
    await scene.statement({ earned: 1_000n });
    const asked = ['propose', '--date', DATE, '--seller', 'S1'];
    const dry = await json<{ payouts: { hash: string }[] }>(...asked, '--dry-run');
    const hash = dry.document.payouts[0]?.hash ?? '';
    expect(await codeOf(...asked, '--hash', 'f'.repeat(64))).toEqual({ code: 1, error: 'PAYOUT_MOVED' });
    expect((await json(...asked, '--hash', hash)).document).toMatchObject({ hash, amountMinor: 1_000 });
    expect(await codeOf(...asked)).toEqual({ code: 1, error: 'PAYOUT_NOT_DUE' });
  });

  it('approves a list, and tells which of it was refused', async () => {
    const one = await proposedBySchedule(1_000n, 'S1');
    const two = await proposedBySchedule(2_000n, 'S2');
    const file = join(folder, 'list.json');
    writeFileSync(file, JSON.stringify({ payouts: [one, { ...two, amountMinor: 1 }] }));
    expect(await json('approve', '--list', file)).toMatchObject({
      code: 3,
      document: { approved: [one.payoutId], refused: [{ payoutId: two.payoutId, code: 'PAYOUT_CHANGED' }] },
    });
    writeFileSync(file, '{"payouts": "all"}');
    expect(await codeOf('approve', '--list', file)).toEqual({ code: 1, error: 'FILE_UNREADABLE' });
  });

  it('holds, releases, cancels', async () => {
    const { payoutId } = await proposedBySchedule();
    const id = String(payoutId);
    expect((await run('hold', id, '--reason', 'dispute')).stdout).toContain(', held');
    expect(await codeOf('hold', id, '--reason', 'dispute')).toEqual({ code: 1, error: 'PAYOUT_STATE_WRONG' });
    expect((await run('release', id, '--reason', 'settled')).stdout).toContain(', calculated');
    expect(await codeOf('retry', id, '--reason', 'x')).toEqual({ code: 1, error: 'PAYOUT_STATE_WRONG' });
    expect((await run('cancel', id, '--reason', 'by hand')).stdout).toContain(', cancelled');
    expect((await run('show', id)).stdout).toMatch(/hold +calculated +held +1 +dispute/);
  });

  it('keeps a file that is there, unless it is the same', async () => {
    await approve(await proposedBySchedule());
    const out = join(folder, 'there.csv');
    writeFileSync(out, 'mine');
    expect(await codeOf('export', '--layout', 'csv', '--out', out)).toEqual({ code: 1, error: 'FILE_UNWRITABLE' });
    expect(readFileSync(out, 'utf8')).toBe('mine');
    const { document } = await json<{ files: { file: string }[] }>('files');
    const number = document.files[0]?.file ?? '';
    expect((await run('export', number, '--out', join(folder, 'elsewhere.csv'))).code).toBe(0);
    expect((await run('void-file', number)).stdout).toContain('is given up');
  });

  it('names the files that wait when there is nothing more to export, and says when one must not go to the bank', async () => {
    const payout = await proposedBySchedule();
    await approve(payout);
    const [out, later] = [join(folder, 'waiting.csv'), join(folder, 'later.csv')];
    const { document } = await json<{ file: { file: string } }>('export', '--layout', 'csv', '--out', out);
    const number = document.file.file;
    const again = await run('export', '--layout', 'csv', '--out', later);
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing to export') });
    expect(again.stderr).toContain(`magam payouts export ${number} writes it again`);
    expect((await run('export', '--layout', 'csv', '--currency', 'USD')).stderr).toBe('');
    await change(database.db, "UPDATE seller SET status = 'SUSPENDED'");
    expect((await run('mark-sent', number)).stderr).toContain(`Do not give file ${number} to the bank.`);
    expect((await run('export', '--layout', 'csv')).stderr).toBe('');
  });

  it('exits with 3 when every approval turned out to be void', async () => {
    const payout = await proposedBySchedule();
    await approve(payout);
    await change(database.db, "UPDATE seller SET status = 'SUSPENDED'");
    const exported = await run('export', '--layout', 'csv');
    expect(exported).toMatchObject({ code: 3, stderr: expect.stringContaining(`payout ${payout.payoutId}`) });
    const file = join(folder, 'void.json');
    writeFileSync(file, JSON.stringify({ payouts: [payout] }));
    expect((await run('approve', '--list', file)).stdout).toMatch(/PAYOUT_CHANGED +suspended/);
  });

  it('explains a payout down to what it is made of, also as magam explain payout', async () => {
    const { payoutId } = await proposedBySchedule();
    const explained = await json<object>('explain', String(payoutId));
    expect(explained).toMatchObject({
      code: 0,
      document: {
        ok: true,
        statements: [{ earnedMinor: 1_000, items: [{ kind: 'ADJUSTMENT_TO_SELLER', amountMinor: 1_000 }], lines: [] }],
      },
    });
    expect(await magamJson(database.url, ['explain', 'payout', String(payoutId)])).toEqual(explained);
    expect((await run('explain', String(payoutId))).stdout).toContain('Everything adds up to 1,000 KRW.');
    await change(database.db, 'UPDATE statement_item SET amount_minor = 999');
    expect(await run('explain', String(payoutId))).toMatchObject({ code: 4 });
  });

  it('refuses nonsense', async () => {
    const usage = { code: 2, error: 'USAGE' };
    expect(await codeOf('show', '7')).toEqual({ code: 1, error: 'PAYOUT_NOT_FOUND' });
    expect(await codeOf('explain', '7')).toEqual({ code: 1, error: 'PAYOUT_NOT_FOUND' });
    expect(await codeOf('show', 'x')).toEqual(usage);
    expect(await codeOf('approve', '7')).toEqual(usage);
    expect(await codeOf('approve')).toEqual(usage);
    expect(await codeOf('approve', '7', '--list', 'x')).toEqual(usage);
    expect(await codeOf('approve', '7', '--amount', 'x', '--account', '1', '--hash', 'x')).toEqual({
      code: 1,
      error: 'PAYOUT_NOT_FOUND',
    });
    expect(await codeOf('hold', '7')).toEqual(usage);
    expect(await codeOf('hold', '7', '--reason', ' ')).toEqual(usage);
    expect(await codeOf('export')).toEqual(usage);
    expect(await codeOf('export', 'F1', '--layout', 'csv')).toEqual(usage);
    expect(await codeOf('export', 'X1')).toEqual(usage);
    expect(await codeOf('export', '--layout', 'csv', '--currency', 'krw')).toEqual({
      code: 1,
      error: 'CURRENCY_UNKNOWN',
    });
    for (const currency of ['krw', 'XXX'])
      for (const asked of [['list'], ['propose', '--seller', 'S1']])
        expect([currency, await codeOf(...asked, '--currency', currency)]).toEqual([
          currency,
          { code: 1, error: 'CURRENCY_UNKNOWN' },
        ]);
    expect(await codeOf('export', 'F77')).toEqual({ code: 1, error: 'PAYOUT_FILE_NOT_FOUND' });
    expect(await codeOf('export', '--layout', 'csv', '--date', '2026-01-01')).toEqual({
      code: 2,
      error: 'TRANSFER_DATE_OVER',
    });
    expect(await codeOf('mark-sent', 'F77')).toEqual({ code: 1, error: 'PAYOUT_FILE_NOT_FOUND' });
    expect(await codeOf('mark-sent', '77')).toEqual(usage);
    expect(await codeOf('import', '/nowhere', '--layout', 'csv')).toEqual({ code: 1, error: 'FILE_UNREADABLE' });
    expect(await codeOf('propose', '--hash', 'x')).toEqual(usage);
    expect(await codeOf('propose', '--date', '2026-02-30')).toEqual({ code: 2, error: 'DATE_INVALID' });
    expect(await codeOf('propose', '--seller', 'nobody')).toEqual({ code: 1, error: 'PAYOUT_NOT_DUE' });
    expect(await codeOf('list', '--status', 'gone')).toEqual(usage);
    expect(await codeOf('send')).toEqual({ code: 1, error: 'PAYOUT_PROVIDER_MISSING' });
    expect(await codeOf('next', '')).toMatchObject({ error: 'ID_INVALID' });
    expect((await run('list')).stdout).toBe('There are no such payouts.\n');
    expect((await run('files')).stdout).toBe('There are no files of transfers.\n');
    expect((await run('next', 'nobody')).stdout).toBe('Nothing was ever posted for nobody.\n');
  });
});

describe('payouts verify', () => {
  it.each([
    ['claims', 'UPDATE payout_statement SET claimed_id = NULL', 'cancelled'],
    [
      'an amount',
      'UPDATE payout SET amount_minor = amount_minor + 1, approved_amount_minor = approved_amount_minor + 1',
      'amounts',
    ],
    ['a statement that is said to be paid', "UPDATE statement SET status = 'PAID'", 'statements'],
    ['an approval by the maker', 'UPDATE payout SET maker = approved_by', 'approvals'],
    ['a state', "UPDATE payout SET status = 'PAID'", 'in-transit,paid-out'],
    ['a posting', "DELETE FROM ledger_transaction WHERE idempotency_key LIKE 'payout:%'", 'in-transit'],
    ['a hash', "UPDATE payout SET hash = REPEAT('0', 64), approved_hash = REPEAT('0', 64)", 'hashes'],
    ['a history', 'DELETE FROM payout_event', 'history'],
    ['a file', 'UPDATE payout_file SET total_minor = 5', 'files'],
    ['a transfer', "UPDATE file_transfer SET status = 'PAID'", 'transfers'],
    [
      'a transaction of no payout',
      "UPDATE ledger_transaction SET idempotency_key = 'payout:999:1:sent' WHERE idempotency_key LIKE 'payout:%'",
      'ledger',
    ],
  ])('finds that %s was changed', async (_name, sql, names) => {
    await approve(await proposedBySchedule());
    const { document } = await json<{ file: { file: string } }>(
      'export',
      '--layout',
      'csv',
      '--out',
      join(folder, 'verify.csv'),
    );
    expect((await run('mark-sent', document.file.file)).code).toBe(0);
    await run('verify');
    rmSync(join(folder, 'verify.csv'), { force: true });
    await change(database.db, sql);
    const verified = await json<{ ok: boolean; checks: { name: string; ok: boolean }[] }>('verify');
    expect(verified).toMatchObject({ code: 4, document: { ok: false } });
    const failing = verified.document.checks.filter(({ ok }) => !ok).map(({ name }) => name);
    for (const name of names.split(',')) expect(failing).toContain(name);
  });

  it('finds a statement in two payouts', async () => {
    await scene.proposed();
    const other = (sql: string) => change(database.db, sql);
    await other('ALTER TABLE payout_statement DROP KEY payout_statement_claim');
    await other(
      `INSERT INTO payout (seller_id, currency, payout_on, amount_minor, status, bank_account_id, hash, proposed_by, proposed_at, updated_at)
       SELECT seller_id, currency, payout_on, amount_minor, status, bank_account_id, hash, proposed_by, proposed_at, updated_at FROM payout`,
    );
    await other(
      `INSERT INTO payout_statement SELECT MAX(p.payout_id), MAX(c.statement_id), MAX(c.claimed_id) FROM payout p, payout_statement c`,
    );
    const verified = await json<{ checks: { name: string; difference: object | null }[] }>('verify');
    expect(verified.document.checks.find(({ name }) => name === 'claims')?.difference).toMatchObject({
      expected: 'one payout',
      actual: '2',
    });
  });
});
