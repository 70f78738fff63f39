/** `magam settle` as a person sees it: words, figures, exit codes; and the fields that programs rely on. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DATE, documentOf, GRID, Settling } from '../support/settling.js';

let feed: Settling;
beforeAll(async () => {
  feed = await Settling.create();
});
afterAll(() => feed.drop());
beforeEach(() => feed.reset());

const settle = (...args: string[]) => feed.run(['settle', '--date', DATE, ...GRID, ...args]);

describe('magam settle', () => {
  it('prints what was settled, the totals and the certificate', async () => {
    const { code, stdout } = await settle();
    expect(code).toBe(0);
    const { lines, refunds, certificate, totals } = feed.cleanDocument;
    expect(stdout).toContain(`${DATE}: settled. ${lines.toLocaleString('en-US')} sales and ${refunds} refunds`);
    for (const { currency } of totals) expect(stdout).toMatch(new RegExp(`^${currency} .* ${currency}$`, 'm'));
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
      lines: 1_200,
      refunds: expect.any(Number),
      exceptions: 0,
      partitions: 4,
      seconds: expect.any(Number),
      certificate: { hash: expect.stringMatching(/^[0-9a-f]{64}$/), generation: 1 },
    });
    for (const total of document.totals as Record<string, unknown>[]) {
      expect(Object.keys(total)).toEqual(['currency', 'itemAmount', 'fee', 'feeVat', 'pgFee', 'pgFeeVat', 'net']);
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
