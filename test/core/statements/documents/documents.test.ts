/** The documents of a statement: all say the same figures, in whole, and the same statement gives the same bytes. */
import { describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { balanceRows, type StatementDocument } from '../../../../core/statements/documents/statement-document.js';
import { words } from '../../../../core/statements/documents/words.js';
import { type DocumentForm, writeStatementDocument } from '../../../../core/statements/documents/write-document.js';
import { NOT_PAID_REASONS } from '../../../../core/statements/rules/not-paid.js';
import { readableAmount } from '../../../../kernel/money.js';
import { pdfPages } from '../../../support/pdf.js';
import { madeDocument, madeItems } from '../../../support/statement-document.js';
import { readWorkbook, sheetOf, shownRows } from '../../../support/workbook.js';

async function written(document: StatementDocument, form: Partial<DocumentForm> = {}): Promise<Buffer> {
  const parts: (string | Uint8Array)[] = [];
  const whole = { format: 'pdf', language: 'en', spreadsheetSafe: false, timeZone: 'Asia/Seoul', ...form } as const;
  await writeStatementDocument(document, whole, async (part) => void parts.push(part));
  return Buffer.concat(parts.map((part) => Buffer.from(part)));
}

const records = async (document: StatementDocument, form: Partial<DocumentForm> = {}) =>
  parse(await written(document, { format: 'csv', ...form }), { columns: true }) as Record<string, string>[];

describe('as CSV', () => {
  it('leads from the opening balance to the closing one, row by row', async () => {
    const document = madeDocument({ items: madeItems });
    const rows = await records(document);
    expect(rows.map(({ entry }) => entry)).toEqual([
      'opening',
      ...Array(3).fill('settlement'),
      ...Array(5).fill('transaction'),
      'closing',
    ]);
    let balance = document.statement.openingMinor;
    for (const row of rows) {
      balance += BigInt(row.amount || 0);
      expect(row).toMatchObject({ seller_id: 'seller-000001', currency: 'KRW', balance: String(balance) });
    }
    expect(balance).toBe(document.statement.closingMinor);
    expect(rows[1]).toMatchObject({ date: '2026-04-01', generation: '1', item_amount: '1160000', fee: '116000' });
    expect(rows[1]).toMatchObject({ fee_vat: '12760', fee_vat_on_top: '11600', fee_vat_contained: '1160' });
    expect(rows.at(-3)).toMatchObject({ transaction_id: '104', kind: 'RESERVE', amount: '-120000', fee: '' });
  });

  it('is not written to its end when its rows do not add up', async () => {
    const document = madeDocument();
    const statement = { ...document.statement, closingMinor: document.statement.closingMinor + 1n };
    await expect(written({ ...document, statement }, { format: 'csv' })).rejects.toThrow('lead to');
  });

  it('writes amounts with the decimals of the currency, and formulas only when it was asked to keep them', async () => {
    const items = madeItems.map((item) => ({ ...item, reason: '=1+1' }));
    const document = madeDocument({ items, statement: { currency: 'USD' } });
    expect((await records(document)).at(-2)).toMatchObject({ amount: '-1500.00', reason: '=1+1' });
    const safe = await records(document, { spreadsheetSafe: true });
    expect(safe.at(-2)).toMatchObject({ amount: '-1500.00', reason: "'=1+1" });
  });
});

describe('as a workbook', () => {
  it('has the same rows and sums, in the language that was asked for', async () => {
    const document = madeDocument({ items: madeItems });
    const bytes = await written(document, { format: 'xlsx', language: 'ko' });
    const text = words.ko;
    const sheets = [text.title, text.settled, text.balance, text.settlements, text.transactions];
    expect(readWorkbook(bytes).SheetNames).toEqual(sheets);
    const [, sales = [], ...others] = shownRows(sheetOf(bytes, text.settled));
    expect(sales).toEqual([text.itemAmount, 'KRW', '3750000', '-270000', '3480000']);
    expect(others.map(([name]) => name)).toContain(text.feeVatContained);
    expect(shownRows(sheetOf(bytes, text.balance)).at(-1)).toEqual([
      text.closing,
      'KRW',
      String(document.statement.closingMinor),
    ]);
    expect(shownRows(sheetOf(bytes, text.settlements))).toHaveLength(4);
    expect(shownRows(sheetOf(bytes, text.transactions))[2]).toContain('배송 지연 보상 (주문 20260403-118)');
    expect(shownRows(sheetOf(bytes, text.title)).at(-1)).toEqual([text.hash, document.statement.hash]);
    expect(shownRows(sheetOf(bytes, text.title))[0]).toEqual(['항목', '내용']);
    expect(shownRows(sheetOf(bytes, text.title)).at(-2)).toEqual([text.issuedAt, '2026-04-16 09:10 (Asia/Seoul)']);
    expect(shownRows(sheetOf(bytes, text.settled))[0]).toEqual(['정산 내역', '통화', '판매', '환불', '합계']);
    expect(shownRows(sheetOf(bytes, text.balance))[0]).toEqual(['잔액', '통화', '금액']);
  });
});

describe('the table of balances', () => {
  it('shows the reversal of a payout with the payouts, and other reversals with what was earned', () => {
    const reversal = { kind: 'REVERSAL', transactionId: 9, effectiveOn: '2026-04-10', reason: '' } as const;
    const { statement } = madeDocument({ items: [...madeItems, { ...reversal, amountMinor: 30_000n }] });
    const shown = { ...statement, earnedMinor: statement.earnedMinor - 20_000n };
    const rows = balanceRows(shown, words.en, ({ kind }) => kind);
    const at = (label: string) => rows.findIndex((row) => row.label === label);
    const reversed = rows.filter(({ label }) => label === 'REVERSAL');
    expect(reversed.map(({ amountMinor }) => amountMinor)).toEqual([10_000n, 20_000n]);
    expect(at('REVERSAL')).toBe(at(words.en.earned) - 1);
    const moved = rows.filter(({ total }) => !total).reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
    expect(shown.openingMinor + moved).toBe(shown.closingMinor);
  });
});

describe('as PDF', () => {
  it.each(['ko', 'en'] as const)('says every figure in %s', async (language) => {
    const document = madeDocument({ items: madeItems });
    const text = words[language];
    const pages = await pdfPages(await written(document, { language }));
    const all = pages.join(' ');
    const { statement } = document;
    const amounts = [
      statement.openingMinor,
      statement.earnedMinor,
      statement.closingMinor,
      ...madeItems.map((it) => it.amountMinor),
    ];
    for (const minor of amounts) expect(all).toContain(readableAmount(minor, 'KRW'));
    for (const said of [
      '한빛서점',
      '220-81-62517',
      '마감 마켓',
      '124-81-00998',
      '2026-04-01 ~ 2026-04-15',
      '2026-04-20',
    ])
      expect(all).toContain(said);
    for (const name of [
      'opening',
      'closing',
      'platformDiscount',
      'sellerDiscount',
      'feeVatOnTop',
      'feeVatContained',
    ] as const)
      expect(all).toContain(text[name]);
    expect(all).toContain('2026-04-16 09:10 (Asia/Seoul)');
    pages.forEach((page, at) => {
      expect(page).toContain(text.page(at + 1, pages.length));
      expect(page).toContain(statement.hash);
    });
  });

  it('is the same bytes for the same statement, with its font embedded', async () => {
    const document = madeDocument({ items: madeItems });
    const bytes = await written(document);
    expect((await written(document)).equals(bytes)).toBe(true);
    expect(bytes.toString('latin1')).toMatch(/\/BaseFont \/[A-Z]{6}\+GothicA1/);
    expect(bytes.toString('latin1')).toContain('(D:20260416001000Z)');
  });

  it('goes over pages with 400 settlements, each with the head of the table', async () => {
    const pages = await pdfPages(await written(madeDocument({ settlements: 400 })));
    expect(pages.length).toBeGreaterThan(5);
    for (const page of pages.slice(2, -1)) expect(page).toContain(words.en.settledOn);
    const dates = pages.join(' ').match(/\d{4}-\d{2}-\d{2} 1 12 1 /g);
    expect(dates).toHaveLength(400);
  });

  it('says why it is not paid, that it is a preview, and that the seller is not registered', async () => {
    for (const notPaid of NOT_PAID_REASONS) {
      const draft = { state: 'draft', statementId: null, issuedAt: null } as const;
      const document = madeDocument({ statement: draft, document: { notPaid, seller: null } });
      const [page = ''] = await pdfPages(await written(document));
      for (const said of [`(${notPaid})`, words.en.reasons[notPaid], words.en.draft, words.en.notRegistered])
        expect(page).toContain(said);
    }
  });

  it('writes a letter that the font does not have as one that it has', async () => {
    const seller = { name: '株式 𝐀상회', businessNumber: '2208162517' };
    const [page] = await pdfPages(await written(madeDocument({ document: { seller } })));
    expect(page).toContain('?? A상회');
  });

  it('shows amounts of 15 digits and a statement without settlements', async () => {
    const large = await pdfPages(
      await written(madeDocument({ itemAmount: 912_345_678_901_234n, settlements: 1, refunded: 0n })),
    );
    expect(large.join(' ')).toContain('912,345,678,901,234');
    const empty = madeDocument({ settlements: 0, statement: { currency: 'JPY', openingMinor: -5n } });
    expect((await pdfPages(await written(empty))).join(' ')).toContain(words.en.nothing);
  });
});
