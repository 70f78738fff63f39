/** The account that a seller is paid to: proposed by one, approved by another, paid to after a waiting time. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openBankAccount } from '../../../core/accounts/bank-account.js';
import { payableBankAccount } from '../../../core/accounts/payable-bank-account.js';
import { readSeller } from '../../../core/accounts/stores/seller.js';
import { readConfig } from '../../../infra/config.js';
import { change, select } from '../../../infra/database.js';
import { isRefusal } from '../../../kernel/errors.js';
import { mailsTo } from '../../support/account-mails.js';
import { makeAccount, makeSeller, type TestAccount } from '../../support/accounts.js';
import { type RunningApi, startApi } from '../../support/api.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

let database: TestDatabase;
let api: RunningApi;
let one: TestAccount;
let two: TestAccount;
let admin: TestAccount;
let seller: TestAccount;
let sellerId: string;
let sellers = 0;
const { encryptionKey } = readConfig({ NODE_ENV: 'test' });

beforeAll(async () => {
  database = await createTestDatabase();
  api = await startApi(database.url);
  one = await makeAccount(database.db, 'operator');
  two = await makeAccount(database.db, 'operator');
  admin = await makeAccount(database.db, 'admin');
});
afterAll(async () => {
  await api?.stop();
  await database?.drop();
});
beforeEach(async () => {
  sellers += 1;
  sellerId = `shop-${sellers}`;
  await makeSeller(database.db, sellerId);
  seller = await makeAccount(database.db, 'seller', { sellerId });
});

const wanted = { bankCode: '020', accountNumber: '1002-333-444555', accountHolder: '한빛' };
const call = (by: TestAccount, method: string, below = '', body?: object) =>
  api.call(method, `/v1/sellers/${sellerId}/bank-accounts${below}`, { token: by.token, body });
const propose = async (by: TestAccount, account: object = wanted) => (await call(by, 'POST', '', account)).body;
const approve = (by: TestAccount, { bankAccountId, fingerprint }: { bankAccountId: number; fingerprint: string }) =>
  call(by, 'POST', `/${bankAccountId}/approval`, { fingerprint });
const payable = async () => {
  const found = await payableBankAccount(database.db, sellerId);
  return isRefusal(found) ? found.refused : openBankAccount([encryptionKey], sellerId, found);
};

describe('what is asked again under the same Idempotency-Key', () => {
  const twice = async (path: string, token: string, body: object, key: string) => {
    const ask = () => api.call('POST', path, { token, body, headers: { 'Idempotency-Key': key } });
    const [first, again] = [await ask(), await ask()];
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
  };
  const count = async (sql: string) => (await select(database.db, sql)).length;

  it('proposes one bank account', async () => {
    await twice(`/v1/sellers/${sellerId}/bank-accounts`, one.token, wanted, `bank-${sellerId}`);
    expect(
      await count(`SELECT 1 FROM seller_bank_account WHERE seller_id = '${sellerId}' AND status = 'REPLACED'`),
    ).toBe(0);
  });

  it('invites once', async () => {
    const person = { email: `twice-${sellerId}@example.com`, displayName: 'X' };
    await twice('/v1/invitations', admin.token, { ...person, role: 'operator' }, `invite-${sellerId}`);
    const other = { email: `also-${sellerId}@example.com`, displayName: 'X' };
    await twice(`/v1/sellers/${sellerId}/accounts`, one.token, other, `seller-${sellerId}`);
    for (const { email } of [person, other])
      expect(await count(`SELECT 1 FROM account_invitation WHERE email = '${email}'`)).toBe(1);
  });
});

describe('a change of a payout account', () => {
  it('waits for a second person, and then for its time', async () => {
    expect(await payable()).toBe('110123456789');
    const proposal = await propose(seller);
    expect(proposal).toMatchObject({
      status: 'PROPOSED',
      accountNumberMasked: '****4555',
      payable: false,
      payoutFrom: null,
    });
    expect(await payable()).toBe('110123456789');
    const before = Date.now();
    const { status, body } = await approve(one, proposal);
    expect({ status, body }).toMatchObject({
      status: 200,
      body: { status: 'CURRENT', payable: false, decidedBy: one.accountId },
    });
    const hours = (Date.parse(body.payoutFrom) - before) / 3_600_000;
    expect(Math.round(hours)).toBe(72);
    expect(await payable()).toBe('BANK_ACCOUNT_WAITING');
    const shown = await api.call('GET', `/v1/sellers/${sellerId}`, { token: seller.token });
    expect(shown.body.bankAccount).toMatchObject({ accountNumberMasked: '****4555', payoutFrom: body.payoutFrom });
    await change(database.db, 'UPDATE seller SET payout_from = UTC_TIMESTAMP(3) WHERE seller_id = ?', [sellerId]);
    expect(await payable()).toBe('1002333444555');
    const { items } = (await call(seller, 'GET')).body;
    expect(items.map((item: { status: string; payable: boolean }) => [item.status, item.payable])).toEqual([
      ['CURRENT', true],
      ['FORMER', false],
    ]);
  });

  it('is not approved by its proposer or by the seller', async () => {
    const proposal = await propose(one);
    expect((await approve(one, proposal)).body.code).toBe('APPROVER_NOT_SECOND');
    expect((await approve(seller, proposal)).body.code).toBe('FORBIDDEN');
    expect(await payable()).toBe('110123456789');
    expect((await approve(two, proposal)).status).toBe(200);
  });

  it('is not approved by the person who gave the proposer their access', async () => {
    const reset = await api.call('POST', `/v1/accounts/${seller.accountId}/one-time-password`, { token: admin.token });
    const signedIn = await api.call('POST', '/v1/sessions', {
      body: { email: seller.email, password: reset.body.oneTimePassword, newPassword: 'a walk along the river' },
    });
    const proposal = await propose({ ...seller, token: signedIn.body.accessToken });
    expect((await approve(admin, proposal)).body.code).toBe('APPROVER_NOT_SECOND');
    expect((await approve(one, proposal)).status).toBe(200);
  });

  const giveOneTimePassword = async (by: TestAccount, { accountId, email }: TestAccount): Promise<string> => {
    const reset = await api.call('POST', `/v1/accounts/${accountId}/one-time-password`, { token: by.token });
    const signedIn = await api.call('POST', '/v1/sessions', {
      body: { email, password: reset.body.oneTimePassword, newPassword: 'a walk along the river' },
    });
    return signedIn.body.accessToken;
  };

  it('is not approved in the name of somebody to whom the proposer gave the access', async () => {
    const puppet = await makeAccount(database.db, 'operator');
    const proposal = await propose(admin);
    const token = await giveOneTimePassword(admin, puppet);
    expect((await approve({ ...puppet, token }, proposal)).body.code).toBe('APPROVER_NOT_SECOND');
    expect((await approve(one, proposal)).status).toBe(200);
  });

  it('is not approved by the person who had given the proposer the access, even after somebody else has given it again', async () => {
    const proposal = await propose({ ...seller, token: await giveOneTimePassword(admin, seller) });
    const other = await makeAccount(database.db, 'admin');
    await giveOneTimePassword(other, seller);
    expect((await approve(admin, proposal)).body.code).toBe('APPROVER_NOT_SECOND');
    expect((await approve(other, proposal)).body.code).toBe('APPROVER_NOT_SECOND');
    expect((await approve(one, proposal)).status).toBe(200);
  });

  it('is approved as it was seen, and not when it was replaced, withdrawn or already approved', async () => {
    const first = await propose(seller);
    const second = await propose(seller, { ...wanted, accountHolder: '다른 사람' });
    expect(second.fingerprint).not.toBe(first.fingerprint);
    expect((await approve(one, first)).body.code).toBe('BANK_ACCOUNT_CHANGED');
    expect((await approve(one, { ...second, fingerprint: first.fingerprint })).body.code).toBe('BANK_ACCOUNT_CHANGED');
    expect((await call(seller, 'DELETE', `/${second.bankAccountId}`)).body.status).toBe('WITHDRAWN');
    expect((await call(seller, 'DELETE', `/${second.bankAccountId}`)).body.code).toBe('BANK_ACCOUNT_CHANGED');
    expect((await approve(one, second)).body.code).toBe('BANK_ACCOUNT_CHANGED');
    expect((await approve(one, { bankAccountId: 999_999, fingerprint: 'x' })).body.code).toBe('BANK_ACCOUNT_NOT_FOUND');
    const third = await propose(seller);
    expect((await approve(one, third)).status).toBe(200);
    expect((await approve(two, third)).body.code).toBe('BANK_ACCOUNT_CHANGED');
  });

  it('is told to the seller by mail and written to the audit log, also where the seller proposed it', async () => {
    const proposal = await propose(seller);
    await approve(one, proposal);
    const mails = await mailsTo(database.db, seller.email);
    expect(mails.map(({ subject }) => subject).sort()).toEqual([
      expect.stringContaining('bank account proposed'),
      expect.stringContaining('bank account changed'),
    ]);
    expect(mails.every(({ text }) => text.includes('****4555') && text.includes('If this was not you'))).toBe(true);
    const { body, text } = await api.call('GET', `/v1/audit-log?subject=seller:${sellerId}`, { token: admin.token });
    expect(body.items).toMatchObject([
      { action: 'bank-account.approve', actorAccountId: one.accountId },
      { action: 'bank-account.propose', actorAccountId: seller.accountId, actorRole: 'seller' },
    ]);
    expect(text).not.toContain('1002333444555');
  });

  it('is proposed for the own business only, and cannot be slipped into an edit of the seller', async () => {
    const other = await makeAccount(database.db, 'seller', { sellerId: 'another' });
    expect((await call(other, 'POST', '', wanted)).body.code).toBe('FORBIDDEN');
    expect((await call(other, 'GET')).body.code).toBe('FORBIDDEN');
    const edited = await api.call('PATCH', `/v1/sellers/${sellerId}`, {
      token: one.token,
      body: { bankAccount: wanted },
    });
    expect(edited.body.code).toBe('REQUEST_INVALID');
    expect((await readSeller(database.db, sellerId))?.bankAccount.masked).toBe('****6789');
  });

  it('leaves one open proposal when two propose at once', async () => {
    await Promise.all([propose(one), propose(two), propose(seller)]);
    const { items } = (await call(one, 'GET')).body;
    expect(items.filter(({ status }: { status: string }) => status === 'PROPOSED')).toHaveLength(1);
  });
});

describe('the first account of a seller', () => {
  it('is a proposal of the person who made the seller', async () => {
    sellerId = 'fresh';
    const body = { sellerId, name: 'X', businessNumber: '124-81-00998', taxType: 'GENERAL', bankAccount: wanted };
    const made = await api.call('POST', '/v1/sellers', { token: one.token, body });
    expect(made.body.bankAccount.payoutFrom).toBeNull();
    expect(await payable()).toBe('BANK_ACCOUNT_WAITING');
    const [proposal] = (await call(one, 'GET')).body.items;
    expect((await approve(one, proposal)).body.code).toBe('APPROVER_NOT_SECOND');
    expect((await approve(two, proposal)).body.status).toBe('CURRENT');
  });
});
