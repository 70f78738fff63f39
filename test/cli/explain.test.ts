import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestDatabase } from '../support/database.js';
import { magam, magamJson } from '../support/magam.js';
import { createSmallDay, SMALL_DAY } from '../support/small-day.js';

let database: TestDatabase;

beforeAll(async () => {
  database = await createSmallDay();
});

afterAll(() => database.drop());

interface Entry {
  readonly state: string;
  readonly generation: number | null;
  readonly certificate: string | null;
  readonly exception: { code: string } | null;
  readonly policy: { code: string; version: number } | null;
  readonly refusal: { code: string } | null;
  readonly scopes: { scope: string; candidates: { code: string; inForce: boolean }[] }[] | null;
  readonly steps: { symbol: string; value: number | null }[];
  readonly replayed: Record<string, number> | null;
  readonly stored: Record<string, number> | null;
  readonly equal: boolean | null;
  readonly differences: { what: string; expected: number; actual: number }[];
}
interface Story {
  readonly ok: boolean;
  readonly sale: Entry;
  readonly refunds: (Entry & { refundId: string })[];
}

const explain = (order: string, line = '1') => magamJson<Story>(database.url, ['explain', order, line]);

describe('magam explain', () => {
  it('shows every step from the inputs to the net, and the same figures again', async () => {
    const { code, document } = await explain('B');
    expect([code, document.ok]).toEqual([0, true]);
    const { sale, refunds } = document;
    expect(sale).toMatchObject({
      state: 'SETTLED',
      generation: 1,
      policy: { code: 'standard', version: 1 },
      equal: true,
    });
    expect(sale.certificate).toMatch(/^[0-9a-f]{64}$/);
    expect(sale.replayed).toMatchObject({
      itemAmount: 10000,
      fee: 865,
      feeVat: 86,
      pgFee: 334,
      pgFeeVat: 33,
      net: 10682,
    });
    expect(sale.stored).toEqual(sale.replayed);
    expect(sale.steps.at(-1)).toMatchObject({ symbol: 'N', value: 10682 });
    expect(refunds).toHaveLength(1);
    expect(refunds[0]).toMatchObject({ refundId: 'R-1', state: 'SETTLED', policy: { code: 'standard' }, equal: true });
    expect(refunds[0]?.replayed).toMatchObject({ itemAmount: -5000, fee: -432, net: -3842 });
  });

  it('shows which policies were looked at', async () => {
    const { document } = await explain('a');
    const looked = document.sale.scopes?.filter(({ candidates }) => candidates.length > 0);
    expect(looked).toEqual([
      { scope: 'category', candidates: [expect.objectContaining({ code: 'brazil', inForce: true })] },
    ]);
    expect(document.sale.policy).toEqual({ code: 'brazil', version: 2 });
  });

  it('says why an entry is parked, and what the policies known now would give', async () => {
    const { code, document } = await explain('=P');
    expect(code).toBe(0);
    expect(document.sale).toMatchObject({
      state: 'PARKED',
      exception: { code: 'POLICY_MISSING' },
      refusal: { code: 'POLICY_MISSING' },
    });
    expect(document.refunds[0]).toMatchObject({ state: 'PARKED', exception: { code: 'ORIGINAL_PARKED' } });
    const { stdout } = await magam(database.url, ['explain', '=P', '1']);
    expect(stdout).toContain('PARKED: POLICY_MISSING');
    expect(stdout).toContain('what the policies known now would give');
  });

  it('tells the same in words', async () => {
    const { code, stdout } = await magam(database.url, ['explain', 'B', '1']);
    expect(code).toBe(0);
    expect(stdout).toContain(`settled on ${SMALL_DAY}, generation 1`);
    expect(stdout).toMatch(/none +standard version 1 +2026-01-01 to open +WINS/);
    expect(stdout).toContain('Net to the seller: 10,682 KRW');
    expect(stdout).toContain('Net to the seller: -3,842 KRW');
  });

  it('writes every amount as people write money, and minor units with --json', async () => {
    const { stdout } = await magam(database.url, ['explain', 'a', '1']);
    expect(stdout).toContain('1 × 58.90 BRL');
    expect(stdout).toMatch(/^F1 .* 12 % of B +7\.068 BRL *$/m);
    expect(stdout).toMatch(/^Fr .* to a multiple of 0\.01 BRL +7\.068 BRL +7\.07 BRL$/m);
    expect(stdout).toMatch(/^V .* contained in F +0\.64272727… BRL +0\.64 BRL$/m);
    expect(stdout).toMatch(/^net +51\.83 BRL +51\.83 BRL +equal$/m);
    // Whatever has a digit is an amount with its currency, a count, a rate, an id, a date or a hash.
    expect(stdout).not.toMatch(/\b(5890|5183|707)\b/);
    const refund = (await magam(database.url, ['explain', 'B', '1'])).stdout;
    expect(refund).toContain('100 KRW per line');
    expect(refund).toContain('raised to 50 KRW');
    expect(refund).toContain('lowered to 20,000 KRW');
    expect(refund).toContain('floor(10,000 KRW × 1 / 2) − floor(10,000 KRW × 0 / 2)');
    expect(refund).toMatch(/^Q +quantity +as sold +2$/m);
    expect(refund).toMatch(/^F +fee +Δ\(865 KRW\) +432 KRW$/m);
    const { document } = await explain('a');
    expect(document.sale.steps.find(({ symbol }) => symbol === 'Fr')).toMatchObject({
      formula: 'sum of the components, rounded half-up to a multiple of 1',
      exact: '3534/5',
      value: 707,
      counts: false,
    });
  });

  it('without a line lists the lines of the order', async () => {
    const { code, stdout } = await magam(database.url, ['explain', 'B']);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^1 +sale +S1 +2 +${SMALL_DAY} +settled +10,682 KRW$`, 'm'));
    expect(stdout).toMatch(new RegExp(`^1 +refund R-1 +S1 +1 +${SMALL_DAY} +settled +-3,842 KRW$`, 'm'));
    const { document } = await magamJson<{ lines: object[] }>(database.url, ['explain', '=P']);
    const parked = { lineId: '1', sellerId: 'S3', currency: 'EUR', settledOn: SMALL_DAY, state: 'PARKED', net: null };
    expect(document).toMatchObject({
      orderId: '=P',
      lines: [
        { ...parked, leg: 'sale', refundId: null, quantity: 2, exception: 'POLICY_MISSING' },
        { ...parked, leg: 'refund', refundId: 'R-2', quantity: 1, exception: 'ORIGINAL_PARKED' },
      ],
    });
    expect((await magam(database.url, ['explain', '=P'])).stdout).toContain('parked: POLICY_MISSING');
  });

  it('lists lines that are not settled, in the order of their ids, byte by byte', async () => {
    await database.db.raw(
      `INSERT INTO sale_entry (settled_on, order_id, line_id, seller_id, product_id, category, quantity, unit_price, item_amount, seller_discount,
         platform_discount, shipping_fee, currency, ordered_on, occurred_on)
       SELECT '2026-05-09', order_id, CHAR(66 - n.n USING ascii), seller_id, product_id, category, quantity, unit_price, item_amount, seller_discount,
         platform_discount, shipping_fee, currency, ordered_on, occurred_on
       FROM sale_entry JOIN (SELECT 0 AS n UNION SELECT 1) n WHERE order_id = 'a b'`,
    );
    const { document } = await magamJson<{
      lines: { lineId: string; state: string; settledOn: string; net: number | null }[];
    }>(database.url, ['explain', 'a b']);
    await database.db.raw(`DELETE FROM sale_entry WHERE settled_on = '2026-05-09'`);
    expect(document.lines.map(({ lineId, state, settledOn, net }) => [lineId, state, settledOn, net])).toEqual([
      ['1', 'SETTLED', SMALL_DAY, 766],
      ['A', 'NOT_SETTLED', '2026-05-09', null],
      ['B', 'NOT_SETTLED', '2026-05-09', null],
    ]);
  });

  it('exits 4 when what is stored differs from the replay', async () => {
    const add = (n: number) =>
      database.db.raw(
        `UPDATE settlement_line l JOIN sale_entry s ON s.settled_on = l.settled_on AND s.entry_id = l.entry_id
         SET l.fee = l.fee + ? WHERE l.leg = 0 AND s.order_id = 'a!'`,
        [n],
      );
    await add(5);
    const [json, text] = [await explain('a!'), await magam(database.url, ['explain', 'a!', '1'])];
    await add(-5);
    expect([json.code, json.document.ok, text.code]).toEqual([4, false, 4]);
    expect(json.document.sale.differences).toEqual([{ what: 'fee', expected: 185, actual: 190 }]);
    expect(text.stdout).toContain('DIFFERENCE: fee is 190 KRW, the replay gives 185 KRW');
    expect((await explain('a!')).code).toBe(0);
  });

  it('says that there is no such line', async () => {
    for (const order of ['b', 'ü']) {
      const { code, document } = await magamJson<{ error: { code: string } }>(database.url, ['explain', order, '1']);
      expect([code, document.error.code]).toEqual([1, 'LINE_NOT_FOUND']);
      const listed = await magamJson<{ error: { code: string } }>(database.url, ['explain', order]);
      expect([listed.code, listed.document.error.code]).toEqual([1, 'LINE_NOT_FOUND']);
    }
  });
});
