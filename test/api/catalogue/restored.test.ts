/** A database that was restored while Redis still holds pages of lost data: `magam restored` makes them unreachable. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { select } from '../../../infra/database.js';
import { until } from '../../../scripts/chaos/magam.mjs';
import { startApi } from '../../support/api.js';
import { type DatabaseCopy, takeCopy } from '../../support/database-copy.js';
import { magam } from '../../support/magam.js';
import { type CatalogueScene, openCatalogue } from './catalogue-scene.js';

let scene: CatalogueScene;
let copy: DatabaseCopy | undefined;
beforeAll(async () => {
  scene = await openCatalogue();
});
afterAll(async () => {
  await copy?.drop();
  await scene.end();
});

it('pages of the lost time are not shown after magam restored, which is recorded', async () => {
  const { api, database, seller, makeProduct } = scene;
  await until(async () => (await api.call('GET', '/readyz')).body.status === 'ok', 'Redis is there');
  const { productId, version } = await makeProduct({ name: 'before' });
  copy = await takeCopy(database);
  const path = `/v1/products/${productId}`;
  const edited = await api.call('PATCH', path, {
    token: seller.token,
    body: { name: 'lost' },
    headers: { 'If-Match': `"v${version}"` },
  });
  expect(edited.status).toBe(200);
  expect((await api.call('GET', path)).body.name).toBe('lost'); // cached now
  await copy.restore();
  const fresh = async (): Promise<string> => {
    const other = await startApi(database.url);
    try {
      await until(async () => (await other.call('GET', '/readyz')).body.status === 'ok', 'Redis is there');
      return (await other.call('GET', path)).body.name;
    } finally {
      await other.stop();
    }
  };
  expect(await fresh()).toBe('lost');
  const { code, stdout, stderr } = await magam(database.url, ['restored']);
  expect([code, stdout]).toEqual([0, 'No date is closed.\n']);
  expect(stderr).toContain('restart, every HTTP server and runner');
  expect(await fresh()).toBe('before');
  const [{ action } = { action: '' }] = await select<{ action: string }>(
    database.db,
    'SELECT action FROM audit_log ORDER BY audit_id DESC LIMIT 1',
  );
  expect(action).toBe('database.restored');
});
