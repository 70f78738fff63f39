/** Verifications over HTTP: asked for, carried out by a runner, followed, listed. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Verification } from '../../../batch/jobs/verify/verify-date.js';
import { until } from '../../../scripts/chaos/magam.mjs';
import { makeAccount } from '../../support/accounts.js';
import { magamJson } from '../../support/magam.js';
import { Operating } from '../../support/operating.js';
import { runnersHere } from '../../support/runner-here.js';
import { createSettledDate, DAY, NEXT_DAY, type SettledDate } from '../../support/settled-date.js';
import { leadElsewhere } from '../../support/tasks.js';

let settled: SettledDate;
let scene: Operating;
const runners = runnersHere();
beforeAll(async () => {
  settled = await createSettledDate();
  scene = await Operating.create(settled.database);
  await leadElsewhere(settled.database.db);
});
afterAll(() => scene.end());

const ask = (date: string, headers: Record<string, string> = {}) =>
  scene.call('POST', '/v1/verifications', { date }, headers);

async function ended(address: string) {
  return until(async () => {
    const { body } = await scene.call('GET', address);
    return body.endedAt === null ? undefined : body;
  }, `${address} has ended`);
}

describe('a verification', () => {
  it('is asked for, waits, is carried out and has the checks of the command', async () => {
    const asked = await ask(DAY);
    expect(asked.status).toBe(202);
    const address = asked.headers.get('location') ?? '';
    expect(address).toBe(`/v1/verifications/${asked.body.verificationId}`);
    expect(asked.body).toMatchObject({ date: DAY, status: 'REQUESTED', checks: null, ok: null, startedAt: null });
    runners.start(scene.database.url);
    const shown = await ended(address);
    const { document } = await magamJson<Verification>(scene.database.url, ['verify', '--date', DAY]);
    expect(shown).toMatchObject({ status: 'COMPLETED', ok: true, error: null, checks: document.checks });
    expect(shown.progress).toEqual({ done: document.lines, total: document.lines });
    expect(shown).toMatchObject({ lines: document.lines, generations: 2 });
    const { items } = (
      await scene.call('GET', `/v1/audit-log?action=date.verify&subject=date:${DAY}&order=oldest-first`)
    ).body;
    expect(items[0]).toMatchObject({
      actorAccountId: expect.any(Number),
      after: { verificationId: asked.body.verificationId },
    });
  });

  it('says where stored data were changed', async () => {
    const { entry_id: entry } = await settled.someSale();
    const set = (by: string) =>
      settled.database.db.raw(
        `UPDATE settlement_line SET fee = fee ${by} WHERE settled_on = ? AND leg = 0 AND entry_id = ?`,
        [DAY, entry],
      );
    await set('+ 1');
    runners.start(scene.database.url);
    const shown = await ended((await ask(DAY)).headers.get('location') ?? '');
    await set('- 1');
    expect(shown).toMatchObject({ status: 'COMPLETED', ok: false });
    const failed = shown.checks
      .filter((check: { ok: boolean }) => !check.ok)
      .map((check: { name: string }) => check.name);
    expect(failed).toContain('line-replay');
    const listed = await scene.call('GET', '/v1/verifications?limit=1');
    expect(listed.body.items).toMatchObject([{ ok: false, date: DAY }]);
  });

  it('is the same under the same key, and a new one without', async () => {
    const key = { 'Idempotency-Key': 'verify-once' };
    const [first, again] = [await ask(NEXT_DAY, key), await ask(NEXT_DAY, key)];
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect((await ask(DAY, key)).body.code).toBe('IDEMPOTENCY_KEY_REUSED');
    expect((await ask(NEXT_DAY)).body.verificationId).not.toBe(first.body.verificationId);
  });

  it('is refused for a date without a certificate, and not found under another id', async () => {
    expect(await ask('2031-01-01')).toMatchObject({ status: 409, body: { code: 'DATE_NOT_CLOSED' } });
    expect(await ask('2031-02-30')).toMatchObject({ status: 400, body: { code: 'REQUEST_INVALID' } });
    expect((await scene.call('GET', '/v1/verifications/999999')).body.code).toBe('VERIFICATION_NOT_FOUND');
    expect((await scene.call('GET', '/v1/verifications/x')).body.code).toBe('ROUTE_NOT_FOUND');
  });

  it('is listed by date, page by page', async () => {
    for (let i = 0; i < 3; i += 1) await ask(NEXT_DAY);
    const seen: number[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const { body } = await scene.call('GET', `/v1/verifications?date=${NEXT_DAY}&limit=2${query}`);
      for (const item of body.items) expect(item.date).toBe(NEXT_DAY);
      seen.push(...body.items.map((item: { verificationId: number }) => item.verificationId));
      cursor = body.nextCursor;
    }
    expect(seen.length).toBeGreaterThanOrEqual(3);
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => b - a));
    expect((await scene.call('GET', `/v1/verifications?date=${DAY}&cursor=bm9uZQ`)).body.code).toBe('CURSOR_INVALID');
  });

  it('is for operators', async () => {
    for (const role of ['buyer', 'seller'] as const) {
      const { token } = await makeAccount(
        settled.database.db,
        role,
        role === 'seller' ? { sellerId: 'seller-000001' } : {},
      );
      for (const [method, path, body] of [
        ['POST', '/v1/verifications', { date: DAY }],
        ['GET', '/v1/verifications', undefined],
      ] as const) {
        expect((await scene.api.call(method, path, { token, body })).status).toBe(403);
      }
    }
    expect((await scene.api.call('GET', '/v1/verifications')).status).toBe(401);
  });
});
