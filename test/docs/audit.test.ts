/** The document of the certificate is enough: a program in another language, written after it, finds a database as it was certified, or names what is not. */
import { execFile, execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createSettledDate, DAY, type SettledDate } from '../support/settled-date.js';
import { ShelvedRows } from '../support/shelved-rows.js';

const script = fileURLToPath(new URL('../../docs/audit_certificate.py', import.meta.url));

/** The first of these programs that this machine has. Without one the test fails: it must not pass unseen. */
function programOf(...names: string[]): string {
  for (const name of names) {
    try {
      execFileSync(name, ['--version'], { stdio: 'ignore' });
      return name;
    } catch {
      // the next one
    }
  }
  throw new Error(`this test needs one of: ${names.join(', ')}`);
}

let date: SettledDate;
let command: readonly [string, readonly string[], string];
beforeAll(async () => {
  const [python, client] = [programOf('python3', 'python'), programOf('mariadb', 'mysql')];
  date = await createSettledDate({ parked: true });
  const { hostname, port, username, password, pathname } = new URL(date.database.url);
  const where = [`--host=${hostname}`, `--port=${port}`, `--user=${username}`, '--protocol=TCP', pathname.slice(1)];
  command = [python, [script, client, ...where], decodeURIComponent(password)];
});
afterAll(() => date.database.drop());

async function audit(): Promise<{ code: number; stdout: string }> {
  const [python, args, password] = command;
  try {
    const { stdout } = await promisify(execFile)(python, args, { env: { ...process.env, MYSQL_PWD: password } });
    return { code: 0, stdout };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, stdout: `${stdout}${stderr}` };
  }
}

it('finds an untouched database as it was certified', async () => {
  expect(await audit()).toEqual({ code: 0, stdout: '3 certificates, 0 differences\n' });
});

it.each([
  ['settlement_line', `net = net + 1 WHERE settled_on = '${DAY}' LIMIT 1`, 'totals'],
  ['sale_entry', `category = 'toys' WHERE order_id = 'K-1'`, 'sales'],
  ['sale_entry', `seller_id = 'me' WHERE order_id = 'P-1'`, 'parked'],
  [
    'settlement_exception',
    `code = 'POLICY_MISSING' WHERE settled_on = '${DAY}' AND code = 'AMOUNT_OUT_OF_RANGE'`,
    'parked',
  ],
  ['fee_policy', `definition = REPLACE(definition, '7.5', '7.6') WHERE code = 'kwd'`, 'policies'],
  ['settlement_certificate', `hash = REVERSE(hash) WHERE settled_on = '${DAY}' AND generation = 2`, 'after'],
])('names a change of %s: %s', async (table, change, said) => {
  const shelf = await ShelvedRows.keep(date.database.db, [table]);
  try {
    await date.database.db.raw(`UPDATE ${table} SET ${change}`);
    const { code, stdout } = await audit();
    expect(code).toBe(1);
    expect(stdout).toMatch(new RegExp(`certificate \\d+ \\(.*\\): .*${said}`));
  } finally {
    await shelf.putBack();
  }
});
