/** What long commands say while the database is away, and when it is back. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { environment, startMagam } from '../../scripts/chaos/magam.mjs';
import { type ScratchDatabase, seed } from '../../scripts/chaos/scratch-database.mjs';
import { startProxy } from '../../scripts/chaos/tcp-proxy.mjs';
import { DAY, draft } from '../support/draft-scene.js';
import { salesCsv } from '../support/feed-files.js';
import { ImportScene } from '../support/import-scene.js';
import { magam } from '../support/magam.js';
import { createDatabase, magamOf } from '../support/settling.js';

/** A settled date. */
let settled: ScratchDatabase;
let imports: ImportScene;
beforeAll(async () => {
  settled = await createDatabase();
  await seed(settled, { lines: 200, sellers: 5, date: DAY });
  expect(await magamOf(settled, ['settle', '--date', DAY, '--workers', '1'])).toMatchObject({ code: 0 });
  imports = await ImportScene.open();
});
afterAll(async () => {
  await imports.close();
  await settled.drop();
});

const PATIENCE_MS = 2_500;

/** The commands, each with the label of its progress and a statement of its work at which the database goes. */
const commands = {
  'import lines': () => ({
    url: imports.database.url,
    args: ['import', 'lines', imports.folder.write(salesCsv({ order_id: `away-${Math.random()}` }))],
    label: '[A-Z]',
    statement: /^UPDATE feed_import SET/,
  }),
  seed: () => ({
    url: imports.database.url,
    args: ['seed', '--lines', '200', '--sellers', '5', '--date', '2026-04-20'],
    label: 'Seeding',
    statement: /^INSERT INTO sale_entry/,
  }),
  whatif: () => ({
    url: settled.url,
    args: [
      'whatif',
      '--again',
      '--policies',
      imports.folder.write(JSON.stringify({ policies: draft }), 'draft.json'),
      '--from',
      DAY,
      '--to',
      DAY,
      '--workers',
      '1',
    ],
    label: 'Trying',
    statement: /^UPDATE run_partition SET/,
  }),
};

describe.each(Object.entries(commands))('magam %s', (_name, command) => {
  const behindProxy = async () => {
    const { url, statement, ...rest } = command();
    return { proxy: await startProxy(url, [{ statement, place: 'down', nth: 1 }]), ...rest };
  };

  it('says for how long it tries again, and what to do when that is over', async () => {
    const { proxy, args, label } = await behindProxy();
    const { code, stderr } = await magam(proxy.url, args, { MAGAM_OUTAGE_MS: String(PATIENCE_MS) });
    await proxy.close();
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`^${label}.*: database away, trying again for [123] s more$`, 'm'));
    expect(stderr).toMatch(/^DATABASE_UNAVAILABLE: [\s\S]*\nWhat to do: .+\n$/m);
  });

  it('says that the database is back, and comes to its end', async () => {
    const { proxy, args, label } = await behindProxy();
    const process = startMagam(args, environment(proxy.url, { MAGAM_OUTAGE_MS: '60000' }));
    await process.says(/database away/);
    proxy.comeBack();
    const { code, stderr } = await process.ended;
    await proxy.close();
    expect([code, stderr]).toEqual([0, expect.stringMatching(new RegExp(`^${label}.*: database back$`, 'm'))]);
  });
});
