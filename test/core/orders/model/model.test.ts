/**
 * Random sequences of what sellers, buyers, operators, duties and time do, beside a model in memory. What is found is made as short as it can be, and
 * printed with the seed under which it is found again: `MODEL_SEED=… MODEL_RUNS=… npm test -- model.test`.
 */
import { afterAll, beforeAll, it } from '@jest/globals';
import fc from 'fast-check';
import { createTestDatabase, type TestDatabase } from '../../../support/database.js';
import { sequences } from './commands.js';
import { Model } from './model.js';
import { Shop } from './shop.js';

const { MODEL_RUNS = '40', MODEL_SEED, MAGAM_REDIS_URL = '' } = process.env;

let database: TestDatabase;
let shop: Shop;
beforeAll(async () => {
  database = await createTestDatabase();
  shop = await Shop.open(database.db, MAGAM_REDIS_URL);
});
afterAll(async () => {
  shop?.close();
  await database?.drop();
});

it('stock, orders and money are what a simple model says, whatever is done in whatever order', async () => {
  const property = fc.asyncProperty(sequences, async (commands) => {
    await shop.begin();
    const model = new Model();
    await fc.asyncModelRun(() => ({ model, real: shop }), commands);
    await shop.expectSound(model);
  });
  const seed = MODEL_SEED === undefined ? {} : { seed: Number(MODEL_SEED) };
  await fc.assert(property, { numRuns: Number(MODEL_RUNS), ...seed });
}, 3_600_000);
