/** A database that takes no writes for a while, in the middle of an import: it is waited for. */
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { environment, startMagam, until } from '../../../../scripts/chaos/magam.mjs';
import { errorOf, ImportScene, LINES, manyLines } from '../../../support/import-scene.js';

let scene: ImportScene;
beforeAll(async () => {
  scene = await ImportScene.open();
  await scene.database.db.raw('CREATE TABLE refused_try (at INT AUTO_INCREMENT PRIMARY KEY)');
});

/** A try is rolled back; the number that it took from the table is not given again. */
let looked = 0;
const tries = async (): Promise<number> => {
  const [{ insertId }] = await scene.database.db.raw('INSERT INTO refused_try VALUES (NULL)');
  looked += 1;
  return insertId - looked;
};
const allow = async (): Promise<void> => {
  await scene.database.db.raw('DROP TRIGGER IF EXISTS refusing');
  await scene.database.db.raw('TRUNCATE TABLE refused_try');
  looked = 0;
};
afterEach(async () => {
  await allow();
  await scene.reset();
});
afterAll(() => scene.close());

const READ_ONLY = [1290, 'running with the --read-only option'] as const;
const FULL = [1114, 'The table is full'] as const;

const refuse = (operation: string, [errno, text]: typeof READ_ONLY | typeof FULL) =>
  scene.database.db.raw(
    `CREATE TRIGGER refusing BEFORE ${operation} FOR EACH ROW BEGIN INSERT INTO refused_try VALUES (NULL);
     SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = ${errno}, MESSAGE_TEXT = '${text}'; END`,
  );
const start = (args: readonly string[], settings: Readonly<Record<string, string>> = {}) =>
  startMagam([...args, '--json'], environment(scene.database.url, settings));
const refusedTwice = () => until(async () => (await tries()) > 1, 'it tries again');

it.each([
  ['before it is registered', 'INSERT ON feed_import', READ_ONLY, 'DATABASE_READ_ONLY'],
  ['while rows are written', 'INSERT ON sale_entry', FULL, 'DATABASE_FULL'],
  ['when a batch is done', 'UPDATE ON feed_import', READ_ONLY, 'DATABASE_READ_ONLY'],
] as const)('is waited for as long as the setting says: %s', async (_when, operation, refusal, code) => {
  const file = scene.folder.write(manyLines());
  await refuse(operation, refusal);
  const given = await start(['import', 'lines', file], { MAGAM_OUTAGE_MS: '0' }).ended;
  expect([given.code, errorOf(given).code]).toEqual([1, code]);
  await allow();
  await scene.expireLeases();

  await refuse(operation, refusal);
  const importing = start(['import', 'lines', file]);
  await refusedTwice();
  await allow();
  const ended = await importing.ended;
  expect([ended.code, ended.json()]).toMatchObject([0, { status: 'COMPLETED', imported: LINES }]);
  expect(await scene.count('sale_entry')).toBe(LINES);
});

it('a withdrawal waits, too', async () => {
  expect(await scene.magam('import', 'lines', scene.folder.write(manyLines()))).toMatchObject({ code: 0 });
  await refuse('DELETE ON sale_entry', READ_ONLY);
  const withdrawing = start(['imports', 'withdraw', await scene.importId('MAX')]);
  await refusedTwice();
  await allow();
  expect(await withdrawing.ended).toMatchObject({ code: 0 });
  expect([await scene.count('sale_entry'), await scene.statuses()]).toEqual([0, ['WITHDRAWN']]);
});

it('an import that is told to stop while it waits is stopped, and continued by the same command', async () => {
  const file = scene.folder.write(manyLines());
  await refuse('INSERT ON sale_entry', READ_ONLY);
  const importing = start(['import', 'lines', file]);
  await refusedTwice();
  importing.send('SIGTERM');
  const stopped = await importing.ended;
  expect([stopped.code, errorOf(stopped).code]).toEqual([130, 'IMPORT_STOPPED']);
  await allow();
  await scene.expireLeases();
  expect((await scene.magam('import', 'lines', file)).json()).toMatchObject({ imported: LINES, unchanged: 0 });
});
