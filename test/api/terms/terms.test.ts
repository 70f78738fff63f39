/** Terms of sellers over HTTP: applied by operators, listed, shown on a date, and on record. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeAccount } from '../../support/accounts.js';
import { Operating } from '../../support/operating.js';

let scene: Operating;
beforeAll(async () => {
  scene = await Operating.create();
});
afterAll(() => scene?.end());

const version = (rest: object = {}) => ({
  effectiveFrom: '2026-01-01',
  cycle: { type: 'weekly', closesOn: 'sunday' },
  delay: { businessDays: 3 },
  ...rest,
});
const apply = (terms: readonly unknown[], headers: Record<string, string> = {}) =>
  scene.call('POST', '/v1/terms', { terms }, headers);
const applyTo = (seller: string, body: unknown, headers: Record<string, string> = {}) =>
  scene.call('POST', `/v1/sellers/${encodeURIComponent(seller)}/terms`, body, headers);
const audited = async (): Promise<unknown[]> => {
  const { body } = await scene.call('GET', '/v1/audit-log?limit=200');
  return (body.items as { action: string; after: unknown }[]).filter(({ action }) => action === 'terms.apply');
};

describe('terms', () => {
  it('of all sellers and of one are applied once, listed and on record', async () => {
    const general = version({ seller: null });
    const first = await apply([general], { 'Idempotency-Key': 'terms-1' });
    const applied = { revision: 1, applied: [{ seller: null, version: 1 }], unchanged: [] };
    expect([first.status, first.body]).toEqual([200, applied]);
    expect((await apply([general], { 'Idempotency-Key': 'terms-1' })).body).toEqual(applied);
    expect((await apply([general])).body).toEqual({ revision: 1, applied: [], unchanged: applied.applied });
    const own = await applyTo(
      'S 1',
      version({ effectiveFrom: '2026-09-10', cycle: { type: 'daily' }, delay: { businessDays: 1 } }),
    );
    expect([own.status, own.body]).toEqual([
      200,
      { revision: 2, applied: [{ seller: 'S 1', version: 1 }], unchanged: [] },
    ]);
    expect((await audited()).length).toBe(2);

    const page = await scene.call('GET', '/v1/terms?limit=1');
    expect(page.body.items).toMatchObject([
      { seller: null, version: 1, revision: 1, definition: { holidayRule: 'after' } },
    ]);
    const next = await scene.call('GET', `/v1/terms?limit=1&cursor=${page.body.nextCursor}`);
    expect(next.body).toMatchObject({
      items: [{ seller: 'S 1', version: 1, appliedBy: expect.stringMatching(/^account \d+$/) }],
      nextCursor: null,
    });
  });

  it('are shown on a date, with its period', async () => {
    const at = async (date: string) => (await scene.call('GET', `/v1/sellers/S%201/terms?at=${date}`)).body;
    expect(await at('2026-09-23')).toMatchObject({
      sellerId: 'S 1',
      at: '2026-09-23',
      inForceFrom: '2026-09-10',
      inForceThrough: null,
      terms: { seller: 'S 1', definition: { delay: { businessDays: 1 } } },
      period: { from: '2026-09-23', closesOn: '2026-09-23', payoutOn: '2026-09-28', cut: false, calendarVersion: 1 },
      versions: [{ version: 1 }],
    });
    expect(await at('2026-09-09')).toMatchObject({
      terms: { seller: null },
      period: { from: '2026-09-07', cut: true },
    });
    expect((await scene.call('GET', '/v1/sellers/S2/terms')).body).toMatchObject({
      terms: { seller: null },
      versions: [],
    });
  });

  it('are refused with every place of the body named, and nothing is stored', async () => {
    const wrong = await apply([version({ seller: null, delay: {} }), version({ seller: 'S2', clawback: [] }), 7]);
    expect([wrong.status, wrong.body.code]).toEqual([422, 'TERMS_FILE_INVALID']);
    expect(wrong.body.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual([
      '#/terms/0/delay',
      '#/terms/1/clawback',
      '#/terms/2',
    ]);
    const one = await applyTo('S2', version({ seller: 'S3', version: 0 }));
    expect(one.body.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual(['#/seller', '#/version']);
    expect((await applyTo('S2', [])).status).toBe(400);
    expect((await apply([])).body).toMatchObject({ code: 'TERMS_FILE_INVALID', errors: [{ pointer: '#/terms' }] });
    expect((await scene.call('GET', '/v1/terms')).body.items.length).toBe(2);
  });

  it('that contradict stored ones are refused', async () => {
    const immutable = await applyTo('S 1', version());
    expect([immutable.status, immutable.body.code]).toEqual([409, 'TERMS_IMMUTABLE']);
    const early = await applyTo('S 1', version({ version: 2, effectiveFrom: '2026-09-10' }));
    expect([early.status, early.body.code]).toEqual([409, 'TERMS_OUT_OF_ORDER']);
    const missing = await scene.call('GET', '/v1/sellers/S2/terms?at=2025-12-31');
    expect([missing.status, missing.body.code]).toEqual([404, 'TERMS_MISSING']);
  });

  it('applied at once by two operators end in one version', async () => {
    const hold = (reason: string) => applyTo('S9', version({ hold: { reason } }));
    const answers = await Promise.all([hold('one'), hold('two')]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
  });

  it('are the business of staff', async () => {
    const { token } = await makeAccount(scene.database.db, 'seller', { sellerId: 'S1' });
    for (const path of ['/v1/terms', '/v1/sellers/S1/terms']) {
      const answers = [
        await scene.api.call('GET', path, { token }),
        await scene.api.call('POST', path, { token, body: { terms: [] } }),
      ];
      expect(answers.map(({ status }) => status)).toEqual([403, 403]);
    }
  });
});
