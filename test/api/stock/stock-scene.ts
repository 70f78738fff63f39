/** A catalogue's scene with a Redis of its own, and a link to it that has the server's prefix. */
import { expect } from '@jest/globals';
import { openSeal } from '../../../infra/cache/seal.js';
import { readConfig } from '../../../infra/config.js';
import { openRedis, type RedisLink } from '../../../infra/redis.js';
import { readDatabaseIdentity, readInstallationId } from '../../../infra/stores/installation.js';
import { until } from '../../../scripts/chaos/magam.mjs';
import { startRedis, type TestRedis } from '../../support/redis.js';
import { differences } from '../../support/stock.js';
import { type CatalogueScene, openCatalogue } from '../catalogue/catalogue-scene.js';

export interface StockScene {
  readonly scene: CatalogueScene;
  readonly redis: TestRedis;
  readonly link: RedisLink;
  /** Fails where the stock is not what its journal and its reservations come to. */
  readonly end: () => Promise<void>;
}

export async function openStockScene(): Promise<StockScene> {
  const redis = await startRedis();
  const scene = await openCatalogue({ MAGAM_REDIS_URL: redis.url });
  const { db } = scene.database;
  const seal = openSeal(readConfig({ NODE_ENV: 'test' }).tokenKey, await readDatabaseIdentity(db));
  const link = openRedis(redis.url, await readInstallationId(db), () => undefined, seal);
  await until(() => link.isUp(), 'the link');
  const end = async (): Promise<void> => {
    const found = await differences(db);
    await scene.end();
    link.close();
    await redis.stop();
    expect(found).toEqual([]);
  };
  return { scene, redis, link, end };
}
