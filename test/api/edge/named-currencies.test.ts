/** A list that is asked for one currency refuses what is none: an empty answer would look like one without rows. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { makeAccount } from '../../support/accounts.js';
import { type RunningApi, startApi } from '../../support/api.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

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

interface Parameter {
  readonly name: string;
  readonly in: string;
}

interface Document {
  readonly paths: Readonly<Record<string, { readonly get?: { readonly parameters?: readonly Parameter[] } }>>;
}

it('every list that takes a currency refuses one that does not exist', async () => {
  const { token } = await makeAccount(database.db, 'admin');
  const document = (await (await fetch(`${api.url}/openapi.json`)).json()) as Document;
  const paths = Object.entries(document.paths)
    .filter(([, { get }]) => get?.parameters?.some(({ name, in: place }) => name === 'currency' && place === 'query'))
    .map(([path]) => path.replaceAll(/\{\w+\}/g, '1'));
  expect(paths).toEqual(expect.arrayContaining(['/v1/payouts', '/v1/statements', '/v1/ledger/accounts']));
  for (const path of paths)
    for (const currency of ['krw', 'XXX']) {
      const { status, body } = await api.call('GET', `${path}?currency=${currency}`, { token });
      expect([path, currency, status, body?.code]).toEqual([path, currency, 400, 'REQUEST_INVALID']);
      expect(body.errors.at(-1)).toMatchObject({ in: 'query', pointer: '#/currency' });
    }
});
