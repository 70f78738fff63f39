/** Settlements, lines and explanations, as operators and as sellers see them. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeAccount } from '../../support/accounts.js';
import { Operating } from '../../support/operating.js';
import { createSmallDay, SMALL_DAY } from '../../support/small-day.js';

let operating: Operating;
let seller: string;
let other: string;
let runId: number;
beforeAll(async () => {
  operating = await Operating.create(await createSmallDay());
  seller = (await makeAccount(operating.database.db, 'seller', { sellerId: 'S1' })).token;
  other = (await makeAccount(operating.database.db, 'seller', { sellerId: 'S2' })).token;
  runId = (await operating.call('GET', '/v1/runs')).body.items[0].runId;
});
afterAll(() => operating.end());

const get = (path: string, token = operating.token) => operating.api.call('GET', path, { token });

/** All pages of a list, one row each. */
async function paged(path: string, token?: string): Promise<unknown[]> {
  const rows: unknown[] = [];
  for (let cursor: string | null = null; ; ) {
    const { body, status } = await get(`${path}&limit=1${cursor === null ? '' : `&cursor=${cursor}`}`, token);
    expect(status).toBe(200);
    rows.push(...body.items);
    cursor = body.nextCursor;
    if (cursor === null) return rows;
  }
}

const amounts = (net: number) => expect.objectContaining({ netMinor: net });

describe('settlements', () => {
  const list = `/v1/settlements?date=${SMALL_DAY}`;

  it('say of each date whether it is settled; a download with one that is not is refused', async () => {
    const range = '/v1/settlements?from=2026-05-03&to=2026-05-05';
    const { body } = await get(range);
    expect(body.dates).toEqual([
      { date: '2026-05-03', status: 'CLOSED_EMPTY' },
      { date: SMALL_DAY, status: 'SETTLED' },
      { date: '2026-05-05', status: 'NOT_SETTLED' },
    ]);
    expect((await get('/v1/settlements?from=2025-01-01&to=2026-05-05')).body.dates).toBeNull();
    expect((await get('/v1/lines?date=2026-05-05')).body).toMatchObject({
      items: [],
      dates: [{ date: '2026-05-05', status: 'NOT_SETTLED' }],
    });
    const refused = await get(range.replace('settlements?', 'settlements.csv?'));
    expect([refused.status, refused.body.code, refused.body.detail]).toEqual([
      409,
      'DATE_NOT_SETTLED',
      '2026-05-05 is not settled.',
    ]);
    expect(refused.body.whatToDo).toContain('magam settle --date D');
  });

  it('say what each seller is owed, in minor units beside the currency', async () => {
    const { body } = await get(list);
    expect(body).toEqual({
      dates: [{ date: SMALL_DAY, status: 'SETTLED' }],
      items: [
        {
          date: SMALL_DAY,
          sellerId: 'S1',
          currency: 'BRL',
          sales: 1,
          refunds: 0,
          itemAmountMinor: 5890,
          sellerDiscountMinor: 0,
          platformDiscountMinor: 0,
          shippingFeeMinor: 0,
          buyerPaidMinor: 5890,
          feeBaseMinor: 5890,
          feeMinor: 707,
          feeVatMinor: 64,
          pgFeeMinor: 0,
          pgFeeVatMinor: 0,
          netMinor: 5183,
          feeVatOnTopMinor: 0,
          feeVatContainedMinor: 64,
          generation: 1,
        },
        expect.objectContaining({ sellerId: 'S1', currency: 'KRW', sales: 2, refunds: 1, netMinor: 7606 }),
        expect.objectContaining({ sellerId: 'S2', currency: 'KRW', sales: 2, refunds: 0, netMinor: 1532 }),
      ],
      nextCursor: null,
    });
    expect(await paged(list)).toEqual(body.items);
    for (const query of [`runId=${runId}`, 'from=2026-01-01&to=2026-12-31']) {
      const { items, nextCursor } = (await get(`/v1/settlements?${query}`)).body;
      expect({ items, nextCursor }).toEqual({ items: body.items, nextCursor: body.nextCursor });
    }
  });

  it('are filtered by seller and currency', async () => {
    expect((await get(`${list}&sellerId=S2`)).body.items).toEqual([amounts(1532)]);
    expect((await get(`${list}&currency=BRL`)).body.items).toEqual([amounts(5183)]);
    expect((await get(`${list}&sellerId=S1&currency=KRW`)).body.items).toEqual([amounts(7606)]);
    expect(await paged('/v1/settlements?from=2026-01-01&to=2026-12-31&sellerId=S1')).toEqual([
      amounts(5183),
      amounts(7606),
    ]);
    expect((await get('/v1/settlements?date=2026-05-05')).body.items).toEqual([]);
  });

  it('are refused without dates, with dates named twice, or with a run that is none', async () => {
    for (const query of [
      '',
      `?date=${SMALL_DAY}&runId=1`,
      `?from=${SMALL_DAY}`,
      `?date=${SMALL_DAY}&from=${SMALL_DAY}`,
    ]) {
      expect((await get(`/v1/settlements${query}`)).body.code).toBe('REQUEST_INVALID');
    }
    expect((await get('/v1/settlements?runId=4242')).body.code).toBe('RUN_NOT_FOUND');
  });

  it('refuse a sum that JSON cannot say exactly', async () => {
    const set = (net: string) =>
      operating.database.db.raw(`UPDATE settlement SET net = ? WHERE seller_id = 'S2'`, [net]);
    await set('9007199254740993123');
    const { status, body } = await get(list);
    const csv = await get(list.replace('settlements', 'settlements.csv'));
    await set('1532');
    expect([status, body.code]).toEqual([422, 'AMOUNT_OUT_OF_RANGE']);
    expect(csv.text).toContain(',9007199254740993123,');
  });
});

describe('lines', () => {
  const list = `/v1/lines?date=${SMALL_DAY}`;

  it('come by leg and entry, each with its policy', async () => {
    const { body } = await get(list);
    expect(body.items.map(({ leg, orderId }: Record<string, string>) => [leg, orderId])).toEqual([
      ['sale', 'a!'],
      ['sale', 'x,"y'],
      ['sale', 'B'],
      ['sale', 'a b'],
      ['sale', 'a'],
      ['refund', 'B'],
    ]);
    expect(body.items[5]).toEqual({
      date: SMALL_DAY,
      generation: 1,
      leg: 'refund',
      entryId: expect.any(Number),
      orderId: 'B',
      lineId: '1',
      refundId: 'R-1',
      sellerId: 'S1',
      currency: 'KRW',
      quantity: 1,
      itemAmountMinor: -5000,
      sellerDiscountMinor: -500,
      platformDiscountMinor: -250,
      shippingFeeMinor: 0,
      buyerPaidMinor: -4250,
      feeBaseMinor: -4500,
      feeMinor: -432,
      feeVatMinor: -43,
      feeVatMode: 'exclusive',
      pgFeeMinor: -167,
      pgFeeVatMinor: -16,
      netMinor: -3842,
      policyCode: 'standard',
      policyVersion: 1,
    });
    expect(await paged(list)).toEqual(body.items);
    expect((await get(`/v1/lines?runId=${runId}`)).body).toEqual(body);
  });

  it('are filtered by seller and order', async () => {
    const orders = async (query: string) =>
      ((await get(`/v1/lines?${query}`)).body.items as { orderId: string; leg: string }[]).map(
        ({ orderId, leg }) => `${leg} ${orderId}`,
      );
    expect(await orders(`date=${SMALL_DAY}&sellerId=S2`)).toEqual(['sale x,"y', 'sale a b']);
    expect(await orders('orderId=B')).toEqual(['sale B', 'refund B']);
    expect(await orders(`orderId=B&date=2026-05-05`)).toEqual([]);
    expect(await orders(`orderId=B&sellerId=S2`)).toEqual([]);
    expect(await orders(`orderId=${encodeURIComponent('=P')}`)).toEqual([]); // parked
    expect(await paged('/v1/lines?orderId=B')).toHaveLength(2);
    expect(await paged(`/v1/lines?date=${SMALL_DAY}&sellerId=S1`)).toHaveLength(4);
    expect((await get('/v1/lines')).body.code).toBe('REQUEST_INVALID');
  });

  it('of a supplement without a certificate are not shown', async () => {
    const generation = (n: number) =>
      operating.database.db.raw('UPDATE settlement_line SET generation = ? WHERE leg = 1', [n]);
    await generation(2);
    const shown = (await get(list)).body.items;
    const ofOrder = (await get('/v1/lines?orderId=B')).body.items;
    await generation(1);
    expect([shown.length, ofOrder.length]).toEqual([5, 1]);
  });
});

describe('explanations', () => {
  const explain = (orderId: string, token?: string) =>
    get(`/v1/lines/explanation?lineId=1&orderId=${encodeURIComponent(orderId)}`, token);

  it('replay a sale and its refund', async () => {
    const { body } = await explain('B');
    expect(body).toMatchObject({
      orderId: 'B',
      currency: 'KRW',
      ok: true,
      sale: {
        state: 'SETTLED',
        entry: { sellerId: 'S1', unitPriceMinor: 5000, quantity: 2 },
        policy: { code: 'standard', version: 1 },
        stored: { netMinor: 10682 },
        replayed: { netMinor: 10682 },
        equal: true,
      },
      refunds: [{ refundId: 'R-1', scopes: null, stored: { netMinor: -3842 }, equal: true }],
    });
    expect(body.sale.steps.length).toBeGreaterThan(5);
  });

  it('say why an entry is parked', async () => {
    expect((await explain('=P')).body).toMatchObject({
      sale: { state: 'PARKED', exception: { code: 'POLICY_MISSING' }, stored: null, equal: null },
      refunds: [{ state: 'PARKED', refusal: { code: 'ORIGINAL_PARKED' } }],
    });
  });

  it('tell what was changed from outside', async () => {
    const set = (fee: number) => operating.database.db.raw('UPDATE settlement_line SET fee = ? WHERE leg = 1', [fee]);
    await set(-431);
    const { body } = await explain('B');
    await set(-432);
    expect(body).toMatchObject({
      ok: false,
      refunds: [{ differences: [{ what: 'feeMinor', expected: -432, actual: -431 }] }],
    });
  });

  it('show a seller its own lines only, and no policies but general ones and its own', async () => {
    expect((await explain('B', seller)).status).toBe(200);
    for (const orderId of ['B', '=P']) {
      const { status, body } = await explain(orderId, other);
      expect([status, body.code]).toEqual([403, 'FORBIDDEN']);
    }
    expect((await explain('nothing', seller)).body.code).toBe('LINE_NOT_FOUND');
    const secret = { code: 'secret-of-s2', currency: 'KRW', scope: { seller: 'S2' }, effectiveFrom: '2026-01-01' };
    const policy = {
      ...secret,
      commission: { components: [{ type: 'percent', rate: '1' }] },
      vat: { rate: '0', mode: 'none' },
    };
    await operating.applyPolicies([policy]);
    expect((await explain('a b', other)).status).toBe(200);
    const { text } = await explain('B', seller);
    expect(text).toContain('standard');
    expect(text).not.toContain('secret-of-s2');
    expect(text).not.toContain('S2');
  });
});

describe('totals', () => {
  const totals = '/v1/settlements/totals';

  it('are those of the command, in minor units', async () => {
    const range = `from=2026-05-03&to=${SMALL_DAY}`;
    const { status, body } = await get(`${totals}?${range}`);
    const command = JSON.parse(
      await operating.magam('settlements', '--from', '2026-05-03', '--to', SMALL_DAY, '--totals', '--json'),
    ) as { totals: Record<string, number | string>[] };
    const inMinor = command.totals.map(({ currency, sales, refunds, ...amounts }) => ({
      ...{ currency, sales, refunds },
      ...Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [`${name}Minor`, Number(amount)])),
    }));
    expect(inMinor.length).toBeGreaterThan(1);
    expect([status, body]).toEqual([200, { from: '2026-05-03', to: SMALL_DAY, sellerId: null, totals: inMinor }]);
    const [first] = body.totals;
    expect((await get(`${totals}?${range}&currency=${first.currency}`)).body.totals).toEqual([first]);
    expect((await get(`${totals}?runId=${runId}`)).body.totals).toEqual(body.totals);
  });

  it("are a seller's own for a seller, and of settled dates alone", async () => {
    const named = await get(`${totals}?date=${SMALL_DAY}&sellerId=S1`);
    expect(named.body.totals).not.toEqual((await get(`${totals}?date=${SMALL_DAY}`)).body.totals);
    expect((await get(`${totals}?date=${SMALL_DAY}`, seller)).body).toEqual(named.body);
    expect(named.body.sellerId).toBe('S1');
    const refused = await get(`${totals}?from=${SMALL_DAY}&to=2026-05-05`);
    expect([refused.status, refused.body.code]).toEqual([409, 'DATE_NOT_SETTLED']);
    for (const query of ['', '?from=2026-05-05', '?from=2026-05-05&to=2026-05-04', '?date=2026-05-32', '?limit=3'])
      expect((await get(`${totals}${query}`)).body.code).toBe('REQUEST_INVALID');
  });
});

describe('a seller', () => {
  it('sees its own settlements and lines without saying so', async () => {
    const settlements = await get(`/v1/settlements?date=${SMALL_DAY}`, seller);
    expect(settlements.body.items.map(({ sellerId }: { sellerId: string }) => sellerId)).toEqual(['S1', 'S1']);
    const named = await get(`/v1/settlements?date=${SMALL_DAY}&sellerId=S1`, seller);
    expect(named.body).toEqual(settlements.body);
    for (const query of [`date=${SMALL_DAY}`, `runId=${runId}`, 'orderId=B']) {
      const { body } = await get(`/v1/lines?${query}`, seller);
      expect(body.items.length).toBeGreaterThan(0);
      expect(new Set(body.items.map(({ sellerId }: { sellerId: string }) => sellerId))).toEqual(new Set(['S1']));
    }
    expect((await get('/v1/lines?orderId=B', other)).body.items).toEqual([]);
    expect((await get(`/v1/lines.csv?date=${SMALL_DAY}`, seller)).text).toBe(
      await operating.magam('lines', '--date', SMALL_DAY, '--seller', 'S1'),
    );
    const csv = (await get(`/v1/settlements.csv?date=${SMALL_DAY}`, other)).text.trim().split('\n');
    expect(csv.slice(1).every((row) => row.startsWith('S2,'))).toBe(true);
    expect(csv).toHaveLength(2);
  });

  it.each([
    `/v1/settlements?date=${SMALL_DAY}&sellerId=S2`,
    `/v1/settlements.csv?date=${SMALL_DAY}&sellerId=S2`,
    `/v1/settlements/totals?date=${SMALL_DAY}&sellerId=S2`,
    `/v1/lines?date=${SMALL_DAY}&sellerId=S2`,
    `/v1/lines?orderId=B&sellerId=S2`,
    `/v1/lines.csv?date=${SMALL_DAY}&sellerId=S2`,
  ])('is refused %s', async (path) => {
    const { status, body } = await get(path, seller);
    expect([status, body.code]).toEqual([403, 'FORBIDDEN']);
  });

  it('is not a buyer', async () => {
    const { token } = await makeAccount(operating.database.db, 'buyer');
    for (const path of [
      `/v1/settlements?date=${SMALL_DAY}`,
      '/v1/lines?orderId=B',
      '/v1/lines/explanation?orderId=B&lineId=1',
    ]) {
      expect((await get(path, token)).status).toBe(403);
    }
  });
});
