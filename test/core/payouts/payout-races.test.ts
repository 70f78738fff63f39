/** Two at once: proposals, exports, and an approval against a change of the bank account. One waits for the other, and no money goes twice or astray. */
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { cancelPayout } from '../../../core/payouts/change-payout.js';
import { markFileSent } from '../../../core/payouts/export-payouts.js';
import { importResults } from '../../../core/payouts/import-results.js';
import { change, type Db, openDatabase, select } from '../../../infra/database.js';
import { decided } from '../../../kernel/outcome.js';
import { createTestDatabase, inStatement, type TestDatabase } from '../../support/database.js';
import { codeOf, DATE, KIM, PayoutScene, resultFile } from './payout-scene.js';

let database: TestDatabase;
let other: Db;
let scene: PayoutScene;
beforeAll(async () => {
  database = await createTestDatabase();
  other = openDatabase(database.url, { poolMax: 4 });
  scene = new PayoutScene(database.db);
});
afterAll(async () => {
  await other?.destroy();
  await database?.drop();
});
beforeEach(() => scene.reset());

const count = async (table: string): Promise<number> =>
  (await select<{ n: number }>(database.db, `SELECT COUNT(*) AS n FROM ${table}`))[0]?.n ?? 0;

it('three proposals at once make one payout', async () => {
  await scene.seller('S1');
  await scene.statement({ earned: 1_000n });
  const made = await Promise.all([1, 2, 3].map(() => scene.propose()));
  expect(made.map((one) => one.length).sort()).toEqual([0, 0, 1]);
  expect(await count('payout')).toBe(1);
  expect(await scene.differences()).toEqual([]);
});

it('a proposal waits for a cancellation, and claims the statements that it releases', async () => {
  const { payoutId } = await scene.proposed();
  let proposal: Promise<unknown[]> = Promise.resolve([]);
  await scene.inTx(async (tx) => {
    decided(await cancelPayout(tx, KIM, { payoutId, reason: 'x' }));
    proposal = scene.propose();
    await inStatement(database.db, '%ledger_balance%FOR UPDATE%');
  });
  expect(await proposal).toHaveLength(1);
  expect(await scene.differences()).toEqual([]);
});

it('two exports at once put a payout into one file', async () => {
  await scene.approved();
  const exports = await Promise.all([scene.export(), scene.export(), scene.export()]);
  expect(exports.filter(({ file }) => file !== null)).toHaveLength(1);
  expect(await count('file_transfer')).toBe(1);
  expect(await scene.differences()).toEqual([]);
});

it('an approval that comes while the bank account is changed sees the new account and is refused', async () => {
  const payout = await scene.proposed();
  let approval: Promise<string | undefined> = Promise.resolve(undefined);
  await scene.inTx(async (tx) => {
    await scene.changeAccountIn(tx, 'S1', '220987654321');
    approval = codeOf(scene.approve(payout));
    await inStatement(database.db, '%FROM seller WHERE%LOCK IN SHARE MODE%');
  });
  expect(await approval).toBe('PAYOUT_CHANGED');
  expect((await scene.payout(payout.payoutId)).approval).toBeNull();
});

it('a change of the bank account waits for the export that read it, and the next step finds the approval void', async () => {
  const { payoutId, bankAccountId } = await scene.approved();
  const change_ = scene.changeAccount();
  const [exported] = await Promise.all([scene.export(), change_]);
  const payout = await scene.payout(payoutId);
  if (exported.file === null) expect(payout).toMatchObject({ status: 'CALCULATED', approval: null });
  else {
    expect(payout).toMatchObject({ status: 'EXPORTED', bankAccountId });
    const { fileId } = exported.file;
    expect(await codeOf(scene.inTx((tx) => markFileSent(tx, 'kim', fileId)))).toBe('PAYOUT_CHANGED');
  }
  expect(await scene.differences()).toEqual([]);
});

it('a file that three mark as sent, and results that three import, are posted once', async () => {
  const { payoutId } = await scene.approved();
  const { file } = await scene.export();
  const fileId = file?.fileId ?? 0;
  const sent = await Promise.all([1, 2, 3].map(() => scene.inTx((tx) => markFileSent(tx, 'kim', fileId))));
  expect(sent.map((one) => decided(one).alreadyDone).sort()).toEqual([false, true, true]);
  const results = resultFile(`F${fileId}`, [[`P${payoutId}-1`, 1_000, 'PAID']]);
  const imports = await Promise.all(
    [1, 2, 3].map(() => scene.inTx((tx) => importResults(tx, 'kim', 'csv', results, DATE))),
  );
  expect(imports.map((one) => decided(one).paid).sort()).toEqual([0, 0, 1]);
  expect(await scene.balances()).toEqual({ PAID_OUT: 1_000 });
  expect(await count("feed_event WHERE type = 'payout.paid'")).toBe(1);
  expect(await scene.differences()).toEqual([]);
});

it('a statement cannot be claimed by two payouts, even by direct SQL', async () => {
  const { payoutId } = await scene.proposed();
  const claim = `INSERT INTO payout_statement (payout_id, statement_id, claimed_id) SELECT ${payoutId} + 1, statement_id, statement_id FROM statement`;
  await expect(change(database.db, claim)).rejects.toMatchObject({ errno: 1062 });
});
