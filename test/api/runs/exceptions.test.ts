/** The parked entries of a run: they are listed, covered by a policy, tried again and certified in a supplement. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Operating } from '../../support/operating.js';
import { createSmallDay, SMALL_DAY } from '../../support/small-day.js';

let operating: Operating;
let runId: number;
beforeAll(async () => {
  operating = await Operating.create(await createSmallDay());
  runId = (await operating.call('GET', '/v1/runs')).body.items[0].runId;
  // The schedule would go on to the days since.
  await shutThrough('2099-01-01');
});
afterAll(() => operating.end());

const shutThrough = (date: string) =>
  operating.database.db.raw('UPDATE settlement_calendar SET shut_through = ?', [date]);
const exceptions = (query = '') => operating.call('GET', `/v1/runs/${runId}/exceptions${query}`);
const retry = () => operating.call('POST', `/v1/runs/${runId}/exceptions/retry`);
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const sale = {
  orderId: '=P',
  lineId: '1',
  sellerId: 'S3',
  productId: '',
  category: '',
  quantity: 2,
  unitPriceMinor: 700,
  currency: 'EUR',
  itemAmountMinor: 1400,
  sellerDiscountMinor: 0,
  platformDiscountMinor: 0,
  shippingFeeMinor: 0,
  importId: 1,
  orderedOn: '2026-05-01',
  confirmedOn: SMALL_DAY,
};

describe('what is parked', () => {
  it('is listed with its whole entry and the reason', async () => {
    const { body } = await exceptions();
    expect(body).toMatchObject({
      items: [
        {
          leg: 'sale',
          code: 'POLICY_MISSING',
          details: { currency: 'EUR', orderedOn: '2026-05-01' },
          generation: 1,
          settledGeneration: null,
          sale,
          refund: null,
        },
        {
          leg: 'refund',
          code: 'ORIGINAL_PARKED',
          sale,
          refund: {
            refundId: 'R-2',
            quantity: 1,
            priorQuantity: 0,
            currency: 'EUR',
            itemAmountMinor: -700,
            originalOn: SMALL_DAY,
            refundedOn: SMALL_DAY,
            reason: '',
          },
        },
      ],
      nextCursor: null,
    });
  });

  it('is paged, and filtered by code', async () => {
    const first = (await exceptions('?limit=1')).body;
    expect(first.items).toMatchObject([{ leg: 'sale' }]);
    const second = (await exceptions(`?limit=1&cursor=${first.nextCursor}`)).body;
    expect(second).toMatchObject({ items: [{ leg: 'refund' }], nextCursor: null });
    expect((await exceptions('?code=ORIGINAL_PARKED')).body.items).toMatchObject([{ leg: 'refund' }]);
    expect((await exceptions('?code=NOTHING_OF_IT')).body.items).toEqual([]);
    expect((await exceptions('?code=x')).body.code).toBe('REQUEST_INVALID');
  });
});

describe('trying again', () => {
  it('writes nothing while the reason stands', async () => {
    operating.startRunner();
    const asked = await retry();
    expect([asked.status, asked.body]).toMatchObject([202, { runId, status: 'COMPLETED_WITH_EXCEPTIONS' }]);
    expect(await operating.settled(runId)).toMatchObject({ status: 'COMPLETED_WITH_EXCEPTIONS', generation: 1 });
    expect((await exceptions()).body.items).toHaveLength(2);
  });

  it('settles entries that a new policy covers, as a supplement with its own certificate', async () => {
    const policy = {
      code: 'euro',
      scope: {},
      currency: 'EUR',
      effectiveFrom: '2026-01-01',
      commission: { components: [{ type: 'percent', rate: '10' }] },
      vat: { rate: '0', mode: 'none' },
    };
    await operating.applyPolicies([policy]);

    expect((await retry()).status).toBe(202);
    expect(await operating.settled(runId)).toMatchObject({
      status: 'COMPLETED',
      generation: 2,
      planned: 2,
      done: 2,
      sales: 1,
      refunds: 1,
    });
    expect((await exceptions()).body.items).toEqual([]);
    expect((await exceptions('?all=true')).body.items).toMatchObject([
      { settledGeneration: 2 },
      { settledGeneration: 2 },
    ]);
    const none = await retry();
    expect([none.status, none.body.code]).toEqual([409, 'NOTHING_PARKED']);
    expect(await operating.audited(runId)).toEqual(['run.retry-exceptions', 'run.retry-exceptions']);
    const { body } = await operating.call('GET', `/v1/runs/${runId}`);
    expect(body).toMatchObject({ status: 'COMPLETED', sales: 6, refunds: 2, parked: 0, generation: 2 });
    expect(body.plans.map(({ generation }: { generation: number }) => generation)).toEqual([1, 2]);
    await operating.endRunners();
    await shutThrough(SMALL_DAY);
    await operating.magam('verify', '--date', SMALL_DAY);
  });
});

describe('certificates', () => {
  it('are listed, and read whole and as the bytes that were hashed', async () => {
    const { items } = (await operating.call('GET', `/v1/runs/${runId}/certificates`)).body;
    expect(items).toMatchObject([
      { generation: 1, signed: false },
      { generation: 2, signed: false },
    ]);
    for (const { generation, hash } of items) {
      const whole = (await operating.call('GET', `/v1/certificates/${SMALL_DAY}?generation=${generation}`)).body;
      expect(whole).toMatchObject({ date: SMALL_DAY, generation, runId, hash, signature: null });
      const bytes = await operating.call('GET', `/v1/certificates/${SMALL_DAY}/body?generation=${generation}`);
      expect(sha256(bytes.text)).toBe(hash);
      expect(whole.body).toEqual(bytes.body);
    }
    const latest = (await operating.call('GET', `/v1/certificates/${SMALL_DAY}`)).body;
    expect(latest).toMatchObject({ generation: 2, body: { previous: { hash: items[0].hash } } });
  });

  it.each([`/v1/certificates/${SMALL_DAY}?generation=3`, '/v1/certificates/2026-05-05/body'])(
    'that do not exist: %s',
    async (path) => {
      const { status, body } = await operating.call('GET', path);
      expect([status, body.code]).toEqual([404, 'CERTIFICATE_NOT_FOUND']);
      const ofSettled = path.includes(SMALL_DAY);
      expect(body.details.status).toBe(ofSettled ? 'SETTLED' : 'NOT_SETTLED');
      expect(body.detail).toContain(ofSettled ? 'no certificate of generation 3' : 'The date is not settled.');
    },
  );
});
