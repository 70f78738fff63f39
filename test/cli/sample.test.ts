/** `magam sample`: what it makes is settled and verified by the other commands; its tokens; what it refuses. */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { magam, magamJson } from '../support/magam.js';

let database: TestDatabase;
let folder: string;
beforeAll(async () => {
  database = await createTestDatabase();
  folder = mkdtempSync(join(tmpdir(), 'magam-sample-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await database?.drop();
});

const small = ['--sellers', '5', '--products', '60'];

it('makes a shop whose stock is right and whose day is settled and verified', async () => {
  const { url } = database;
  const file = join(folder, 'tokens.json');
  const made = await magam(url, ['sample', ...small, '--buyers', '4', '--tokens', file]);
  expect(made).toMatchObject({ code: 0 });
  expect(made.stdout).toContain('54 checkouts');
  const tokens = JSON.parse(readFileSync(file, 'utf8')) as { email: string; accessToken: string }[];
  expect(tokens.map(({ email }) => email)).toEqual([1, 2, 3, 4].map((n) => `buyer-00000${n}@magam.example`));
  expect(new Set(tokens.map(({ accessToken }) => accessToken)).size).toBe(4);
  expect(statSync(file).mode & 0o777).toBe(0o600);

  const again = await magamJson<{ shop: object; tokens: null }>(url, ['sample', ...small]);
  expect(again).toMatchObject({ code: 0, document: { shop: { stockedUnits: 0, checkouts: 0 }, tokens: null } });
  expect(await magam(url, ['stock', 'verify'])).toMatchObject({ code: 0 });
  const today = ['--date', 'today'];
  const settled = await magamJson<{ lines: number; refunds: number; parked: number }>(url, [
    'settle',
    ...today,
    '--allow-unfinished-day',
    '--workers',
    '1',
  ]);
  expect(settled).toMatchObject({ code: 0, document: { lines: expect.any(Number), exceptions: 0 } });
  expect(settled.document.lines).toBeGreaterThan(10);
  expect(settled.document.refunds).toBeGreaterThan(5);
  expect((await magamJson<{ ok: boolean }>(url, ['verify', ...today])).document.ok).toBe(true);
});

it.each([
  ['--tokens without buyers', ['--tokens', 'x.json'], 2, 'USAGE'],
  ['a file nowhere', ['--buyers', '1', '--tokens', '/no/such/folder/x.json'], 1, 'FILE_UNWRITABLE'],
  ['too many buyers', ['--buyers', '100001'], 2, 'USAGE'],
  ['too many orders', ['--orders', '-1'], 2, 'USAGE'],
])('refuses %s', async (_name, args, code, error) => {
  const refused = await magam(database.url, ['sample', ...small, ...args]);
  expect(refused.code).toBe(code);
  expect(refused.stderr).toContain(error);
});

it('is refused in production', async () => {
  const refused = await magam(database.url, ['sample', ...small], { NODE_ENV: 'production' });
  expect(refused).toMatchObject({ code: 2 });
  expect(refused.stderr).toContain('CONFIG_INVALID');
});
