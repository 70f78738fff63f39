/** Idempotency keys: one call, one effect, one answer, whatever happens in between. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { isKept } from '../../../api/edge/idempotency.js';
import { change, select, type Tx } from '../../../infra/database.js';
import { makeAccount, type TestAccount } from '../../support/accounts.js';
import { type ApiClient, type RunningApi, spawnApi, startApi } from '../../support/api.js';
import { createTestDatabase, inStatement, type TestDatabase } from '../../support/database.js';

let database: TestDatabase;
let api: RunningApi;
let other: RunningApi;
let operator: TestAccount;

beforeAll(async () => {
  database = await createTestDatabase();
  api = await startApi(database.url);
  other = await startApi(database.url);
  operator = await makeAccount(database.db, 'operator');
});
afterAll(async () => {
  await api?.stop();
  await other?.stop();
  await database?.drop();
});

const create = (client: ApiClient, name: string, key?: string, token = operator.token) =>
  client.call('POST', '/v1/categories', {
    token,
    body: { name, parentId: null },
    headers: key === undefined ? {} : { 'Idempotency-Key': key },
  });

const countOf = async (name: string): Promise<number> => {
  const [row] = await select<{ n: number }>(database.db, 'SELECT COUNT(*) AS n FROM category WHERE name = ?', [name]);
  return Number(row?.n);
};

/** Holds a name of a category, so that another transaction that wants it waits. */
const holdName = (tx: Tx, name: string) =>
  change(
    tx,
    'INSERT INTO category (parent_id, level, name, version, created_at) VALUES (0, 1, ?, 1, UTC_TIMESTAMP(3))',
    [name],
  );

it.each([
  ['RATE_LIMITED', false],
  ['TOKEN_INVALID', false],
  ['DATABASE_UNAVAILABLE', false],
  ['IDEMPOTENCY_KEY_REUSED', false],
  ['EMAIL_TAKEN', true],
] as const)('%s is kept as the answer: %s', (code, kept) => expect(isKept(code)).toBe(kept));

describe('the same call under the same key', () => {
  it('leaves no hash behind by which the content of the body could be guessed', async () => {
    await create(api, 'Garters', 'garters-1');
    const [row] = await select<{ request_hash: string }>(
      database.db,
      "SELECT request_hash FROM idempotency_key WHERE idempotency_key = 'garters-1'",
    );
    const asked = JSON.stringify(['POST', '/v1/categories', JSON.stringify({ name: 'Garters', parentId: null })]);
    expect(row?.request_hash).toMatch(/^[0-9a-f]{64}$/);
    for (const guess of [asked, `request:${asked}`])
      expect(row?.request_hash).not.toBe(createHash('sha256').update(guess).digest('hex'));
  });

  it('gives the same answer, on another server too, and is done once', async () => {
    const first = await create(api, 'Hats', 'hats-1');
    expect(first.status).toBe(201);
    for (const client of [api, other]) {
      const again = await create(client, 'Hats', 'hats-1');
      expect({ status: again.status, text: again.text }).toEqual({ status: 201, text: first.text });
      expect(again.headers.get('location')).toBe(first.headers.get('location'));
      expect(again.headers.get('etag')).toBe(first.headers.get('etag'));
      expect(again.headers.get('idempotency-replayed')).toBe('true');
    }
    expect(await countOf('Hats')).toBe(1);
  });

  it('gives the same refusal, though it would not be refused any more', async () => {
    await create(api, 'Gloves');
    const refused = await create(api, 'Gloves', 'gloves-1');
    expect({ status: refused.status, code: refused.body.code }).toEqual({ status: 409, code: 'CATEGORY_EXISTS' });
    await database.db.raw("DELETE FROM category WHERE name = 'Gloves'");
    const again = await create(other, 'Gloves', 'gloves-1');
    expect({ status: again.status, text: again.text }).toEqual({ status: 409, text: refused.text });
    expect(again.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  });

  it('sent many times at once is done once; the others are told to ask again, or get its answer', async () => {
    const clients = Array.from({ length: 12 }, (_, i) => (i % 2 === 0 ? api : other));
    const answers = await Promise.all(clients.map((client) => create(client, 'Scarves', 'scarves-1')));
    expect(await countOf('Scarves')).toBe(1);
    expect(answers.every(({ status }) => status === 201 || status === 409)).toBe(true);
    expect(answers.some(({ status }) => status === 201)).toBe(true);
    const conflicts = answers.filter(({ status }) => status === 409);
    expect(conflicts.filter(({ body }) => body.code !== 'IDEMPOTENCY_KEY_IN_FLIGHT')).toEqual([]);
    expect((await create(api, 'Scarves', 'scarves-1')).status).toBe(201);
  });

  it('is in flight while the first is being carried out', async () => {
    const lock = await database.db.transaction();
    await holdName(lock, 'Belts');
    const first = create(api, 'Belts', 'belts-1'); // waits for the unique name
    await inStatement(database.db, 'INSERT INTO category%');
    expect((await create(other, 'Belts', 'belts-1')).body.code).toBe('IDEMPOTENCY_KEY_IN_FLIGHT');
    await lock.rollback();
    expect((await first).status).toBe(201);
    expect((await create(other, 'Belts', 'belts-1')).status).toBe(201);
  });
});

describe('a key', () => {
  it('is refused for another body and for another call', async () => {
    await create(api, 'Socks', 'socks-1');
    expect((await create(api, 'Stockings', 'socks-1')).body.code).toBe('IDEMPOTENCY_KEY_REUSED');
    const elsewhere = await api.call('POST', '/v1/sellers', {
      token: operator.token,
      headers: { 'Idempotency-Key': 'socks-1' },
      body: {
        sellerId: 'S-socks',
        name: 'Socks & Co',
        businessNumber: '1234567891',
        taxType: 'GENERAL',
        bankAccount: { bankCode: '088', accountHolder: 'Socks & Co', accountNumber: '110123456789' },
      },
    });
    expect({ status: elsewhere.status, code: elsewhere.body.code }).toEqual({
      status: 422,
      code: 'IDEMPOTENCY_KEY_REUSED',
    });
  });

  it('belongs to the account that used it', async () => {
    const colleague = await makeAccount(database.db, 'operator');
    await create(api, 'Shoes', 'shared-1');
    const answer = await create(api, 'Boots', 'shared-1', colleague.token);
    expect({ status: answer.status, name: answer.body.name }).toEqual({ status: 201, name: 'Boots' });
  });

  it.each(['', 'with space', 'k'.repeat(256)])('%j is refused', async (key) => {
    const answer = await create(api, 'Never', key === '' ? ' ' : key);
    expect({ status: answer.status, code: answer.body.code }).toEqual({ status: 400, code: 'REQUEST_INVALID' });
    expect(await countOf('Never')).toBe(0);
  });
});

describe('a server that is killed in the middle', () => {
  const killed = async (point: string, name: string): Promise<void> => {
    const victim = await spawnApi(database.url, { MAGAM_FAULT: `${point}:kill` });
    await expect(create(victim, name, `${name}-key`)).rejects.toThrow();
    expect(await victim.ended).toMatchObject({ signal: 'SIGKILL' });
  };

  it('after the commit: a repeated call gets its answer', async () => {
    await killed('call.committed', 'Rings');
    expect(await countOf('Rings')).toBe(1);
    const again = await create(api, 'Rings', 'Rings-key');
    expect({ status: again.status, name: again.body.name }).toEqual({ status: 201, name: 'Rings' });
    expect(await countOf('Rings')).toBe(1);
  });

  it('before the commit: nothing is done, and after its lease another does it', async () => {
    await killed('call.before-commit', 'Brooches');
    expect(await countOf('Brooches')).toBe(0);
    expect((await create(api, 'Brooches', 'Brooches-key')).body.code).toBe('IDEMPOTENCY_KEY_IN_FLIGHT');
    await database.db.raw(
      "UPDATE idempotency_key SET lease_until = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND WHERE idempotency_key = 'Brooches-key'",
    );
    expect((await create(api, 'Brooches', 'Brooches-key')).status).toBe(201);
    expect(await countOf('Brooches')).toBe(1);
  });
});

it('one that lost its key to another does not commit', async () => {
  const lock = await database.db.transaction();
  await holdName(lock, 'Watches');
  const late = create(api, 'Watches', 'watches-1');
  await inStatement(database.db, 'INSERT INTO category%');
  await database.db.raw("UPDATE idempotency_key SET owner = UUID() WHERE idempotency_key = 'watches-1'");
  await lock.rollback();
  expect((await late).body.code).toBe('IDEMPOTENCY_KEY_IN_FLIGHT');
  expect(await countOf('Watches')).toBe(0);
});
