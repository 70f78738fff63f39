/** SIGKILL at every named point where money is claimed or moves, and three processes at once: the same command goes on, and nothing is paid twice. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { change, select } from '../../../infra/database.js';
import { readAnyPlatformTime } from '../../../infra/platform-time.js';
import { environment, killAll, startMagam } from '../../../scripts/chaos/magam.mjs';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { DATE, PayoutScene, resultFile } from './payout-scene.js';

let database: TestDatabase;
let scene: PayoutScene;
let today: string;
const folder = mkdtempSync(join(tmpdir(), 'magam-payout-kills-'));
const results = join(folder, 'results.csv');
beforeAll(async () => {
  database = await createTestDatabase();
  scene = new PayoutScene(database.db);
  today = (await readAnyPlatformTime(database.db, 'Asia/Seoul')).date;
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await database?.drop();
});
beforeEach(() => scene.reset());
afterEach(killAll);

const start = (args: readonly string[], fault?: string) =>
  startMagam(['payouts', ...args, '--json'], environment(database.url, { MAGAM_FAULT: fault }), { limitMs: 60_000 });
const PROPOSE = ['propose', '--date', DATE, '--workers', '2'];
const exporting = (name: string) => ['export', '--layout', 'csv', '--out', join(folder, name)];

/** Is killed at the point, leaves nothing half done, and is carried out by the same command. */
async function killedAndDone(args: readonly string[], point: string): Promise<void> {
  expect(await start(args, `${point}:kill`).ended).toMatchObject({ signal: 'SIGKILL' });
  expect(await scene.differences()).toEqual([]);
  const { code, stderr } = await start(args).ended;
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(await scene.differences()).toEqual([]);
}

const payouts = () =>
  select<{ status: string; sellerId: string }>(
    database.db,
    'SELECT status, seller_id AS sellerId FROM payout ORDER BY seller_id',
  );
const transfers = async () =>
  (await select<{ n: number }>(database.db, 'SELECT COUNT(*) AS n FROM file_transfer'))[0]?.n;

describe('a proposal', () => {
  beforeEach(async () => {
    for (const sellerId of ['S1', 'S2', 'S3']) {
      await scene.seller(sellerId);
      await scene.statement({ sellerId, earned: 1_000n });
    }
  });

  const each = ['S1', 'S2', 'S3'].map((sellerId) => ({ status: 'CALCULATED', sellerId }));

  it.each([
    'payout.before-claim',
    'payout.claimed',
    'chunk.before-commit',
    'chunk.after-commit',
    'run.before-finish-commit',
  ])('killed at %s pays each seller once', async (point) => {
    await killedAndDone(PROPOSE, point);
    expect(await payouts()).toEqual(each);
  });

  it('by three processes at once pays each seller once', async () => {
    const ended = await Promise.all([1, 2, 3].map(() => start(PROPOSE).ended));
    expect(ended.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(await payouts()).toEqual(each);
    expect(await scene.differences()).toEqual([]);
  });
});

describe('a file', () => {
  it.each(['payout.export-locked', 'payout.exported'])(
    'whose export is killed at %s holds the payout once',
    async (point) => {
      await scene.approved();
      await killedAndDone(exporting(`${point}.csv`), point);
      expect(await payouts()).toEqual([{ status: 'EXPORTED', sellerId: 'S1' }]);
      expect(await transfers()).toBe(1);
    },
  );

  it('whose export is killed before it was written is written by its number', async () => {
    await scene.approved();
    expect(await start(exporting('lost.csv'), 'payout.export-committed:kill').ended).toMatchObject({
      signal: 'SIGKILL',
    });
    const listed = await start(['files']).ended;
    const [file] = listed.json<{ files: { file: string }[] }>().files;
    const again = await start(['export', file?.file ?? '', '--out', join(folder, 'lost.csv')]).ended;
    expect(again.code).toBe(0);
    expect(await transfers()).toBe(1);
  });

  it('of three exports at once is one', async () => {
    await scene.approved();
    const ended = await Promise.all(['a', 'b', 'c'].map((name) => start(exporting(`${name}.csv`)).ended));
    const made = ended.map((one) => one.json<{ file: object | null }>().file).filter((file) => file !== null);
    expect(made).toHaveLength(1);
    expect(await scene.differences()).toEqual([]);
  });

  it.each(['payout.sent-posted', 'payout.file-sent'])(
    'that is marked as sent and killed at %s is sent once',
    async (point) => {
      await scene.approved();
      const { file } = await scene.export({ transferOn: today });
      await killedAndDone(['mark-sent', `F${file?.fileId}`], point);
      expect(await scene.balances()).toEqual({ PAYOUT_IN_TRANSIT: 1_000 });
    },
  );

  it.each(['payout.result-posted', 'payout.result-written', 'payout.results-imported'])(
    'whose results are killed at %s is paid once',
    async (point) => {
      const { payoutId } = await scene.approved();
      const { file } = await scene.export({ transferOn: today });
      writeFileSync(results, resultFile(`F${file?.fileId}`, [[`P${payoutId}-1`, 1_000, 'PAID', today]]));
      await killedAndDone(['import', results, '--layout', 'csv'], point);
      expect(await scene.balances()).toEqual({ PAID_OUT: 1_000 });
    },
  );

  it('whose results three processes import at once is paid once', async () => {
    const { payoutId } = await scene.approved();
    const { file } = await scene.export({ transferOn: today });
    writeFileSync(results, resultFile(`F${file?.fileId}`, [[`P${payoutId}-1`, 1_000, 'PAID', today]]));
    const ended = await Promise.all([1, 2, 3].map(() => start(['import', results, '--layout', 'csv']).ended));
    expect(ended.map((one) => one.json<{ paid: number }>().paid).sort()).toEqual([0, 0, 1]);
    expect(await scene.balances()).toEqual({ PAID_OUT: 1_000 });
    expect(await scene.differences()).toEqual([]);
  });
});

describe('an approval or a cancellation', () => {
  it('killed before its commit is as if it had never been', async () => {
    const payout = await scene.proposed();
    await change(database.db, 'UPDATE payout SET maker = NULL');
    const { amountMinor, bankAccountId, hash, payoutId } = payout;
    const seen = ['--amount', String(amountMinor), '--account', String(bankAccountId), '--hash', hash];
    await killedAndDone(['approve', String(payoutId), ...seen], 'payout.approved');
    expect(await scene.statusOf(payoutId)).toBe('APPROVED');
    await killedAndDone(['cancel', String(payoutId), '--reason', 'x'], 'payout.claims-freed');
    expect(await scene.statusOf(payoutId)).toBe('CANCELLED');
  });
});
