/** `magam admin` as it is used: the password piped in. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openPasswords } from '../../core/accounts/passwords.js';
import { readAccountByEmail } from '../../core/accounts/stores/account.js';
import { select } from '../../infra/database.js';
import { listAudit } from '../../infra/stores/audit-log.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

const program = fileURLToPath(new URL('../../bin/magam.mjs', import.meta.url));
const PASSWORD = '올해 가을에는 책을 읽자';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

function admin(
  email: string,
  input: string,
  name = 'Kim',
): { status: number | null; document: Record<string, unknown> } {
  const { status, stdout } = spawnSync(
    process.execPath,
    [program, 'admin', '--email', email, '--name', name, '--json'],
    {
      input,
      encoding: 'utf8',
      env: {
        ...process.env,
        NODE_OPTIONS: '',
        MAGAM_DATABASE_URL: database.url,
        MAGAM_REDIS_URL: process.env.MAGAM_REDIS_URL ?? 'redis://127.0.0.1:6379/0',
      },
    },
  );
  return { status, document: JSON.parse(stdout) as Record<string, unknown> };
}

describe('magam admin', () => {
  it('makes an admin with the piped password, on record without it', async () => {
    const { status, document } = admin(' Root@Example.com', `${PASSWORD}\n`);
    expect({ status, document }).toEqual({
      status: 0,
      document: { accountId: 1, email: 'root@example.com', displayName: 'Kim', role: 'admin' },
    });
    const account = await readAccountByEmail(database.db, 'root@example.com');
    expect(account).toMatchObject({ role: 'admin', status: 'ACTIVE', passwordOneTime: false });
    expect(await openPasswords().verify(account?.passwordHash ?? null, PASSWORD)).toBe(true);
    const entries = await listAudit(database.db, {}, 10);
    expect(entries).toMatchObject([
      { action: 'account.create-admin', actorAccountId: null, actorUserName: expect.any(String), subjectId: '1' },
    ]);
    expect(JSON.stringify(entries)).not.toContain(PASSWORD);
  });

  it.each([
    ['root@example.com', PASSWORD, 'Kim', 1, 'EMAIL_TAKEN'],
    ['other@example.com', 'too short', 'Kim', 1, 'PASSWORD_WEAK'],
    ['other@example.com', 'x1y2z3'.repeat(22), 'Kim', 1, 'PASSWORD_WEAK'],
    ['other@example.com', 'other@example.com', 'Kim', 1, 'PASSWORD_WEAK'],
    ['other@example.com', 'password1234', 'Kim', 1, 'PASSWORD_WEAK'],
    ['other@example.com', '', 'Kim', 1, 'PASSWORD_WEAK'],
    ['no address', PASSWORD, 'Kim', 1, 'EMAIL_INVALID'],
    ['other@example.com', PASSWORD, ' ', 2, 'USAGE'],
  ])('%s with %j for %j: exit code %i, %s', async (email, password, name, exit, code) => {
    const { status, document } = admin(email, password, name);
    expect({ status, document }).toMatchObject({ status: exit, document: { error: { code } } });
    expect(await select(database.db, 'SELECT account_id FROM account')).toHaveLength(1);
  });
});
