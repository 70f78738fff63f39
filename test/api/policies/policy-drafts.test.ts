/** Drafts of fee policies over HTTP: written, checked, applied, discarded; and the policies that are stored. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '../../../scripts/chaos/magam.mjs';
import { makeAccount } from '../../support/accounts.js';
import { Operating } from '../../support/operating.js';
import { runnersHere } from '../../support/runner-here.js';
import { createSettledDate, DAY, NEXT_DAY, type SettledDate } from '../../support/settled-date.js';
import { leadElsewhere } from '../../support/tasks.js';
import { asCheck } from '../../support/what-if-answer.js';

let settled: SettledDate;
let scene: Operating;
const runners = runnersHere();
beforeAll(async () => {
  settled = await createSettledDate();
  scene = await Operating.create(settled.database);
  await leadElsewhere(settled.database.db);
});
afterAll(() => scene.end());

let codes = 0;
const policy = (rest: object = {}) => {
  codes += 1;
  return {
    code: `draft-${codes}`,
    scope: { seller: `seller-${codes}` },
    currency: 'KRW',
    effectiveFrom: '2026-07-01',
    commission: { components: [{ type: 'percent', rate: '7.5' }] },
    ...rest,
  };
};
const create = (policies: readonly unknown[], headers: Record<string, string> = {}) =>
  scene.call('POST', '/v1/policy-drafts', { name: 'a draft', policies }, headers);
async function created(
  policies: readonly unknown[] = [policy()],
): Promise<{ address: string; id: number; etag: string }> {
  const { status, headers, body } = await create(policies);
  expect(status).toBe(201);
  return { address: headers.get('location') ?? '', id: body.draftId, etag: headers.get('etag') ?? '' };
}
async function audited(draftId: number): Promise<string[]> {
  const [rows] = await settled.database.db.raw(
    `SELECT action FROM audit_log WHERE subject_type = 'policy-draft' AND subject_id = ? ORDER BY audit_id`,
    [String(draftId)],
  );
  return (rows as { action: string }[]).map(({ action }) => action);
}

describe('a draft', () => {
  it('is written with every default spelled out, read, rewritten and discarded', async () => {
    const { address, id, etag } = await created();
    const shown = await scene.call('GET', address);
    expect(shown.headers.get('etag')).toBe(etag);
    expect(shown.body).toMatchObject({
      draftId: id,
      status: 'DRAFT',
      version: 1,
      policyCount: 1,
      conflicts: [],
      endedAt: null,
    });
    expect(shown.body.policies[0]).toMatchObject({ version: 1, effectiveTo: null, vat: { mode: 'none' } });

    const two = { name: 'two', policies: [policy(), policy()] };
    const edited = await scene.call('PUT', address, two, { 'If-Match': etag });
    expect(edited).toMatchObject({ status: 200, body: { name: 'two', version: 2, policyCount: 2 } });
    const late = await scene.call('PUT', address, two, { 'If-Match': etag });
    expect(late).toMatchObject({ status: 412, body: { code: 'VERSION_CONFLICT' } });
    expect((await scene.call('DELETE', address, undefined, { 'If-Match': etag })).status).toBe(412);

    expect((await scene.call('DELETE', address)).status).toBe(204);
    expect((await scene.call('GET', address)).body).toMatchObject({ status: 'DISCARDED', endedAt: expect.any(String) });
    for (const [method, path, body] of [
      ['PUT', '', two],
      ['DELETE', '', undefined],
      ['POST', '/apply', undefined],
      ['POST', '/checks', { date: DAY }],
    ] as const) {
      expect((await scene.call(method, address + path, body)).body.code).toBe('POLICY_DRAFT_CLOSED');
    }
    expect(await audited(id)).toEqual(['policy-draft.create', 'policy-draft.edit', 'policy-draft.discard']);
  });

  it('with faults is refused, each named by its place in the body', async () => {
    const bad = [
      policy({ currency: 'XXQ' }),
      policy({ commission: { components: [{ type: 'percent', rate: '101' }], max: '1', min: '2' } }),
      policy({ 'what is/this~': 1 }),
    ];
    const refused = await create(bad);
    expect(refused).toMatchObject({ status: 422, body: { code: 'POLICY_FILE_INVALID' } });
    const { details, errors } = refused.body;
    expect(details.faults.map(({ path, code }: { path: string; code: string }) => [path, code])).toEqual([
      ['policies[0].currency', 'CURRENCY_UNKNOWN'],
      ['policies[1].commission.components[0].rate', 'RATE_INVALID'],
      ['policies[1].commission.max', 'POLICY_INVALID'],
      ['policies[2]["what is/this~"]', 'POLICY_INVALID'],
    ]);
    expect(errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual([
      '#/policies/0/currency',
      '#/policies/1/commission/components/0/rate',
      '#/policies/1/commission/max',
      '#/policies/2/what%20is~1this~0',
    ]);
    expect((await scene.call('POST', '/v1/policy-drafts', { name: '', policies: [] })).body.code).toBe(
      'REQUEST_INVALID',
    );
    expect((await scene.call('POST', '/v1/policy-drafts', { policies: [] })).body.code).toBe('REQUEST_INVALID');
  });

  it.each([
    ['deeply nested', `{"name":"x","policies":[${'['.repeat(60_000)}${']'.repeat(60_000)}]}`],
    ['deep in a part', `{"name":"x","policies":[{"scope":${'{"a":'.repeat(30_000)}1${'}'.repeat(30_000)}}]}`],
    ['of prototypes', '{"name":"x","policies":[{"__proto__":{"code":"x"},"constructor":{"prototype":{}}}]}'],
    ['of many faults', `{"name":"x","policies":[${Array(20_000).fill('1').join(',')}]}`],
    ['of many parts', `{"name":"x","policies":[{"commission":{"components":[${Array(60_000).fill('1').join(',')}]}}]}`],
    ['of strange keys', '{"name":"x","policies":[{"\\ud800":1,"a]\\"[0].b":2,"":3}]}'],
    ['of huge numbers', '{"name":"x","policies":[{"version":1e999,"code":"a","currency":"KRW"}]}'],
  ])('that is hostile (%s) is refused like each of the others', async (_what, body) => {
    const answer = await scene.api.call('POST', '/v1/policy-drafts', {
      token: scene.token,
      body,
      headers: { 'Content-Type': 'application/json' },
    });
    expect(answer.status).toBeLessThan(500);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.text.length).toBeLessThan(300_000);
  });

  it('tells what it conflicts with, and cannot be applied then', async () => {
    const { address, id } = await created([policy({ code: 'clash', scope: { category: '패션' } })]);
    const { body } = await scene.call('GET', address);
    expect(body.conflicts).toMatchObject([{ path: 'policies[0]', code: 'POLICY_OVERLAP' }]);
    expect(await scene.call('POST', `${address}/apply`)).toMatchObject({
      status: 409,
      body: { code: 'POLICY_OVERLAP' },
    });
    expect((await scene.call('GET', address)).body.status).toBe('DRAFT');
    expect(await audited(id)).toEqual(['policy-draft.create']);
  });

  it('tells no more conflicts than anybody reads', async () => {
    const scope = { seller: 'one-for-all' };
    const { address } = await created(Array.from({ length: 500 }, () => policy({ scope })));
    expect((await scene.call('GET', address)).body.conflicts).toHaveLength(200);
    const refused = await scene.call('POST', `${address}/apply`);
    expect(refused.body).toMatchObject({ code: 'POLICY_OVERLAP' });
    expect(refused.body.details.faults).toHaveLength(200);
    expect((await create(Array.from({ length: 501 }, () => policy()))).body.code).toBe('REQUEST_INVALID');
  });

  it('is listed by status, newest first', async () => {
    const ids = [(await created()).id, (await created()).id, (await created()).id];
    const first = await scene.call('GET', '/v1/policy-drafts?status=DRAFT&limit=2');
    expect(first.body.items.map(({ draftId }: { draftId: number }) => draftId)).toEqual([ids[2], ids[1]]);
    const next = await scene.call('GET', `/v1/policy-drafts?status=DRAFT&limit=2&cursor=${first.body.nextCursor}`);
    expect(next.body.items[0].draftId).toBe(ids[0]);
    expect((await scene.call('GET', `/v1/policy-drafts?cursor=${first.body.nextCursor}`)).body.code).toBe(
      'CURSOR_INVALID',
    );
  });

  it('is not found under another id', async () => {
    for (const [method, path, body] of [
      ['GET', '', undefined],
      ['PUT', '', { name: 'x', policies: [] }],
      ['DELETE', '', undefined],
      ['POST', '/apply', undefined],
      ['POST', '/checks', { date: DAY }],
      ['GET', '/checks', undefined],
    ] as const) {
      expect((await scene.call(method, `/v1/policy-drafts/999999${path}`, body)).body.code).toBe(
        'POLICY_DRAFT_NOT_FOUND',
      );
    }
  });

  it('is for operators', async () => {
    const { token } = await makeAccount(settled.database.db, 'seller', { sellerId: 'seller-000001' });
    for (const path of [
      '/v1/policy-drafts',
      '/v1/policies',
      '/v1/policies/kwd',
      '/v1/policy-drafts/1',
      '/v1/policy-drafts/1/checks/1/lines',
    ]) {
      expect((await scene.api.call('GET', path, { token })).status).toBe(403);
    }
  });
});

describe('applying a draft', () => {
  it('stores its versions and ends those before, once', async () => {
    const first = policy();
    const one = await created([first]);
    const key = { 'Idempotency-Key': 'apply-once', 'If-Match': one.etag };
    const applied = await scene.call('POST', `${one.address}/apply`, undefined, key);
    expect(applied).toMatchObject({
      status: 200,
      body: {
        draft: { status: 'APPLIED', version: 2 },
        applied: [{ code: first.code, version: 1 }],
        unchanged: [],
        ended: [],
        checked: null,
      },
    });
    const again = await scene.call('POST', `${one.address}/apply`, undefined, key);
    expect(again.body).toEqual(applied.body);
    expect((await scene.call('POST', `${one.address}/apply`)).body.code).toBe('POLICY_DRAFT_CLOSED');

    const two = await created([first, { ...first, version: 2, effectiveFrom: '2026-09-01' }]);
    const succeeded = await scene.call('POST', `${two.address}/apply`);
    expect(succeeded.body).toMatchObject({
      applied: [{ code: first.code, version: 2 }],
      unchanged: [{ code: first.code, version: 1 }],
      ended: [{ code: first.code, version: 1, endsOn: '2026-08-31', byVersion: 2 }],
    });
    const shown = await scene.call('GET', `/v1/policies/${first.code}`);
    expect(shown.body.versions).toMatchObject([
      {
        version: 1,
        inForceThrough: '2026-08-31',
        endedByVersion: 2,
        scope: first.scope,
        definition: { code: first.code },
      },
      { version: 2, inForceThrough: null, endedByVersion: null },
    ]);
    const immutable = await created([{ ...first, effectiveFrom: '2026-07-02' }]);
    expect((await scene.call('POST', `${immutable.address}/apply`)).body.code).toBe('POLICY_IMMUTABLE');
    expect(await audited(two.id)).toEqual(['policy-draft.create', 'policy-draft.apply']);
  });

  it('is refused when the draft has changed since it was read', async () => {
    const { address, etag } = await created();
    await scene.call('PUT', address, { name: 'changed', policies: [policy()] });
    expect((await scene.call('POST', `${address}/apply`, undefined, { 'If-Match': etag })).status).toBe(412);
    expect((await scene.call('GET', address)).body.status).toBe('DRAFT');
  });
});

describe('the stored policies', () => {
  it('are listed by code and version, filtered', async () => {
    const list = async (query: string) => {
      const items: { code: string; version: number; currency: string; scope: { seller: string | null } }[] = [];
      for (let cursor: string | null = ''; cursor !== null; ) {
        const { status, body } = await scene.call(
          'GET',
          `/v1/policies?limit=3${query}${cursor === '' ? '' : `&cursor=${cursor}`}`,
        );
        expect(status).toBe(200);
        items.push(...body.items);
        cursor = body.nextCursor;
      }
      return items;
    };
    const all = await list('');
    expect(all.length).toBeGreaterThan(10);
    const keys = all.map(({ code, version }) => `${code} ${String(version).padStart(5, '0')}`);
    expect(keys).toEqual([...new Set(keys)].sort());
    expect((await list('&currency=KWD')).map(({ code }) => code)).toEqual(['kwd']);
    expect((await list('&sellerId=seller-000001')).map(({ code }) => code)).toEqual(['seed-largest-seller']);
    expect(await list('&inForceOn=1969-12-31')).toEqual([]);
    expect((await list('&inForceOn=2026-04-01')).map(({ code }) => code)).toContain('seed-standard');
    expect((await scene.call('GET', '/v1/policies?currency=won')).status).toBe(400);
    expect((await scene.call('GET', '/v1/policies/nobody')).body.code).toBe('POLICY_NOT_FOUND');
  });
});

describe('a check', () => {
  const endOf = (check: string) =>
    until(async () => {
      const { body } = await scene.call('GET', check);
      return body.endedAt === null ? undefined : body;
    }, 'the check has ended');
  /** Page by page. */
  async function linesOf(check: string) {
    const lines = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const { body } = await scene.call('GET', `${check}/lines?limit=7${cursor === '' ? '' : `&cursor=${cursor}`}`);
      lines.push(...body.items);
      cursor = body.nextCursor;
    }
    return lines;
  }

  it('is requested, carried out and shown with its lines; applying the draft tells that there was one', async () => {
    const { address } = await created([
      policy({ code: 'everybody', scope: { seller: 'seller-000001' }, currency: 'USD' }),
      policy({ scope: { category: '도서' } }),
    ]);
    const asked = await scene.call('POST', `${address}/checks`, { date: DAY });
    expect(asked).toMatchObject({
      status: 202,
      body: { status: 'REQUESTED', date: DAY, dates: 'ALWAYS', draftVersion: 1, touched: null, totals: [] },
    });
    const check = asked.headers.get('location') ?? '';
    runners.start(scene.database.url);
    const shown = await endOf(check);
    expect(shown).toMatchObject({ status: 'COMPLETED', error: null, refused: 0 });
    expect(shown.touched).toBeGreaterThan(0);
    const lines = await linesOf(check);
    expect(lines.length).toBe(shown.touched);
    const net = lines.reduce((sum, { before, after }) => sum + after.figures.netMinor - before.figures.netMinor, 0);
    expect(
      shown.totals.reduce((sum: number, one: { difference: { netMinor: number } }) => sum + one.difference.netMinor, 0),
    ).toBe(net);
    const seller = lines[0].sellerId;
    const own = await scene.call('GET', `${check}/lines?limit=200&sellerId=${seller}`);
    expect(own.body.items).toEqual(lines.filter(({ sellerId }) => sellerId === seller));
    expect((await scene.call('GET', `${address}/checks`)).body.items).toMatchObject([
      { checkId: shown.checkId, touched: shown.touched },
    ]);

    expect((await scene.call('POST', `${address}/apply`)).body).toMatchObject({
      checked: { checkId: shown.checkId, date: DAY },
    });
  });

  it('of a range of dates comes to what `magam whatif` finds of the same draft', async () => {
    const policies = [
      policy({ scope: { category: '식품' } }),
      policy({ scope: { seller: 'seller-000002' }, currency: 'USD' }),
      policy({ scope: { seller: 'S-KWD' }, currency: 'KWD' }), // of the supplement alone
    ].map((one, i) => (i === 0 ? { ...one, code: 'seed-food', version: 2 } : one));
    const { address } = await created(policies);
    const asked = await scene.call('POST', `${address}/checks`, { date: DAY, to: NEXT_DAY });
    expect(asked).toMatchObject({ status: 202, body: { date: DAY, to: NEXT_DAY, dates: 'ALWAYS' } });
    const check = asked.headers.get('location') ?? '';
    runners.start(scene.database.url);
    const shown = await endOf(check);
    expect(shown).toMatchObject({ status: 'COMPLETED', date: DAY, to: NEXT_DAY });

    const folder = mkdtempSync(join(tmpdir(), 'magam-draft-'));
    writeFileSync(join(folder, 'draft.json'), JSON.stringify({ policies }));
    const words = ['--policies', join(folder, 'draft.json'), '--from', DAY, '--to', NEXT_DAY, '--top', '20', '--json'];
    const found = JSON.parse(await scene.magam('whatif', ...words));
    rmSync(folder, { recursive: true });
    expect(shown).toMatchObject(asCheck(found));

    // The draft touches lines of both dates, of two certificates of the first, and refunds.
    expect(shown.totals.map(({ currency }: { currency: string }) => currency)).toEqual(
      expect.arrayContaining(['KRW', 'KWD']),
    );
    expect(shown.totals.every(({ refunds }: { refunds: number }) => refunds > 0)).toBe(true);
    expect(new Set((await linesOf(check)).map(({ settledOn }) => settledOn))).toEqual(new Set([DAY, NEXT_DAY]));
  });

  it('is refused for a date that is not closed, and not found under another draft', async () => {
    const { address } = await created();
    expect((await scene.call('POST', `${address}/checks`, { date: '2031-01-01' })).body.code).toBe('DATE_NOT_CLOSED');
    expect((await scene.call('POST', `${address}/checks`, { date: DAY, dates: 'NEVER' })).body.code).toBe(
      'REQUEST_INVALID',
    );
    const asked = await scene.call('POST', `${address}/checks`, { date: DAY, dates: 'AS_STATED' });
    const other = await created();
    for (const path of ['', '/lines']) {
      const answer = await scene.call('GET', `${other.address}/checks/${asked.body.checkId}${path}`);
      expect(answer.body.code).toBe('POLICY_CHECK_NOT_FOUND');
    }
  });
});
