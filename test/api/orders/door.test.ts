/** Confirmations over HTTP while a real settle process shuts the door of their date: one before it, one behind it, each settled once. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { select } from '../../../infra/database.js';
import { addDays } from '../../../kernel/business-date.js';
import { environment, runMagam, startMagam } from '../../../scripts/chaos/magam.mjs';
import { checkOut, deliver, makeUnit, pay } from '../../core/orders/order-scene.js';
import { makeAccount } from '../../support/accounts.js';
import { type ApiProcess, spawnApi } from '../../support/api.js';
import { createTestDatabase, inStatement, type TestDatabase } from '../../support/database.js';

const folder = mkdtempSync(join(tmpdir(), 'magam-door-'));
const gates = { server: join(folder, 'server'), settle: join(folder, 'settle') };
let database: TestDatabase;
let server: ApiProcess;
let token: string;
beforeAll(async () => {
  database = await createTestDatabase();
  token = (await makeAccount(database.db, 'operator')).token;
  server = await spawnApi(database.url, { MAGAM_FAULT: `call.before-commit:wait:1:${gates.server}` });
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
  await database.drop();
});

async function delivered(quantity: number): Promise<number> {
  const { db } = database;
  const { checkoutId, orders } = await checkOut(db, [{ unitId: await makeUnit(db, 'S1'), quantity }]);
  const orderId = orders[0]?.orderId ?? 0;
  await pay(db, checkoutId);
  await deliver(db, orderId);
  return orderId;
}
const confirm = (orderId: number) =>
  server.call('POST', `/v1/orders/${orderId}/confirmation`, { token, headers: { 'Idempotency-Key': `c-${orderId}` } });
const magam = (args: readonly string[]) => runMagam(args, environment(database.url));

it('waits for confirmations that have begun, and later ones are settled on the next date', async () => {
  const { db } = database;
  const policy = { code: 'standard', scope: {}, currency: 'KRW', effectiveFrom: '2020-01-01' };
  const commission = { components: [{ type: 'percent', rate: '8.5' }] };
  const file = join(folder, 'policies.json');
  writeFileSync(file, JSON.stringify({ policies: [{ ...policy, commission }] }));
  expect(await magam(['policies', 'apply', file])).toMatchObject({ code: 0 });
  const [early, late] = [await delivered(3), await delivered(2)];

  const beginning = confirm(early);
  await server.says('FAULT call.before-commit');
  const today = ['--date', 'today'];
  const settling = startMagam(
    ['settle', ...today, '--allow-unfinished-day', '--workers', '1', '--json'],
    environment(database.url, { MAGAM_FAULT: `run.planned:wait:1:${gates.settle}` }),
  );
  await inStatement(db, '%business_date%FOR UPDATE%');
  writeFileSync(gates.server, '');
  expect((await beginning).body.status).toBe('CONFIRMED');
  await settling.says('FAULT run.planned');
  expect((await confirm(late)).body.status).toBe('CONFIRMED');
  writeFileSync(gates.settle, '');
  expect((await settling.ended).json()).toMatchObject({ status: 'COMPLETED', lines: 1, totals: [{ net: 27_450 }] });

  const entries = await select<{ orderId: string; occurredOn: string; settledOn: string }>(
    db,
    'SELECT order_id AS orderId, occurred_on AS occurredOn, settled_on AS settledOn FROM sale_entry ORDER BY settled_on',
  );
  const { occurredOn: date = '' } = entries[0] ?? {};
  expect(entries).toEqual([
    { orderId: `magam:o:${early}`, occurredOn: date, settledOn: date },
    { orderId: `magam:o:${late}`, occurredOn: date, settledOn: addDays(date, 1) },
  ]);
  expect(await magam(['verify', '--date', date])).toMatchObject({ code: 0 });
  expect((await magam(['explain', `magam:o:${early}`, '1'])).stdout).toContain('27,450');
  const lines = await magam(['lines', '--date', date, '--format', 'csv']);
  expect(lines.stdout.split('\n').filter((line) => line.startsWith('magam:o:'))).toHaveLength(1);
});
