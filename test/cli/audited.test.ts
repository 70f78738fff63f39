/** What the command line checks and applies is in the audit log. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { listAudit } from '../../infra/stores/audit-log.js';
import type { TestDatabase } from '../support/database.js';
import { magam } from '../support/magam.js';
import { createSmallDay, SMALL_DAY } from '../support/small-day.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createSmallDay();
});
afterAll(() => database.drop());

const entries = async (action: string) => (await listAudit(database.db, { action }, 10)).reverse();

it('a verification, with what came of it', async () => {
  expect((await magam(database.url, ['verify', '--date', SMALL_DAY])).code).toBe(0);
  await database.db.raw(`UPDATE settlement_line SET net = net + 1000 WHERE settled_on = '${SMALL_DAY}' LIMIT 1`);
  const differs = await magam(database.url, ['verify', '--from', SMALL_DAY, '--to', SMALL_DAY]);
  expect(differs.code).toBe(4);
  const [first, second] = await entries('date.verify');
  expect(first).toMatchObject({ subjectType: 'date', subjectId: SMALL_DAY, actorUserName: expect.any(String) });
  expect(first?.after).toMatchObject({ ok: true });
  expect(second?.after).toMatchObject({ ok: false, changes: [expect.stringContaining(' → ')] });
});

it('a verification of the stock', async () => {
  expect((await magam(database.url, ['stock', 'verify'])).code).toBe(0);
  expect(await entries('stock.verify')).toMatchObject([{ subjectType: 'stock', after: { ok: true } }]);
});

it('policies that are applied, and nothing where a file changes nothing', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'magam-policies-')), 'policies.json');
  const policy = (version: number, effectiveFrom: string) => ({
    code: 'audited',
    version,
    scope: { seller: 'S-audited' },
    currency: 'KRW',
    effectiveFrom,
    effectiveTo: null,
    commission: { components: [{ type: 'percent', rate: '5' }] },
  });
  writeFileSync(file, JSON.stringify({ policies: [policy(1, '2027-01-01')] }));
  for (const _time of [1, 2]) expect((await magam(database.url, ['policies', 'apply', file])).code).toBe(0);
  writeFileSync(file, JSON.stringify({ policies: [policy(2, '2027-02-01')] }));
  expect((await magam(database.url, ['policies', 'apply', file])).code).toBe(0);
  const subject = { type: 'policy', id: 'audited' };
  const applied = await listAudit(database.db, { action: 'policy.apply', subject }, 10);
  expect(applied.reverse()).toMatchObject([
    { subjectType: 'policy', subjectId: 'audited', before: null, after: { version: 1, file: 'policies.json' } },
    { before: { version: 1, endsOn: '2027-01-31' }, after: { version: 2 } },
  ]);
});
