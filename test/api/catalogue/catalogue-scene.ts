/** A server with two sellers, an operator, two buyers and a leaf category. */

import { makeAccount, makeSeller, type TestAccount } from '../../support/accounts.js';
import { type CallAnswer, type RunningApi, startApi } from '../../support/api.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

export interface CatalogueScene {
  readonly database: TestDatabase;
  readonly api: RunningApi;
  readonly seller: TestAccount;
  readonly otherSeller: TestAccount;
  readonly operator: TestAccount;
  readonly buyer: TestAccount;
  readonly otherBuyer: TestAccount;
  /** A root and a leaf below it. */
  readonly rootId: number;
  readonly leafId: number;
  /** Makes a product of `seller` and returns it; ACTIVE unless it says otherwise. */
  readonly makeProduct: (fields?: Readonly<Record<string, unknown>>) => Promise<CallAnswer['body']>;
  readonly end: () => Promise<void>;
}

let products = 0;

export async function openCatalogue(settings: Readonly<Record<string, string>> = {}): Promise<CatalogueScene> {
  const database = await createTestDatabase();
  const { db } = database;
  for (const sellerId of ['S1', 'S2']) await makeSeller(db, sellerId);
  const api = await startApi(database.url, settings);
  const operator = await makeAccount(db, 'operator');
  const makeCategory = async (name: string, parentId: number | null): Promise<number> => {
    const made = await api.call('POST', '/v1/categories', { token: operator.token, body: { name, parentId } });
    return made.body.categoryId as number;
  };
  const rootId = await makeCategory('패션', null);
  const leafId = await makeCategory('지갑', rootId);
  const seller = await makeAccount(db, 'seller', { sellerId: 'S1' });
  return {
    database,
    api,
    operator,
    rootId,
    leafId,
    seller,
    otherSeller: await makeAccount(db, 'seller', { sellerId: 'S2' }),
    buyer: await makeAccount(db, 'buyer'),
    otherBuyer: await makeAccount(db, 'buyer'),
    makeProduct: async (fields = {}) => {
      products += 1;
      const body = {
        externalId: `P${products}`,
        categoryId: leafId,
        name: `소가죽 반지갑 ${products}`,
        currency: 'KRW',
        priceMinor: 39_000,
        status: 'ACTIVE',
        ...fields,
      };
      const made = await api.call('POST', '/v1/products', { token: seller.token, body });
      if (made.status !== 201) throw new Error(made.text);
      return made.body;
    },
    end: async () => {
      await api.stop();
      await database.drop();
    },
  };
}
