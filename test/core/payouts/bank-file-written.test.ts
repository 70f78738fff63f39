import { describe, expect, it } from '@jest/globals';
import iconv from 'iconv-lite';
import { writeBankFile } from '../../../core/payouts/bank-file.js';
import type { TransferRow } from '../../../core/payouts/rules/bank-files/bank-layout.js';
import { BANK_LAYOUTS } from '../../../core/payouts/rules/bank-files/registry.js';
import { readTransferReference, transferReference } from '../../../core/payouts/rules/transfer-reference.js';
import { decided } from '../../../kernel/outcome.js';
import { FILE, faultsOf, rowOf } from './bank-files.js';

const SECOND = rowOf({ payoutId: 13, attempt: 2, reference: 'P13-2', holder: 'Acme, Inc', amountMinor: 70_000n });

const written = (layout: string, rows: readonly TransferRow[]) => decided(writeBankFile(layout, FILE, rows));

/** The lines of a written file; each has to end in CR LF. */
function linesOf(content: Buffer, encoding: string): string[] {
  const lines = iconv.decode(content, encoding).split('\r\n');
  expect(lines.pop()).toBe('');
  return lines;
}

describe('a file of transfers', () => {
  it('as CSV', () => {
    const { name, content } = written('csv', [rowOf(), SECOND]);
    expect(name).toBe('transfers-F12.csv');
    expect(linesOf(content, 'utf-8')).toEqual([
      'record,sequence,reference,date,bank_code,account_number,holder,amount,currency,remark',
      'TRANSFER,1,P12-1,2026-12-01,088,110123456789,한빛서점,150000,KRW,11월 정산',
      'TRANSFER,2,P13-2,2026-12-01,088,110123456789,"Acme, Inc",70000,KRW,11월 정산',
      'TOTAL,2,F12,2026-12-01,,,,220000,KRW,',
    ]);
  });

  it('as records of fixed width, each of 120 bytes', () => {
    const { name, content } = written('fixed-width', [rowOf(), SECOND]);
    expect(name).toBe('transfers-F12.txt');
    const lines = linesOf(content, 'cp949');
    expect(lines.map((line) => iconv.encode(line, 'cp949').length)).toEqual([120, 120, 120, 120]);
    expect(lines.map((line) => line.trimEnd())).toEqual([
      'SMGTRAN01F12                 20261201',
      'D0000001088110123456789        0000000150000한빛서점            11월 정산     P12-1',
      'D0000002088110123456789        0000000070000Acme, Inc           11월 정산     P13-2',
      'E0000002000000000220000',
    ]);
  });

  it('writes amounts of other currencies with their decimals, as CSV alone', () => {
    const dollars = rowOf({ currency: 'USD', amountMinor: 5_890n });
    expect(written('csv', [dollars]).content.toString()).toContain(',58.90,USD,');
    expect(faultsOf(writeBankFile('fixed-width', FILE, [dollars]))).toEqual(['P12-1: CURRENCY_UNSUPPORTED']);
    expect(faultsOf(writeBankFile('csv', FILE, [rowOf(), { ...dollars, reference: 'P13-1' }]))).toEqual([
      'P13-1: CURRENCY_UNSUPPORTED',
    ]);
    expect(faultsOf(writeBankFile('csv', FILE, [rowOf({ currency: 'XXX' })]))).toEqual(['P12-1: CURRENCY_UNSUPPORTED']);
  });

  it.each([
    ['가나다라마바사아자차', '가나다라마바사아자차'],
    ['주식회사 가나다라마바', '(주) 가나다라마바'],
    ['주식회사 가나다라마 바사아', '(주)가나다라마바사아'],
    ['유한책임회사 Bookstore Co', '(유)  Bookstore Co'.replace('  ', ' ')],
    ['한빛  \t서점', '한빛 서점'],
    ['한빛서점'.normalize('NFD'), '한빛서점'],
  ])('shortens the holder %s as far as the rules say', (holder, expected) => {
    const [, line = ''] = linesOf(written('fixed-width', [rowOf({ holder })]).content, 'cp949');
    expect(iconv.decode(iconv.encode(line, 'cp949').subarray(44, 64), 'cp949').trimEnd()).toBe(expected);
  });

  it('cuts a remark between two characters', () => {
    const [, line = ''] = linesOf(written('fixed-width', [rowOf({ remark: 'A11월 정산 한빛서점' })]).content, 'cp949');
    expect(iconv.decode(iconv.encode(line, 'cp949').subarray(64, 78), 'cp949')).toBe('A11월 정산 한 ');
  });

  it.each<[string, Partial<TransferRow>, string]>([
    ['fixed-width', { holder: '주식회사 가나다라마바사아자' }, 'HOLDER_TOO_LONG'],
    ['fixed-width', { holder: '서점😀' }, 'TEXT_UNENCODABLE'],
    ['fixed-width', { remark: 'né' }, 'TEXT_UNENCODABLE'],
    ['csv', { holder: '\uD800' }, 'TEXT_UNENCODABLE'],
    ['csv', { holder: '=cmd' }, 'TEXT_INVALID'],
    ['csv', { holder: '  ' }, 'TEXT_INVALID'],
    ['csv', { remark: 'a\u0000b' }, 'TEXT_INVALID'],
    ['fixed-width', { amountMinor: 10_000_000_000_000n }, 'AMOUNT_TOO_LARGE'],
    ['csv', { amountMinor: 0n }, 'AMOUNT_INVALID'],
    ['csv', { bankCode: '88' }, 'BANK_CODE_INVALID'],
    ['csv', { accountNumber: '110-123-456' }, 'ACCOUNT_NUMBER_INVALID'],
  ])('as %s refuses %p', (layout, more, reason) => {
    expect(faultsOf(writeBankFile(layout, FILE, [rowOf({ reference: 'P9-1' }), rowOf(more)]))).toEqual([
      `P12-1: ${reason}`,
    ]);
  });

  it('names every fault at once, and shows no account number', () => {
    const outcome = writeBankFile('fixed-width', FILE, [
      rowOf({ holder: '가'.repeat(11) }),
      rowOf({ accountNumber: '1234567890123456789012345' }),
    ]);
    expect(faultsOf(outcome)).toEqual([
      'P12-1: HOLDER_TOO_LONG',
      'P12-1: REFERENCE_REPEATED',
      'P12-1: ACCOUNT_NUMBER_INVALID',
    ]);
    expect(JSON.stringify(outcome)).not.toContain('12345678');
  });

  it('refuses a file without transfers, one that comes to too much, and a layout that there is not', () => {
    expect(faultsOf(writeBankFile('csv', FILE, []))).toEqual(['file: NO_TRANSFERS']);
    const most = Array.from({ length: 101 }, (_, i) =>
      rowOf({ reference: `P${i + 1}-1`, amountMinor: 9_999_999_999_999n }),
    );
    expect(faultsOf(writeBankFile('fixed-width', FILE, most))).toEqual(['file: TOTAL_TOO_LARGE']);
    expect(writeBankFile('swift', FILE, [rowOf()])).toEqual({
      refused: 'BANK_LAYOUT_UNKNOWN',
      details: { layout: 'swift', layouts: BANK_LAYOUTS.map(({ name }) => name) },
    });
  });
});

it('names an attempt of a payout so that it is read back', () => {
  expect(transferReference(12, 1)).toBe('P12-1');
  expect(readTransferReference('P12-1')).toEqual({ payoutId: 12, attempt: 1 });
  for (const text of ['P12', 'P0-1', 'P12-0', 'P012-1', ' P12-1', 'P12-1 ', 'P12-1000'])
    expect(readTransferReference(text)).toBeUndefined();
  expect(() => transferReference(12, 1_000)).toThrow('cannot be named');
});
