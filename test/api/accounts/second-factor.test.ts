/** Second factors: codes of a device, recovery codes, and roles that need one. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { generate } from 'otplib';
import { change, select } from '../../../infra/database.js';
import type { Role } from '../../../kernel/access.js';
import { mailsTo } from '../../support/account-mails.js';
import { makeAccount, PASSWORD, type TestAccount } from '../../support/accounts.js';
import { type RunningApi, startApi } from '../../support/api.js';
import { fillCatalogue } from '../../support/catalogue.js';
import { changedMeanwhile, createTestDatabase, type TestDatabase } from '../../support/database.js';

let database: TestDatabase;
let api: RunningApi;

beforeAll(async () => {
  database = await createTestDatabase();
  api = await startApi(database.url);
});
afterAll(async () => {
  await api?.stop();
  await database?.drop();
});
beforeEach(() => change(database.db, 'DELETE FROM rate_window'));

const path = '/v1/me/second-factor';
const post = (token: string, below = '', body: object = { password: PASSWORD }, server = api) =>
  server.call('POST', `${path}${below}`, { token, body });
const signIn = async (email: string, more: object = {}) => {
  const { status, body } = await api.call('POST', '/v1/sessions', { body: { email, password: PASSWORD, ...more } });
  return status === 201 ? 201 : body.code;
};
/** The code of the step that begins this many seconds from now. */
const codeIn = (secret: string, seconds = 0) => generate({ secret, epoch: Math.floor(Date.now() / 1_000) + seconds });
const forgetSteps = () => change(database.db, 'UPDATE account_second_factor SET last_step = 0');

async function enrolled(role: Role = 'buyer'): Promise<TestAccount & { secret: string; codes: string[] }> {
  const account = await makeAccount(database.db, role);
  const { secret } = (await post(account.token)).body;
  const { body } = await post(account.token, '/confirmation', { code: await codeIn(secret) });
  return { ...account, secret, codes: body.recoveryCodes };
}

describe('a second factor', () => {
  it('counts once a first code was right; the other sessions end', async () => {
    const account = await makeAccount(database.db, 'buyer');
    const other = await api.call('POST', '/v1/sessions', { body: { email: account.email, password: PASSWORD } });
    expect((await post(account.token, '', { password: 'not the password' })).body.code).toBe('PASSWORD_WRONG');
    expect((await post(account.token, '/confirmation', { code: '123456' })).body.code).toBe('SECOND_FACTOR_MISSING');
    const { status, body } = await post(account.token);
    expect(status).toBe(201);
    expect(body.uri).toMatch(/^otpauth:\/\/totp\/Magam/);
    expect(await signIn(account.email)).toBe(201);
    expect((await post(account.token, '/confirmation', { code: 'abcdef' })).body.code).toBe('SECOND_FACTOR_WRONG');
    const confirmed = await post(account.token, '/confirmation', { code: await codeIn(body.secret) });
    expect(new Set(confirmed.body.recoveryCodes).size).toBe(10);
    expect((await post(account.token)).body.code).toBe('SECOND_FACTOR_EXISTS');
    expect((await api.call('GET', '/v1/me', { token: other.body.accessToken })).body.code).toBe('TOKEN_INVALID');
    expect((await api.call('GET', path, { token: account.token })).body).toEqual({
      enabled: true,
      required: false,
      recoveryCodesLeft: 10,
    });
    const stored = JSON.stringify([
      await select(database.db, 'SELECT * FROM account_second_factor'),
      await select(database.db, 'SELECT * FROM account_recovery_code'),
    ]);
    for (const shown of [body.secret, ...confirmed.body.recoveryCodes]) expect(stored).not.toContain(shown);
    expect((await mailsTo(database.db, account.email)).at(-1)?.text).toContain('A second factor was turned on');
  });

  it('is required at a sign-in; a code is valid once', async () => {
    const { email, secret } = await enrolled();
    expect(await signIn(email)).toBe('SECOND_FACTOR_NEEDED');
    expect(await signIn(email, { password: 'not the password', code: await codeIn(secret) })).toBe(
      'INVALID_CREDENTIALS',
    );
    expect(await signIn(email, { code: await codeIn(secret) })).toBe('SECOND_FACTOR_WRONG'); // it was the first code
    const next = await codeIn(secret, 30);
    expect(await signIn(email, { code: next })).toBe(201);
    expect(await signIn(email, { code: next })).toBe('SECOND_FACTOR_WRONG');
    await forgetSteps();
    expect(await signIn(email, { code: await codeIn(secret, -120) })).toBe('SECOND_FACTOR_WRONG');
    const form = new URLSearchParams({ grant_type: 'password', username: email, password: PASSWORD });
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const asked = await api.call('POST', '/v1/oauth/token', { body: form.toString(), headers });
    expect(asked.body.error_description).toContain('SECOND_FACTOR_NEEDED');
    form.set('code', await codeIn(secret));
    expect((await api.call('POST', '/v1/oauth/token', { body: form.toString(), headers })).status).toBe(200);
  });

  it('is asked for where it was turned on while the password was looked at', async () => {
    const { accountId, email } = await makeAccount(database.db, 'buyer');
    const answer = await changedMeanwhile(
      database.db,
      ['UPDATE account SET second_factor = TRUE WHERE account_id = ?', [accountId]],
      '%FROM account%FOR UPDATE%',
      () => signIn(email),
    );
    expect(answer).toBe('SECOND_FACTOR_NEEDED');
  });

  it.each(['', '/removal', '/recovery-codes'])(
    'is not changed (%s) with a password that was replaced while it was looked at',
    async (below) => {
      const { accountId, token } = below === '' ? await makeAccount(database.db, 'buyer') : await enrolled();
      const answer = await changedMeanwhile(
        database.db,
        [`UPDATE account SET password_hash = 'another' WHERE account_id = ?`, [accountId]],
        '%FROM account%FOR UPDATE%',
        () => post(token, below),
      );
      expect(answer.body.code).toBe('PASSWORD_WRONG');
    },
  );

  it('lets one of two sign-ins in that use the same code at once', async () => {
    const { email, secret } = await enrolled();
    await forgetSteps();
    const code = await codeIn(secret);
    const answers = await Promise.all([signIn(email, { code }), signIn(email, { code }), signIn(email, { code })]);
    expect(answers.filter((answer) => answer === 201)).toHaveLength(1);
  });

  it('is replaced by a recovery code, each once, however it is typed', async () => {
    const { email, codes, token } = await enrolled();
    const [first = '', second = '', third = ''] = codes;
    expect(await signIn(email, { code: first })).toBe(201);
    expect(await signIn(email, { code: first })).toBe('SECOND_FACTOR_WRONG');
    expect(await signIn(email, { code: ` ${second.toUpperCase().replaceAll('-', ' ')}` })).toBe(201);
    const renewed = await post(token, '/recovery-codes');
    expect(await signIn(email, { code: third })).toBe('SECOND_FACTOR_WRONG');
    expect(await signIn(email, { code: renewed.body.recoveryCodes[0] })).toBe(201);
  });

  it('is not guessed: ten codes an hour, from wherever', async () => {
    const { email } = await enrolled();
    for (let n = 0; n < 10; n += 1) {
      expect(await signIn(email, { code: '000000' })).toBe('SECOND_FACTOR_WRONG');
      await change(database.db, 'DELETE FROM rate_window WHERE resets_at < UTC_TIMESTAMP(3) + INTERVAL 10 MINUTE');
    }
    const { body, headers } = await api.call('POST', '/v1/sessions', {
      body: { email, password: PASSWORD, code: '000000' },
    });
    expect(body.code).toBe('RATE_LIMITED');
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(600);
  });

  it('is removed with the password, and by an admin for somebody who has lost it', async () => {
    const own = await enrolled();
    expect((await post(own.token, '/removal', { password: 'not the password' })).body.code).toBe('PASSWORD_WRONG');
    expect((await post(own.token, '/removal')).status).toBe(204);
    expect((await post(own.token, '/removal')).body.code).toBe('SECOND_FACTOR_MISSING');
    expect(await signIn(own.email)).toBe(201);
    const lost = await enrolled();
    const admin = await makeAccount(database.db, 'admin');
    const remove = (accountId: number) =>
      api.call('POST', `/v1/accounts/${accountId}/second-factor/removal`, { token: admin.token });
    expect((await remove(lost.accountId)).status).toBe(204);
    expect((await remove(lost.accountId)).body.code).toBe('SECOND_FACTOR_MISSING');
    expect((await remove(admin.accountId)).body.code).toBe('FORBIDDEN');
    expect(await signIn(lost.email)).toBe(201);
  });

  it('needs a proven address', async () => {
    const { token } = await makeAccount(database.db, 'buyer', { emailProven: false });
    expect((await post(token)).body.code).toBe('EMAIL_UNPROVEN');
  });
});

describe('a role that needs one', () => {
  it('does nothing but set it up', async () => {
    await fillCatalogue(database.db, 100);
    const server = await startApi(database.url, { MAGAM_REQUIRE_SECOND_FACTOR: 'staff,sellers' });
    try {
      const seller = await makeAccount(database.db, 'seller', { sellerId: 'S1' });
      const operator = await makeAccount(database.db, 'operator');
      const buyer = await makeAccount(database.db, 'buyer');
      const get = (account: TestAccount, at: string) => server.call('GET', at, { token: account.token });
      for (const account of [seller, operator]) {
        expect((await get(account, '/v1/sellers')).body.code).toBe('SECOND_FACTOR_REQUIRED');
        expect((await get(account, '/v1/me')).status).toBe(200);
        expect((await get(account, '/v1/products?limit=1')).status).toBe(200);
      }
      // It is hidden: staff see it, and whoever lacks the second factor is nobody.
      expect((await get(operator, '/v1/products/100')).body.code).toBe('PRODUCT_NOT_FOUND');
      expect((await get(operator, '/metrics')).body.code).toBe('SECOND_FACTOR_REQUIRED');
      expect((await get(buyer, '/v1/me/cart')).status).toBe(200);
      expect((await get(operator, path)).body).toMatchObject({ enabled: false, required: true });
      const { secret } = (await post(operator.token, '', { password: PASSWORD }, server)).body;
      await post(operator.token, '/confirmation', { code: await codeIn(secret) }, server);
      expect((await get(operator, '/v1/sellers')).status).toBe(200);
      expect((await get(operator, '/v1/products/100')).status).toBe(200);
    } finally {
      await server.stop();
    }
  });
});
