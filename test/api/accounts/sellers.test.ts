/** Sellers: made by staff, seen by themselves, paid to a bank account that nobody is shown. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openBankAccount } from '../../../core/accounts/bank-account.js';
import { readSeller } from '../../../core/accounts/stores/seller.js';
import { readConfig } from '../../../infra/config.js';
import { change, select } from '../../../infra/database.js';
import { makeAccount, makeSeller, type TestAccount } from '../../support/accounts.js';
import { type RunningApi, startApi } from '../../support/api.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

let database: TestDatabase;
let api: RunningApi;
let operator: TestAccount;
const { encryptionKey } = readConfig({ NODE_ENV: 'test' });

beforeAll(async () => {
  database = await createTestDatabase();
  api = await startApi(database.url);
  operator = await makeAccount(database.db, 'operator');
});
afterAll(async () => {
  await api?.stop();
  await database?.drop();
});

const hanbit = {
  sellerId: 'hanbit',
  name: '한빛서점',
  businessNumber: '124-81-00998',
  taxType: 'GENERAL',
  bankAccount: { bankCode: '088', accountNumber: '110-987-654321', accountHolder: '한빛서점' },
};
const NUMBER = /110-?987-?654321/;
const create = (body: object, token = operator.token) => api.call('POST', '/v1/sellers', { token, body });
const patch = (sellerId: string, body: object, headers = {}) =>
  api.call('PATCH', `/v1/sellers/${sellerId}`, { token: operator.token, body, headers });

describe('a seller', () => {
  it('is made by staff; its bank account is masked in the answer', async () => {
    const { status, body, headers, text } = await create(hanbit);
    expect(status).toBe(201);
    expect(headers.get('location')).toBe('/v1/sellers/hanbit');
    expect(body).toMatchObject({
      sellerId: 'hanbit',
      businessNumber: '1248100998',
      status: 'ACTIVE',
      bankAccount: { bankCode: '088', accountNumberMasked: '****4321', accountHolder: '한빛서점' },
    });
    expect(text).not.toMatch(NUMBER);
    expect((await create(hanbit)).body).toMatchObject({ status: 409, code: 'SELLER_EXISTS' });
  });

  it('has its bank account encrypted at rest, bound to its row', async () => {
    const raw = JSON.stringify(await select(database.db, `SELECT * FROM seller WHERE seller_id = 'hanbit'`));
    expect(raw).not.toMatch(NUMBER);
    expect(raw).not.toContain(Buffer.from('110987654321').toString('base64url'));
    const stored = await readSeller(database.db, 'hanbit');
    if (stored === undefined) throw new Error('there is no such seller');
    expect(openBankAccount([encryptionKey], 'hanbit', stored.bankAccount)).toBe('110987654321');
    await makeSeller(database.db, 'thief');
    await change(
      database.db,
      `UPDATE seller t JOIN seller h ON h.seller_id = 'hanbit' SET t.bank_account = h.bank_account WHERE t.seller_id = 'thief'`,
    );
    const taken = await readSeller(database.db, 'thief');
    expect(() => openBankAccount([encryptionKey], 'thief', taken?.bankAccount ?? stored.bankAccount)).toThrow();
  });

  it.each([
    [{ businessNumber: '124-81-00999' }, '#/businessNumber'],
    [{ taxType: 'NONE' }, '#/taxType'],
    [{ sellerId: ' x' }, '#/sellerId'],
    [{ sellerId: '..' }, '#/sellerId'],
    [{ bankAccount: { ...hanbit.bankAccount, accountNumber: '12' } }, '#/bankAccount/accountNumber'],
    [{ bankAccount: { ...hanbit.bankAccount, bankCode: '88' } }, '#/bankAccount/bankCode'],
    [{ status: 'SUSPENDED' }, '#/status'],
  ])('with %j is refused at %s', async (fault, pointer) => {
    const { body } = await create({ ...hanbit, sellerId: 'faulty', ...fault });
    expect(body.errors).toMatchObject([{ in: 'body', pointer }]);
  });

  it('is changed against its version; the audit log has before and after, masked', async () => {
    const changed = await patch('hanbit', { taxType: 'EXEMPT', status: 'SUSPENDED' }, { 'If-Match': '"v1"' });
    expect(changed.body).toMatchObject({ name: '한빛서점', taxType: 'EXEMPT', status: 'SUSPENDED' });
    expect((await patch('hanbit', { name: 'X' }, { 'If-Match': '"v1"' })).body.code).toBe('VERSION_CONFLICT');
    expect((await patch('nobody', { name: 'X' })).body.code).toBe('SELLER_NOT_FOUND');
    const { body, text } = await api.call('GET', '/v1/audit-log?subject=seller:hanbit', { token: operator.token });
    expect(body.items).toMatchObject([
      {
        action: 'seller.edit',
        before: { taxType: 'GENERAL', status: 'ACTIVE' },
        after: { taxType: 'EXEMPT', status: 'SUSPENDED' },
      },
      { action: 'seller.create', before: null, after: { businessNumber: '1248100998' } },
      { action: 'bank-account.propose', after: { accountNumberMasked: '****4321' } },
    ]);
    expect(text).not.toMatch(NUMBER);
    const log = JSON.stringify(await select(database.db, 'SELECT * FROM audit_log'));
    expect(log).not.toMatch(NUMBER);
    expect(api.log()).not.toMatch(NUMBER);
  });

  it('has another fingerprint in the audit log when only the hidden digits of the account differ', async () => {
    const account = (accountNumber: string) => ({ bankAccount: { ...hanbit.bankAccount, accountNumber } });
    expect((await create({ ...hanbit, sellerId: 'z-digits', ...account('111111116789') })).status).toBe(201);
    for (const number of ['222222226789', '222222226789', '111111116789']) {
      const body = account(number).bankAccount;
      const proposed = await api.call('POST', '/v1/sellers/z-digits/bank-accounts', { token: operator.token, body });
      expect(proposed.status).toBe(201);
    }
    expect((await create({ ...hanbit, sellerId: 'z-digits2', ...account('111111116789') })).status).toBe(201);
    const accountsOf = async (sellerId: string) => {
      const { body } = await api.call('GET', `/v1/audit-log?subject=seller:${sellerId}`, { token: operator.token });
      const items = body.items as { action: string; after: Record<string, string> }[];
      return items.filter(({ action }) => action === 'bank-account.propose').map(({ after }) => after);
    };
    const accounts = await accountsOf('z-digits');
    expect(new Set(accounts.map((it) => it.accountNumberMasked))).toEqual(new Set(['****6789']));
    const [back, same, changed, first] = accounts.map((it) => it.accountFingerprint);
    expect(first).toMatch(/^[0-9a-f]{16}$/);
    expect([back, same]).toEqual([first, changed]);
    expect(changed).not.toBe(first);
    expect((await accountsOf('z-digits2'))[0]?.accountFingerprint).not.toBe(first);
  });

  it('is found by staff, page by page', async () => {
    for (const id of ['a-1', 'a-2', 'a-3']) await makeSeller(database.db, id);
    const list = (query: string) => api.call('GET', `/v1/sellers?${query}`, { token: operator.token });
    const first = await list('limit=2&status=ACTIVE');
    expect(first.body.items.map(({ sellerId }: { sellerId: string }) => sellerId)).toEqual(['a-1', 'a-2']);
    const second = await list(`limit=4&status=ACTIVE&cursor=${first.body.nextCursor}`);
    expect(second.body.items.map(({ sellerId }: { sellerId: string }) => sellerId)).toEqual([
      'a-3',
      'thief',
      'z-digits',
      'z-digits2',
    ]);
    expect(second.body.nextCursor).toBeNull();
  });
});

describe('an account of a seller', () => {
  it('sees itself alone', async () => {
    await makeSeller(database.db, 'own');
    await makeSeller(database.db, 'else');
    const { token } = await makeAccount(database.db, 'seller', { sellerId: 'own' });
    const get = async (path: string) => (await api.call('GET', path, { token })).body;
    expect(await get('/v1/sellers/own')).toMatchObject({ sellerId: 'own' });
    expect(await get('/v1/sellers/else')).toMatchObject({ code: 'FORBIDDEN' });
    expect(await get('/v1/sellers/no-such-seller')).toMatchObject({ code: 'FORBIDDEN' }); // not even whether there is one
    expect((await get('/v1/sellers')).items).toMatchObject([{ sellerId: 'own' }]);
    const forged = Buffer.from(JSON.stringify(['sellers', 'a'])).toString('base64url');
    expect((await get(`/v1/sellers?cursor=${forged}`)).items).toMatchObject([{ sellerId: 'own' }]);
    expect((await api.call('PATCH', '/v1/sellers/own', { token, body: { name: 'X' } })).body.code).toBe('FORBIDDEN');
    expect((await create(hanbit, token)).body.code).toBe('FORBIDDEN');
    const buyer = await makeAccount(database.db, 'buyer');
    expect((await api.call('GET', '/v1/sellers', { token: buyer.token })).body.code).toBe('FORBIDDEN');
  });

  it('needs a seller and a free address', async () => {
    const make = (sellerId: string, email: string) =>
      api.call('POST', `/v1/sellers/${sellerId}/accounts`, {
        token: operator.token,
        body: { email, displayName: 'X' },
      });
    expect((await make('nobody', 'x@example.com')).body.code).toBe('SELLER_NOT_FOUND');
    expect((await make('hanbit', operator.email)).body.code).toBe('EMAIL_TAKEN');
  });
});
