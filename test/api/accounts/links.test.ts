/** Links in mails prove addresses, set new passwords and invite people. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { proveAddress } from '../../../core/accounts/prove-address.js';
import { type Account, readAccount } from '../../../core/accounts/stores/account.js';
import { change, inTransaction, select } from '../../../infra/database.js';
import { decided } from '../../../kernel/outcome.js';
import { mailedToken, mailsTo } from '../../support/account-mails.js';
import { makeAccount, makeSeller, PASSWORD, type TestAccount } from '../../support/accounts.js';
import { type RunningApi, startApi } from '../../support/api.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

let database: TestDatabase;
let api: RunningApi;
let admin: TestAccount;
let operator: TestAccount;
let people = 0;
let email: string;

beforeAll(async () => {
  database = await createTestDatabase();
  api = await startApi(database.url);
  admin = await makeAccount(database.db, 'admin');
  operator = await makeAccount(database.db, 'operator');
  await makeSeller(database.db, 'S1');
});
afterAll(async () => {
  await api?.stop();
  await database?.drop();
});
beforeEach(async () => {
  people += 1;
  email = `person-${people}@example.com`;
  await change(database.db, 'DELETE FROM rate_window');
});

const OWN = 'a walk along the river';
const post = (path: string, body?: object, token?: string) => api.call('POST', path, { body, token });
const signUp = (password = PASSWORD) => post('/v1/accounts', { email, password, displayName: 'X' });
const signIn = (password = PASSWORD, more: object = {}) => post('/v1/sessions', { email, password, ...more });
const codeOf = async (answer: Promise<{ status: number; body: { code?: string } }>) => {
  const { status, body } = await answer;
  return body?.code ?? status;
};
const expireLinks = () => change(database.db, 'UPDATE one_time_link SET expires_at = UTC_TIMESTAMP(3)');
const assign = (accountId: number, body: object) =>
  api.call('PUT', `/v1/accounts/${accountId}/role`, { token: admin.token, body });

describe('an address', () => {
  it('is proven by the link and the password together, once', async () => {
    const { accountId } = (await signUp()).body;
    const token = await mailedToken(database.db, email);
    expect(await codeOf(post('/v1/address-proofs', { token, password: 'not the password' }))).toBe('PASSWORD_WRONG');
    expect(await codeOf(assign(accountId, { role: 'operator' }))).toBe('EMAIL_UNPROVEN');
    expect(await codeOf(assign(accountId, { role: 'seller', sellerId: 'S1' }))).toBe('EMAIL_UNPROVEN');
    expect(await codeOf(post('/v1/address-proofs', { token, password: PASSWORD }))).toBe(204);
    expect(await codeOf(post('/v1/address-proofs', { token, password: PASSWORD }))).toBe('LINK_INVALID');
    expect((await signIn()).body.account).toMatchObject({ emailProven: true });
    expect(await codeOf(assign(accountId, { role: 'operator' }))).toBe(200);
  });

  it('is not proven with a password that was changed while it was checked', async () => {
    const { accountId } = (await signUp()).body;
    const token = await mailedToken(database.db, email);
    const checked = { ...((await readAccount(database.db, accountId)) as Account), passwordHash: 'the one before' };
    const refused = inTransaction(database.db, async (tx) => decided(await proveAddress(tx, token, checked)));
    await expect(refused).rejects.toMatchObject({ code: 'PASSWORD_WRONG' });
    expect((await signIn()).body.account.emailProven).toBe(false);
  });

  it('gets few mails an hour, whatever follows a plus in it', async () => {
    const mailbox = `plus-${people}`;
    const sign = (address: string) =>
      post('/v1/accounts', { email: address, password: PASSWORD, displayName: 'X' }) as Promise<{
        status: number;
        body: { code?: string };
        headers: Headers;
      }>;
    for (const tag of ['+a', '+b', '+c']) expect((await sign(`${mailbox}${tag}@example.com`)).status).toBe(201);
    const fourth = await sign(`${mailbox}+d@example.com`);
    expect([fourth.status, fourth.body.code]).toEqual([429, 'RATE_LIMITED']);
    expect(Number(fourth.headers.get('retry-after'))).toBeGreaterThan(3_000);
    expect((await sign(`${mailbox}@example.com`)).status).toBe(429);
    expect((await sign(`other-${mailbox}@example.com`)).status).toBe(201);
    const made = await select(database.db, 'SELECT 1 FROM account WHERE email LIKE ?', [`${mailbox}%`]);
    expect(made).toHaveLength(3);
  });

  it('that is not proven shops', async () => {
    await signUp();
    const { body } = await signIn();
    expect(body.account).toMatchObject({ emailProven: false, role: 'buyer' });
    expect((await api.call('GET', '/v1/me/cart', { token: body.accessToken })).status).toBe(200);
  });

  it('is not proven by a link that has ended, by one of another kind, or by a token that is made up', async () => {
    await signUp();
    const token = await mailedToken(database.db, email);
    expect(await codeOf(post('/v1/password-resets/completion', { token, newPassword: OWN }))).toBe('LINK_INVALID');
    expect(await codeOf(post('/v1/address-proofs', { token: 'x'.repeat(43), password: PASSWORD }))).toBe(
      'LINK_INVALID',
    );
    await expireLinks();
    expect(await codeOf(post('/v1/address-proofs', { token, password: PASSWORD }))).toBe('LINK_INVALID');
    expect(JSON.stringify(await select(database.db, 'SELECT * FROM one_time_link'))).not.toContain(token);
    expect(JSON.stringify(await select(database.db, 'SELECT * FROM outbox_event'))).not.toContain(token);
  });

  it('has its link mailed again three times an hour', async () => {
    await signUp();
    const { accessToken } = (await signIn()).body;
    const again = () => codeOf(post('/v1/me/address-proof', undefined, accessToken));
    expect([await again(), await again(), await again(), await again()]).toEqual([204, 204, 204, 'RATE_LIMITED']);
    expect(await mailsTo(database.db, email)).toHaveLength(4);
  });
});

describe('a forgotten password', () => {
  it('is changed by a link, which ends every session and proves the address', async () => {
    await signUp('somebody else typed this');
    const squatter = (await signIn('somebody else typed this')).body;
    await mailsTo(database.db, email);
    expect(await codeOf(post('/v1/password-resets', { email }))).toBe(204);
    const token = await mailedToken(database.db, email);
    expect(await codeOf(post('/v1/password-resets/completion', { token, newPassword: 'password2026' }))).toBe(
      'PASSWORD_WEAK',
    );
    expect(await codeOf(post('/v1/password-resets/completion', { token, newPassword: OWN }))).toBe(204);
    expect(await codeOf(post('/v1/password-resets/completion', { token, newPassword: OWN }))).toBe('LINK_INVALID');
    expect((await api.call('GET', '/v1/me', { token: squatter.accessToken })).body.code).toBe('TOKEN_INVALID');
    expect(await codeOf(signIn('somebody else typed this'))).toBe('INVALID_CREDENTIALS');
    expect((await signIn(OWN)).body.account).toMatchObject({ emailProven: true });
  });

  it('is set anew by one of two who follow the link at once', async () => {
    await makeAccount(database.db, 'buyer', { email });
    await post('/v1/password-resets', { email });
    const token = await mailedToken(database.db, email);
    const answers = await Promise.all(
      [OWN, 'a swim across the river'].map((newPassword) =>
        codeOf(post('/v1/password-resets/completion', { token, newPassword })),
      ),
    );
    expect(answers.sort()).toEqual([204, 'LINK_INVALID']);
  });

  it('tells nobody who has an account, and sends three mails an hour to one address', async () => {
    await signUp();
    await mailsTo(database.db, email);
    for (let n = 0; n < 5; n += 1) expect(await codeOf(post('/v1/password-resets', { email }))).toBe(204);
    expect(await codeOf(post('/v1/password-resets', { email: `not-${email}` }))).toBe(204);
    expect(await mailsTo(database.db, email)).toHaveLength(3);
  });

  it('does not open a locked account', async () => {
    const { accountId } = await makeAccount(database.db, 'buyer', { email });
    await post('/v1/password-resets', { email });
    const token = await mailedToken(database.db, email);
    await post(`/v1/accounts/${accountId}/lock`, undefined, admin.token);
    expect(await codeOf(post('/v1/password-resets/completion', { token, newPassword: OWN }))).toBe('ACCOUNT_LOCKED');
    await post('/v1/password-resets', { email });
    expect(await mailsTo(database.db, email)).toEqual([]);
  });

  it('that was changed meanwhile takes the link back', async () => {
    const { token: access } = await makeAccount(database.db, 'buyer', { email });
    await post('/v1/password-resets', { email });
    const token = await mailedToken(database.db, email);
    await api.call('PUT', '/v1/me/password', { token: access, body: { password: PASSWORD, newPassword: OWN } });
    expect(await codeOf(post('/v1/password-resets/completion', { token, newPassword: PASSWORD }))).toBe('LINK_INVALID');
  });

  it('that staff gave out takes the link back', async () => {
    const { accountId } = await makeAccount(database.db, 'buyer', { email });
    await post('/v1/password-resets', { email });
    const token = await mailedToken(database.db, email);
    await post(`/v1/accounts/${accountId}/one-time-password`, undefined, admin.token);
    expect(await codeOf(post('/v1/password-resets/completion', { token, newPassword: OWN }))).toBe('LINK_INVALID');
  });

  it('that staff gave out ends', async () => {
    const { accountId } = await makeAccount(database.db, 'buyer', { email });
    const given = await post(`/v1/accounts/${accountId}/one-time-password`, undefined, admin.token);
    const password = given.body.oneTimePassword;
    await change(database.db, 'UPDATE account SET password_expires_at = UTC_TIMESTAMP(3) WHERE account_id = ?', [
      accountId,
    ]);
    expect(await codeOf(signIn(password, { newPassword: OWN }))).toBe('PASSWORD_EXPIRED');
    expect(await codeOf(signIn('not the password', { newPassword: OWN }))).toBe('INVALID_CREDENTIALS');
  });
});

describe('an invitation', () => {
  const invite = (by: TestAccount, body: object) =>
    post('/v1/invitations', { email, displayName: '박민수', ...body }, by.token);
  const accept = (token: string, newPassword = OWN) => post('/v1/invitations/acceptance', { token, newPassword });

  it('of somebody of a seller makes the account when it is accepted', async () => {
    const made = await post('/v1/sellers/S1/accounts', { email, displayName: '한빛' }, operator.token);
    expect(made.body).toMatchObject({ role: 'seller', sellerId: 'S1', status: 'OPEN', invitedBy: operator.accountId });
    expect(await codeOf(signIn(OWN))).toBe('INVALID_CREDENTIALS');
    const token = await mailedToken(database.db, email);
    expect(await codeOf(accept(token, 'short'))).toBe('PASSWORD_WEAK');
    const accepted = await accept(token);
    expect(accepted.body).toMatchObject({ role: 'seller', sellerId: 'S1', emailProven: true, displayName: '한빛' });
    expect(await codeOf(accept(token))).toBe('LINK_INVALID');
    expect((await signIn(OWN)).body.account).toMatchObject({ role: 'seller', passwordChangeNeeded: false });
    const { items } = (await api.call('GET', '/v1/invitations?limit=1', { token: operator.token })).body;
    expect(items).toMatchObject([{ status: 'ACCEPTED', accountId: accepted.body.accountId }]);
    const log = await api.call('GET', `/v1/audit-log?subject=account:${accepted.body.accountId}`, {
      token: admin.token,
    });
    expect(log.body.items).toMatchObject([
      { action: 'account.accept-invitation', after: { invitedBy: operator.accountId } },
    ]);
    const asked = await api.call('GET', `/v1/audit-log?subject=invitation:${made.body.invitationId}`, {
      token: admin.token,
    });
    expect(asked.body.items).toMatchObject([{ action: 'account.invite', actorAccountId: operator.accountId }]);
  });

  it('takes an account over that somebody else had made with the address', async () => {
    await signUp('somebody else typed this');
    const squatter = (await signIn('somebody else typed this')).body;
    await mailsTo(database.db, email);
    await invite(admin, { role: 'operator' });
    expect((await accept(await mailedToken(database.db, email))).body).toMatchObject({
      role: 'operator',
      emailProven: true,
    });
    expect((await api.call('GET', '/v1/me', { token: squatter.accessToken })).body.code).toBe('TOKEN_INVALID');
    expect(await codeOf(signIn('somebody else typed this'))).toBe('INVALID_CREDENTIALS');
  });

  it.each([
    [
      'withdrawn',
      async (id: number) => void (await api.call('DELETE', `/v1/invitations/${id}`, { token: admin.token })),
    ],
    [
      'over',
      (id: number) =>
        change(database.db, 'UPDATE account_invitation SET expires_at = UTC_TIMESTAMP(3) WHERE invitation_id = ?', [
          id,
        ]),
    ],
    ['made again', async () => void (await invite(admin, { role: 'operator' }))],
  ])('that is %s is not valid', async (_what, end) => {
    const { body } = await invite(admin, { role: 'admin' });
    const token = await mailedToken(database.db, email);
    await end(body.invitationId);
    expect(await codeOf(accept(token))).toBe('LINK_INVALID');
  });

  it.each([`role = 'operator'`, `status = 'LOCKED'`])(
    'ends with the powers of whoever has invited: %s',
    async (without) => {
      const inviter = await makeAccount(database.db, 'admin');
      await invite(inviter, { role: 'operator' });
      const token = await mailedToken(database.db, email);
      await change(database.db, `UPDATE account SET ${without} WHERE account_id = ?`, [inviter.accountId]);
      expect(await codeOf(accept(token))).toBe('LINK_INVALID');
    },
  );

  it('gives no role to an account that was locked, or that has got a role, since', async () => {
    const { accountId } = await makeAccount(database.db, 'buyer', { email });
    await invite(admin, { role: 'operator' });
    const token = await mailedToken(database.db, email);
    await post(`/v1/accounts/${accountId}/lock`, undefined, admin.token);
    expect(await codeOf(accept(token))).toBe('ACCOUNT_LOCKED');
    await post(`/v1/accounts/${accountId}/unlock`, undefined, admin.token);
    expect(await codeOf(assign(accountId, { role: 'seller', sellerId: 'S1' }))).toBe(200);
    expect(await codeOf(accept(token))).toBe('EMAIL_TAKEN');
    expect((await signIn()).body.account).toMatchObject({ role: 'seller', sellerId: 'S1' });
  });

  it('to be staff comes from admins alone; what makes no sense is refused', async () => {
    expect(await codeOf(invite(operator, { role: 'operator' }))).toBe('FORBIDDEN');
    expect(await codeOf(invite(operator, { role: 'seller', sellerId: 'nobody' }))).toBe('SELLER_NOT_FOUND');
    expect(await codeOf(invite(operator, { role: 'seller' }))).toBe('REQUEST_INVALID');
    expect(await codeOf(invite(admin, { role: 'buyer' }))).toBe('REQUEST_INVALID');
    expect(await codeOf(invite(admin, { role: 'operator', email: operator.email }))).toBe('EMAIL_TAKEN');
    const { body } = await invite(admin, { role: 'operator' });
    const withdraw = (by: TestAccount) =>
      api.call('DELETE', `/v1/invitations/${body.invitationId}`, { token: by.token });
    expect(await codeOf(withdraw(operator))).toBe('FORBIDDEN');
    expect(await codeOf(post('/v1/sellers/S1/accounts', { email, displayName: '한빛' }, operator.token))).toBe(
      'FORBIDDEN',
    );
    expect(await codeOf(accept(await mailedToken(database.db, email), 'short'))).toBe('PASSWORD_WEAK'); // its link stands
    expect(await codeOf(withdraw(admin))).toBe(204);
    expect(await codeOf(withdraw(admin))).toBe('INVITATION_NOT_FOUND');
  });
});

describe('the pages of the links', () => {
  it.each(['prove-address', 'reset-password', 'accept-invitation'])('%s is served', async (name) => {
    const page = await api.call('GET', `/links/${name}`);
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect((await api.call('GET', '/links/start.js')).headers.get('content-type')).toContain('text/javascript');
  });
});
