/** `magam statements export`: a stored statement as each of its documents. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { columnOf, FIGURE_NAMES } from '../../core/settlement/rules/figures.js';
import type { Statement } from '../../core/statements/rules/statement.js';
import { change, type Db } from '../../infra/database.js';
import { makeSeller } from '../support/accounts.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { magam, magamJson } from '../support/magam.js';
import { pdfPages } from '../support/pdf.js';
import { insertSettlement, settleAndPost } from '../support/settled-rows.js';
import { madeDocument, madeItems } from '../support/statement-document.js';
import { giveTerms, postRule } from '../support/statements.js';
import { sheetOf, shownRows } from '../support/workbook.js';

let database: TestDatabase;
let statement: Statement;
const folder = mkdtempSync(join(tmpdir(), 'magam-statement-'));
beforeAll(async () => {
  database = await createTestDatabase();
  await makeSeller(database.db, 'seller-000001');
  statement = await storeStatement(database.db);
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await database.drop();
});

async function storeStatement(db: Db): Promise<Statement> {
  const document = madeDocument({ items: madeItems });
  const { statement: made } = document;
  const { sellerId, currency } = made;
  await change(
    db,
    `INSERT INTO statement (statement_id, seller_id, currency, number, period_from, closes_on, payout_on, terms_version, calendar_version, opening_minor,
       earned_minor, closing_minor, hash, status, issued_at, issued_by) VALUES (7, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, 'ISSUED', '2026-04-16 00:10:00.123', 'test')`,
    [
      ...[sellerId, currency, made.number, made.periodFrom, made.closesOn, made.payoutOn, made.termsVersion],
      ...[made.openingMinor, made.earnedMinor, made.closingMinor].map(String),
      made.hash,
    ],
  );
  for (const [leg, { entries, figures }] of [made.sales, made.refunds].entries())
    await change(
      db,
      `INSERT INTO statement_total (statement_id, leg, entries, ${FIGURE_NAMES.map(columnOf).join(', ')}) VALUES (7, ?, ?${', ?'.repeat(FIGURE_NAMES.length)})`,
      [leg, entries, ...FIGURE_NAMES.map((name) => String(figures[name]))],
    );
  for await (const one of document.settlements) {
    await insertSettlement(db, { ...one, sellerId, currency });
    await change(db, 'INSERT INTO statement_settlement VALUES (?, ?, ?, ?, 7)', [
      one.settledOn,
      sellerId,
      currency,
      one.generation,
    ]);
  }
  for await (const one of document.items) {
    await change(
      db,
      `INSERT INTO ledger_transaction (transaction_id, idempotency_key, kind, seller_id, effective_on, recorded_at, requested_by, reason)
       VALUES (?, ?, ?, ?, ?, UTC_TIMESTAMP(3), 'test', ?)`,
      [one.transactionId, `test:${one.transactionId}`, one.kind, sellerId, one.effectiveOn, one.reason],
    );
    await change(db, 'INSERT INTO statement_item VALUES (?, 7, ?, ?)', [
      one.transactionId,
      one.kind,
      String(one.amountMinor),
    ]);
  }
  return made;
}

const exported = (...args: string[]) =>
  magam(database.url, ['statements', 'export', '7', ...args], { MAGAM_PLATFORM_NAME: '마감 마켓' });

it('is the statement as it is stored, in each format', async () => {
  const { code, stdout } = await exported('--format', 'csv');
  expect(code).toBe(0);
  const rows = parse(stdout, { columns: true }) as Record<string, string>[];
  expect(rows).toHaveLength(10);
  expect(rows.at(-1)).toMatchObject({ entry: 'closing', balance: String(statement.closingMinor) });
  expect(rows[5]).toMatchObject({ kind: 'ADJUSTMENT_TO_SELLER', reason: madeItems[1]?.reason });
  const [xlsx, pdf] = [join(folder, 's.xlsx'), join(folder, 's.pdf')];
  expect(await exported('--format', 'xlsx', '--language', 'en', '--out', xlsx)).toMatchObject({ code: 0, stdout: '' });
  expect(shownRows(sheetOf(readFileSync(xlsx), 'Settled'))[1]).toEqual([
    'Item amount',
    'KRW',
    '3750000',
    '-270000',
    '3480000',
  ]);
  expect(await exported('--format', 'pdf', '--out', pdf)).toMatchObject({ code: 0 });
  const [page = ''] = await pdfPages(readFileSync(pdf));
  for (const said of ['정산서', '마감 마켓', '123-45-67891'.slice(0, 7), statement.hash]) expect(page).toContain(said);
  const before = readFileSync(pdf);
  await exported('--format', 'pdf', '--out', pdf);
  expect(readFileSync(pdf).equals(before)).toBe(true);
  expect(readdirSync(folder).sort()).toEqual(['s.pdf', 's.xlsx']);
});

it('says why it is not paid, until it is', async () => {
  const { db } = database;
  const file = join(folder, 'why.pdf');
  const said = async () => {
    await exported('--format', 'pdf', '--language', 'en', '--out', file);
    return /\(([A-Z]+_[A-Z_]+)\) Settled/.exec((await pdfPages(readFileSync(file)))[0] ?? '')?.[1];
  };
  expect(await said()).toBeUndefined(); // the ledger has no account of the seller
  await change(
    db,
    `INSERT INTO ledger_account (kind, owner, currency, opened_at) VALUES ('SELLER_PAYABLE', 'seller-000001', 'KRW', UTC_TIMESTAMP(3))`,
  );
  expect(await said()).toBe('NEGATIVE_BALANCE');
  await change(db, `UPDATE statement SET payout_on = '2049-01-04'`);
  expect(await said()).toBe('DATE_NOT_REACHED');
  await change(db, 'UPDATE seller SET bank_account_id = NULL');
  expect(await said()).toBe('BANK_ACCOUNT_MISSING');
  await change(db, `UPDATE statement SET status = 'PAID', paid_on = '2026-04-20'`);
  expect(await said()).toBeUndefined();
});

it('is a draft, where a seller is named in place of a statement', async () => {
  const { db, url } = database;
  await giveTerms(db, { seller: 'D1', reserve: { rateE4: 100_000, days: 3 } });
  await settleAndPost(db, '2026-05-06', 1, [{ sellerId: 'D1', itemAmount: 1_000, fee: 100 }]);
  const transactionId = await postRule(db, 'ADJUSTMENT_TO_SELLER', 'D1', '2026-05-07', 50);
  const draft = (...args: string[]) =>
    magam(url, ['statements', 'export', '--seller', 'D1', '--currency', 'KRW', '--at', '2026-05-08', ...args]);
  const { code, stdout } = await draft('--format', 'csv');
  expect(code).toBe(0);
  const rows = parse(stdout, { columns: true }) as Record<string, string>[];
  expect(rows.map(({ entry, transaction_id, kind, balance }) => [entry, transaction_id, kind, balance])).toEqual([
    ['opening', '', '', '0'],
    ['settlement', '', '', '900'],
    ['transaction', String(transactionId), 'ADJUSTMENT_TO_SELLER', '950'],
    ['transaction', '', 'RESERVE', '855'],
    ['closing', '', '', '855'],
  ]);
  const pdf = join(folder, 'draft.pdf');
  expect(await draft('--format', 'pdf', '--language', 'en', '--out', pdf)).toMatchObject({ code: 0 });
  const [preview] = (
    await magamJson<{ drafts: { hash: string; settlements: object[] }[] }>(url, [
      'statements',
      'preview',
      'D1',
      '--at',
      '2026-05-08',
    ])
  ).document.drafts;
  expect(preview?.settlements).toMatchObject([{ settledOn: '2026-05-06', sales: 1, net: 900 }]);
  const [page = ''] = await pdfPages(readFileSync(pdf));
  for (const said of ['Preview (not issued)', preview?.hash ?? '-']) expect(page).toContain(said);
  expect((await draft('--format', 'csv', '--at', '2026-05-01')).stderr).toContain('STATEMENT_NOT_FOUND');
  for (const args of [[], ['7', '--seller', 'D1', '--currency', 'KRW'], ['--seller', 'D1'], ['7', '--at', 'today']])
    expect((await magam(url, ['statements', 'export', '--format', 'csv', ...args])).code).toBe(2);
});

it('leaves no file behind when it fails', async () => {
  const file = join(folder, 'none.csv');
  const missing = await magam(database.url, ['--json', 'statements', 'export', '8', '--format', 'csv', '--out', file]);
  expect(missing.code).toBe(2);
  const { code, stderr } = await magam(database.url, ['statements', 'export', '8', '--format', 'csv', '--out', file]);
  expect([code, stderr]).toEqual([1, expect.stringContaining('STATEMENT_NOT_FOUND')]);
  expect(readdirSync(folder).filter((name) => name.startsWith('none'))).toEqual([]);
});

it('refuses nonsense', async () => {
  for (const args of [
    [],
    ['--format', 'docx'],
    ['--format', 'pdf', '--language', 'fr'],
    ['--format', 'csv', '--out', '/no/such/folder/x'],
  ])
    expect((await exported(...args)).code).toBe(2);
  const draft = ['statements', 'export', '--seller', 'S1', '--currency', 'krw', '--format', 'csv'];
  expect((await magam(database.url, draft)).stderr).toContain('CURRENCY_UNKNOWN');
  for (const id of ['0', 'x', '-1', '1.5'])
    expect((await magam(database.url, ['statements', 'export', id, '--format', 'csv'])).code).not.toBe(0);
});
