/** `magam settle` as a person sees it: words, figures, exit codes; and the fields that programs rely on. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { seed } from '../../scripts/chaos/scratch-database.mjs';
import { DATE, documentOf, GRID, LINES, Settling } from '../support/settling.js';

let feed: Settling;
beforeAll(async () => {
  feed = await Settling.create();
});
afterAll(() => feed.drop());
beforeEach(() => feed.reset());

const settle = (...args: string[]) => feed.run(['settle', '--date', DATE, ...GRID, ...args]);

/** The lines of the totals add up to the net, in each column. */
function expectToAddUp(stdout: string, currencies: number): void {
  const lines = [...stdout.matchAll(/^([-+= ]) (?=[\w ]+? +-?[\d,.]+ [A-Z]{3})(.*)$/gm)];
  const minor = (text: string): bigint => BigInt(text.replace(/[,.]/g, ''));
  const cells = lines.map(([, sign = '', rest = '']) => ({
    sign,
    amounts: [...rest.matchAll(/(-?[\d,.]+) [A-Z]{3}/g)].map(([, amount = '']) => minor(amount)),
  }));
  expect(cells.map(({ sign }) => sign)).toEqual([' ', '-', '+', '-', '-', '-', '-', '=']);
  for (let column = 0; column < currencies; column += 1) {
    const sum = cells
      .slice(0, -1)
      .reduce((all, { sign, amounts }) => all + (sign === '-' ? -1n : 1n) * (amounts[column] ?? 0n), 0n);
    expect(sum).toBe(cells.at(-1)?.amounts[column]);
    expect(sum).not.toBe(0n);
  }
}

describe('magam settle', () => {
  it('prints what was settled, the totals and the certificate', async () => {
    const { code, stdout } = await settle();
    expect(code).toBe(0);
    const { lines, refunds, certificate, totals } = feed.cleanDocument;
    expect(stdout).toContain(`${DATE}: settled. ${lines.toLocaleString('en-US')} sales and ${refunds} refunds`);
    expect(stdout).toMatch(new RegExp(`^totals +${totals.map(({ currency }) => currency).join(' +')}$`, 'm'));
    expectToAddUp(stdout, totals.length);
    expect(stdout).toContain(`Certificate ${certificate?.hash} (generation 1)`);
  });

  it('of a settled date says so, with the same figures, and exits 0', async () => {
    await settle();
    const { code, stdout } = await settle();
    expect(code).toBe(0);
    expect(stdout).toContain('settled already');
    expect(stdout).toContain(`Certificate ${feed.cleanDocument.certificate?.hash}`);
  });

  it('--dry-run says that nothing was written', async () => {
    const { code, stdout } = await settle('--dry-run');
    expect(code).toBe(0);
    expect(stdout).toContain('Nothing was written');
    expect(stdout).not.toContain('Certificate');
  });

  it('exits 3 and tells where to look when entries are parked', async () => {
    // A sale that nobody refunds, so that it is parked alone.
    const [sale] = await feed.db.rows(
      `SELECT s.entry_id AS id, s.currency FROM sale_entry s LEFT JOIN refund_entry r ON r.original_id = s.entry_id
       WHERE s.settled_on = ? AND r.entry_id IS NULL ORDER BY s.entry_id LIMIT 1`,
      [DATE],
    );
    const setCurrency = (currency: string | null | undefined) =>
      feed.db.change('UPDATE sale_entry SET currency = ? WHERE entry_id = ?', [currency, sale?.id]);
    await setCurrency('EUR');
    const { code, stdout } = await settle();
    expect(code).toBe(3);
    expect(stdout).toMatch(/: settled\. .* 1 parked \(/);
    expect(stdout).toContain(`magam runs exceptions ${await feed.db.value('SELECT run_id FROM job_instance')}`);
    const json = await settle('--json');
    expect(json.code).toBe(3);
    expect(documentOf(json)).toMatchObject({ status: 'COMPLETED_WITH_EXCEPTIONS', alreadyDone: true });
    await setCurrency(sale?.currency);
  });

  it('has the fields that programs rely on', async () => {
    const document = documentOf<Record<string, unknown>>(await settle('--json'));
    expect(document).toMatchObject({
      runId: expect.any(Number),
      date: DATE,
      status: 'COMPLETED',
      alreadyDone: false,
      lines: LINES,
      refunds: expect.any(Number),
      exceptions: 0,
      partitions: 4,
      seconds: expect.any(Number),
      certificate: { hash: expect.stringMatching(/^[0-9a-f]{64}$/), generation: 1 },
    });
    for (const total of document.totals as Record<string, unknown>[]) {
      expect(Object.keys(total)).toEqual([
        ...['currency', 'sales', 'refunds', 'itemAmount', 'sellerDiscount', 'platformDiscount', 'shippingFee'],
        ...['fee', 'feeVat', 'pgFee', 'pgFeeVat', 'net', 'feeVatOnTop', 'feeVatContained'],
      ]);
      expect(Number(total.feeVatOnTop) + Number(total.feeVatContained)).toBe(total.feeVat);
      for (const [name, value] of Object.entries(total))
        if (name !== 'currency') expect(Number.isInteger(value)).toBe(true);
    }
  });

  it('takes dates relative to the platform’s day', async () => {
    const { code, stdout } = await feed.run(['settle', '--date', 'yesterday', '--dry-run', '--json']);
    expect(code).toBe(1); // the seeded dates are open
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'EARLIER_DATE_OPEN' } });
  });
});

/** The figures that the lines of the totals show. */
const FIGURE_OF_LINE = {
  '  item amount': 'itemAmount',
  '- seller discount': 'sellerDiscount',
  '+ shipping fee': 'shippingFee',
  '- fee': 'fee',
  '- fee VAT on top': 'feeVatOnTop',
  '- PG fee': 'pgFee',
  '- PG fee VAT': 'pgFeeVat',
  '= net to sellers': 'net',
  '(fee VAT contained in the fee)': 'feeVatContained',
  '(platform discount, paid by the platform)': 'platformDiscount',
} as const;

describe('magam settle of a range', () => {
  const NEXT_DATE = '2026-03-03';
  const range = (...args: string[]) => feed.run(['settle', '--from', DATE, '--to', NEXT_DATE, ...GRID, ...args]);
  beforeAll(() => seed(feed.db, { lines: 300, sellers: 20, date: NEXT_DATE }));

  it('prints one line a date, and a summary whose totals are the sums of the dates', async () => {
    const { code, stdout } = await range();
    expect(code).toBe(0);
    const dates = [];
    for (const date of [DATE, NEXT_DATE]) dates.push(documentOf(await feed.run(['settle', '--date', date, '--json'])));
    const counts = (sales: number, refunds: number) => `${sales.toLocaleString('en-US')} sales and ${refunds} refunds`;
    const [first, second, summary, , head, ...table] = stdout.trimEnd().split('\n');
    for (const [at, line] of [first, second].entries()) {
      const { date, lines, refunds } = dates[at] ?? { lines: 0, refunds: 0 };
      expect(line).toMatch(new RegExp(`^${date}: settled\\. ${counts(lines, refunds)}\\. [\\d.]+ s\\.$`));
    }
    const sales = dates.reduce((all, one) => all + one.lines, 0);
    const refunds = dates.reduce((all, one) => all + one.refunds, 0);
    expect(summary).toBe(`${DATE} to ${NEXT_DATE}: 2 of 2 dates settled. ${counts(sales, refunds)}.`);

    const [, ...currencies] = (head ?? '').trim().split(/ +/);
    expect(currencies.length).toBeGreaterThan(1);
    const all = dates.flatMap(({ totals }) => totals);
    expect(currencies).toEqual([...new Set(all.map(({ currency }) => String(currency)))].sort());
    const sum = (currency: string, name: string) =>
      all.filter((one) => one.currency === currency).reduce((before, one) => before + BigInt(one[name] ?? ''), 0n);
    const shown = table.map((line) => [
      line.replace(/ +-?[\d,.]+ [A-Z]{3}.*$/, ''),
      ...[...line.matchAll(/(-?[\d,.]+) [A-Z]{3}/g)].map(([, amount = '']) => BigInt(amount.replace(/[,.]/g, ''))),
    ]);
    const expected = Object.entries(FIGURE_OF_LINE).map(([text, name]) => [
      text,
      ...currencies.map((currency) => sum(currency, name)),
    ]);
    expect(shown).toEqual(expected);
    expectToAddUp(stdout, currencies.length);
  });

  it('prints the same totals when it is settled already', async () => {
    const table = ({ stdout }: { stdout: string }) => stdout.slice(stdout.indexOf('\ntotals '));
    const before = await range();
    const again = await range();
    expect(again.stdout).toContain(`${NEXT_DATE}: settled already. `);
    expect(table(again)).toBe(table(before));
  });
});
