/** `magam keys`: everything that is stored encrypted comes under the current key, whatever stops it, and what cannot is named. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ENCRYPTED_COLUMNS } from '../../cli/keys.js';
import { BANK_ACCOUNTS, openBankAccount } from '../../core/accounts/bank-account.js';
import { beginSecondFactor } from '../../core/accounts/second-factor.js';
import { readSeller } from '../../core/accounts/stores/seller.js';
import { openReceiver, type Receiver, sealReceiver } from '../../core/orders/receiver.js';
import { insertCheckouts } from '../../core/orders/stores/checkout.js';
import { sealSecret } from '../../core/webhooks/secrets.js';
import { insertEndpoint, storeSecret } from '../../core/webhooks/stores/webhook-endpoint.js';
import { readConfig } from '../../infra/config.js';
import { change, type Db, inTransaction, select } from '../../infra/database.js';
import { keyIdOf } from '../../infra/encryption.js';
import { rotateColumn } from '../../infra/key-rotation.js';
import { listAudit } from '../../infra/stores/audit-log.js';
import { errors } from '../../kernel/errors.js';
import { environment, startMagam } from '../../scripts/chaos/magam.mjs';
import { makeSeller } from '../support/accounts.js';
import { createTestDatabase, inStatement, type TestDatabase } from '../support/database.js';
import { magam } from '../support/magam.js';

/** What the test's data are encrypted with. */
const OLD = readConfig({ NODE_ENV: 'test' }).encryptionKey;
const NEW = Buffer.alloc(32, 9);
const BOTH = { MAGAM_ENCRYPTION_KEY: [NEW, OLD].map((key) => key.toString('base64')).join(',') };
const RECEIVER: Receiver = { name: '김철수', phone: '010-1234-5678', postalCode: '04524', address: '서울', note: '' };
/** More than one page. */
const CHECKOUTS = 1_203;

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await createTestDatabase();
  db = database.db;
});
afterAll(() => database?.drop());

const referenceOf = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;

beforeEach(async () => {
  for (const table of ['seller', 'seller_bank_account', 'account_second_factor', 'checkout', 'webhook_endpoint'])
    await change(db, `DELETE FROM ${table}`);
  for (const sellerId of ['S1', 'S2']) await makeSeller(db, sellerId);
  const made = Array.from({ length: CHECKOUTS }, (_, number) => ({
    reference: referenceOf(number),
    buyerId: 1,
    currency: 'KRW',
    amountMinor: 1_000,
    promotionId: null,
    receiver: sealReceiver(OLD, referenceOf(number), RECEIVER),
    expiresInMs: 60_000,
  }));
  await inTransaction(db, (tx) => insertCheckouts(tx, made));
  await inTransaction(db, async (tx) => {
    const endpoint = { sellerId: null, createdBy: 1, url: 'https://a.example', description: '', types: [], after: 0 };
    const endpointId = await insertEndpoint(tx, endpoint);
    await storeSecret(tx, endpointId, sealSecret(OLD, endpointId, 'whsec_1'));
  });
  await inTransaction(db, (tx) => beginSecondFactor(tx, OLD, { accountId: 7, email: 'kim@example.com' }));
});

const rotate = (settings: Record<string, string> = BOTH) => magam(database.url, ['keys', 'rotate', '--json'], settings);
const receivers = () =>
  select<{ reference: string; sealed: string; keyId: string }>(
    db,
    'SELECT reference, receiver AS sealed, receiver_key_id AS keyId FROM checkout ORDER BY checkout_id',
  );

describe('magam keys rotate', () => {
  it('encrypts everything anew, so that the former key is not needed any more', async () => {
    const versionBefore = (await readSeller(db, 'S1'))?.version;
    const { code, stdout } = await rotate();
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      keyId: keyIdOf(NEW),
      values: [
        { values: 'bank accounts', rows: 2, changed: 2 },
        { values: 'history of bank accounts', rows: 2, changed: 2 },
        { values: 'second factors', rows: 1, changed: 1 },
        { values: 'receivers of orders', rows: CHECKOUTS, changed: CHECKOUTS },
        { values: 'secrets of webhooks', rows: 1, changed: 1 },
        { values: 'former secrets of webhooks', rows: 0, changed: 0 },
      ],
    });
    for (const row of await receivers()) expect(openReceiver([NEW], row.reference, row)).toEqual(RECEIVER);
    const seller = await readSeller(db, 'S1');
    expect(seller?.version).toBe(versionBefore);
    expect(seller && openBankAccount([NEW], 'S1', seller.bankAccount)).toBe('110123456789');
    const again = JSON.parse((await rotate()).stdout) as { values: { changed: number }[] };
    expect(again.values.map(({ changed }) => changed)).toEqual([0, 0, 0, 0, 0, 0]);
    const audited = await listAudit(db, { subject: { type: 'encryption-key', id: keyIdOf(NEW) } }, 10);
    expect(audited.map(({ action }) => action)).toEqual(['keys.rotated', 'keys.rotate', 'keys.rotated', 'keys.rotate']);
    expect(JSON.stringify(audited)).not.toContain(NEW.toString('base64'));
  });

  it('continues where it was stopped, and keeps the values that servers write meanwhile', async () => {
    const column = ENCRYPTED_COLUMNS.find(({ table }) => table === 'checkout') ?? BANK_ACCOUNTS;
    let pages = 0;
    const stopped = rotateColumn(db, column, [NEW, OLD], () => {
      pages += 1;
      if (pages === 2) throw new Error('stopped');
    });
    await expect(stopped).rejects.toThrow('stopped');
    const done = (await receivers()).filter(({ keyId }) => keyId === keyIdOf(NEW));
    expect(done).toHaveLength(1_000);
    const late = sealReceiver(NEW, referenceOf(1_202), { ...RECEIVER, name: '이영희' });
    await change(db, 'UPDATE checkout SET receiver = ?, receiver_key_id = ? WHERE reference = ?', [
      late.sealed,
      late.keyId,
      referenceOf(1_202),
    ]);
    expect(JSON.parse((await rotate()).stdout)).toMatchObject({
      values: [{ changed: 2 }, { changed: 2 }, { changed: 1 }, { changed: 202 }, { changed: 1 }, { changed: 0 }],
    });
    const rows = await receivers();
    expect(rows.slice(0, 1_000)).toEqual(done);
    expect(rows.at(-1)?.sealed).toBe(late.sealed);
  });

  it('ends after the page in hand when it is told to stop', async () => {
    const writer = await db.transaction();
    await change(writer, 'UPDATE checkout SET amount_minor = 2000 WHERE reference = ?', [referenceOf(0)]);
    const rotating = startMagam(['keys', 'rotate'], environment(database.url, BOTH));
    await inStatement(db, 'UPDATE checkout SET receiver = %receiver_key_id%');
    rotating.send('SIGTERM');
    await writer.commit();
    expect((await rotating.ended).code).toBe(errors.RUN_STOPPED.exit);
    expect((await receivers()).filter(({ keyId }) => keyId === keyIdOf(NEW))).toHaveLength(500);
  });

  it('replaces no value that was changed after it was read', async () => {
    const fresh = sealReceiver(OLD, referenceOf(0), { ...RECEIVER, name: '이영희' });
    const writer = await db.transaction();
    const sql = 'UPDATE checkout SET receiver = ? WHERE reference = ?';
    await change(writer, sql, [fresh.sealed, referenceOf(0)]);
    const rotated = rotate(); // reads committed rows, and waits for the row
    await inStatement(db, 'UPDATE checkout SET receiver = %receiver_key_id%');
    await writer.commit();
    expect((await rotated).code).toBe(0);
    const [first] = await receivers();
    expect(first && openReceiver([NEW], first.reference, first)?.name).toBe('이영희');
  });

  it('rotates all other values, and names those under an unknown key and changed ones', async () => {
    await change(db, `UPDATE checkout SET receiver_key_id = 'ffffffff' WHERE reference = ?`, [referenceOf(0)]);
    await change(db, `UPDATE seller SET bank_account = REVERSE(bank_account) WHERE seller_id = 'S2'`);
    const { code, stdout } = await rotate();
    expect(code).toBe(1);
    expect(JSON.parse(stdout).error).toMatchObject({
      code: 'KEYS_NOT_ROTATED',
      details: {
        values: [
          { changed: 1, damaged: 1 },
          { changed: 2 },
          { changed: 1 },
          { changed: CHECKOUTS - 1, unknown: 1 },
          { changed: 1 },
          { changed: 0 },
        ],
      },
    });
  });
});

it('magam keys tells how much stands under which key', async () => {
  const show = await magam(database.url, ['keys', '--json'], BOTH);
  expect(JSON.parse(show.stdout)).toEqual({
    currentKeyId: keyIdOf(NEW),
    formerKeyIds: [keyIdOf(OLD)],
    values: [
      { values: 'bank accounts', keyId: keyIdOf(OLD), key: 'former', rows: 2 },
      { values: 'history of bank accounts', keyId: keyIdOf(OLD), key: 'former', rows: 2 },
      { values: 'second factors', keyId: keyIdOf(OLD), key: 'former', rows: 1 },
      { values: 'receivers of orders', keyId: keyIdOf(OLD), key: 'former', rows: CHECKOUTS },
      { values: 'secrets of webhooks', keyId: keyIdOf(OLD), key: 'former', rows: 1 },
    ],
  });
  await rotate();
  const { stdout } = await magam(database.url, ['keys'], {
    MAGAM_ENCRYPTION_KEY: Buffer.alloc(32, 8).toString('base64'),
  });
  expect(stdout).toMatch(/bank accounts +\w{8} +unknown +2/);
});

it('knows every column of the schema that holds encrypted values', async () => {
  const columns = await select<{ place: string }>(
    db,
    `SELECT CONCAT(table_name, '.', column_name) AS place FROM information_schema.columns
     WHERE table_schema = DATABASE() AND column_name LIKE '%key\\_id' AND data_type = 'char'`,
  );
  const known = ENCRYPTED_COLUMNS.map(({ table, keyId }) => `${table}.${keyId}`);
  expect(known.sort()).toEqual(columns.map(({ place }) => place).sort());
});
