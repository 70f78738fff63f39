/**
 * Payouts through the provider of the sandbox, by this process, and by real processes that are killed at each named point. What the sandbox's book says is
 * what has happened.
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { followTransfers } from '../../../core/payouts/follow-transfers.js';
import { payeeReference } from '../../../core/payouts/providers/provider.js';
import { payoutProviders } from '../../../core/payouts/providers/registry.js';
import { MISSING_LOOKS } from '../../../core/payouts/rules/transfer-state.js';
import { followTransfer, sendPayout, type TransferContext } from '../../../core/payouts/send-payout.js';
import { readConfig } from '../../../infra/config.js';
import { change, type Db, insertReturningId, openDatabase, select } from '../../../infra/database.js';
import { found } from '../../../kernel/outcome.js';
import { type Sandbox, startSandbox } from '../../../sandbox/server.js';
import { environment, killAll, startProcess } from '../../../scripts/chaos/magam.mjs';
import { makeSeller } from '../../support/accounts.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { payoutSteps } from '../../support/payout-steps.mjs';
import { sandboxEnvironment } from '../../support/sandbox.js';

const SENDER = fileURLToPath(new URL('../../support/payout-sender.mjs', import.meta.url));

let database: TestDatabase;
let sandbox: Sandbox;
let bankAccountId: number;
beforeAll(async () => {
  database = await createTestDatabase();
  sandbox = await startSandbox();
  await makeSeller(database.db, 'S1');
  const [account] = await select<{ id: number }>(database.db, 'SELECT bank_account_id AS id FROM seller_bank_account');
  bankAccountId = found(account, 'INTERNAL').id;
});
afterAll(async () => {
  await sandbox?.close();
  await database?.drop();
});
beforeEach(() => {
  sandbox.reset();
  const account = { bankCode: '088', accountNumber: '110123456789', holderName: 'S1' };
  const seller = { refSellerId: payeeReference(bankAccountId), businessType: 'CORPORATE', account } as const;
  sandbox.payouts.register({ ...seller, status: 'APPROVED' });
});
afterEach(killAll);

const approved = (more: { currency?: string; account?: number | null } = {}): Promise<number> =>
  insertReturningId(
    database.db,
    `INSERT INTO payout (seller_id, currency, payout_on, amount_minor, status, bank_account_id, hash, proposed_by, proposed_at, updated_at)
     VALUES ('S1', ?, '2026-11-30', 150000, 'APPROVED', ?, REPEAT('a', 64), 'schedule', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`,
    [more.currency ?? 'KRW', more.account === undefined ? bankAccountId : more.account],
  );

type Work = 'send' | 'follow';
const ask = (payoutId: number) => ({ payoutId, provider: 'TOSS_PAYOUT', requestedBy: 'test' });
const settingsFor = (url: string) => ({ ...sandboxEnvironment(url), MAGAM_OUTBOUND_TRY_PAUSE_MS: '0' });

/** Starts a process that does it, and dies or waits where it is told to. */
function start(work: Work, payoutId: number, fault: string, url = sandbox.url) {
  const args = [SENDER, database.url, JSON.stringify(settingsFor(url)), fault, work, String(payoutId)];
  return startProcess(process.execPath, args, { env: environment(database.url), limitMs: 60_000 });
}

/** What a process works with, on a clock that shows these times. */
function contextOf(url = sandbox.url, times: number[] = []) {
  const config = readConfig(settingsFor(url));
  const { providers, close } = payoutProviders(config);
  const steady = () => times.shift() ?? 0;
  return { context: { providers, steps: payoutSteps, bankKeys: [config.encryptionKey], steady, watchDays: 90 }, close };
}

/** Sends it as a process of its own would: with its own connections to the database and the provider. */
const send = (payoutId: number, url?: string) => alone(url, (db, context) => sendPayout(db, context, ask(payoutId)));

/** Follows its first attempt in the same way. @returns whether it was due */
const follow = (payoutId: number) =>
  alone(undefined, (db, context) => followTransfer(db, context, { payoutId, attempt: 1 }));

async function alone<T>(url: string | undefined, work: (db: Db, context: TransferContext) => Promise<T>): Promise<T> {
  const db = openDatabase(database.url, { poolMax: 2 });
  const { context, close } = contextOf(url);
  try {
    return await work(db, context);
  } finally {
    await close();
    await db.destroy();
  }
}

/** Makes the attempt due, as if this many seconds had passed. */
const later = (payoutId: number, seconds = 0) =>
  database.db.raw(
    `UPDATE provider_transfer SET next_look_at = UTC_TIMESTAMP(3), asked_at = asked_at - INTERVAL ? SECOND WHERE payout_id = ?`,
    [seconds, payoutId],
  );

/** Holds an attempt that waits for its next look: on a busy machine its pause ends before somebody asks again. */
async function notYet(payoutId: number): Promise<void> {
  const hold = `UPDATE provider_transfer SET next_look_at = next_look_at + INTERVAL 1 HOUR WHERE payout_id = ? AND next_look_at > updated_at`;
  expect(await change(database.db, hold, [payoutId])).toBe(1);
}

const statusOf = async (payoutId: number): Promise<string[]> =>
  (
    await select<{ payout: string; transfer: string }>(
      database.db,
      `SELECT p.status AS payout, COALESCE(t.status, 'NONE') AS transfer FROM payout p LEFT JOIN provider_transfer t ON t.payout_id = p.payout_id WHERE p.payout_id = ?`,
      [payoutId],
    )
  ).flatMap(({ payout, transfer }) => [payout, transfer]);

const book = () => {
  const { entries, requests } = sandbox.payouts.read();
  return { moved: entries.map(({ kind, refPayoutId }) => `${kind} ${refPayoutId}`), requests };
};
const once = (payoutId: number) => ({ moved: [`PAYOUT P${payoutId}-1`], requests: [`P${payoutId}-1`] });
const nothing = { moved: [], requests: [] };

describe('a payout', () => {
  it('is sent, paid when it is looked up, and taken back when the money comes back', async () => {
    const payoutId = await approved();
    expect(await send(payoutId)).toMatchObject({ status: 'OPEN', asked: true });
    expect(await statusOf(payoutId)).toEqual(['SENT', 'OPEN']);
    await notYet(payoutId);
    expect(await follow(payoutId)).toBe(false);
    await later(payoutId);
    expect(await follow(payoutId)).toBe(true);
    expect(await statusOf(payoutId)).toEqual(['PAID', 'PAID']);
    sandbox.payouts.fail(found(sandbox.payouts.byReference(`P${payoutId}-1`), 'INTERNAL'), {
      code: 'RETURNED',
      message: '',
    });
    await later(payoutId);
    expect(await follow(payoutId)).toBe(true);
    expect(await statusOf(payoutId)).toEqual(['RETURNED', 'RETURNED']);
    await later(payoutId);
    expect(await follow(payoutId)).toBe(false);
    expect(book().requests).toEqual([`P${payoutId}-1`]);
  });

  it('fails where the provider says no', async () => {
    const payoutId = await approved();
    sandbox.payouts.balance = 0;
    expect(await send(payoutId)).toMatchObject({
      status: 'FAILED',
      failure: 'INSUFFICIENT_BALANCE',
      saidCode: 'INSUFFICIENT_BALANCE',
    });
    expect(await statusOf(payoutId)).toEqual(['FAILED', 'FAILED']);
  });

  it('is looked up when the answer is lost after the money moved', async () => {
    const payoutId = await approved();
    sandbox.faults.set([{ on: 'call', provider: 'TOSS_PAYOUT', operation: 'send', kind: 'cut-after' }]);
    expect(await send(payoutId)).toMatchObject({ status: 'OPEN', saidCode: 'CONNECTION_LOST' });
    await later(payoutId);
    await follow(payoutId);
    expect(await statusOf(payoutId)).toEqual(['PAID', 'PAID']);
    expect(book()).toEqual(once(payoutId));
  });

  it('is sent later where nobody was reached', async () => {
    const payoutId = await approved();
    expect(await send(payoutId, 'http://127.0.0.1:9')).toMatchObject({ status: 'OPEN', asked: false });
    expect(book()).toEqual(nothing);
    await later(payoutId);
    await follow(payoutId);
    expect(book()).toEqual(once(payoutId));
  });

  it('is refused when it is not approved, in another currency, or sent twice', async () => {
    const dollars = await approved({ currency: 'USD' });
    expect(await send(dollars)).toMatchObject({ refused: 'PAYOUT_CURRENCY_UNSUPPORTED' });
    expect(await statusOf(dollars)).toEqual(['APPROVED', 'NONE']);
    const payoutId = await approved();
    await send(payoutId);
    expect(await send(payoutId)).toMatchObject({ refused: 'ORDER_STATE_CONFLICT' });
    expect(book()).toEqual(once(payoutId));
  });

  it('is not sent to an account that cannot be read', async () => {
    const payoutId = await approved({ account: null });
    expect(await send(payoutId)).toMatchObject({ asked: false, saidCode: 'ACCOUNT_UNREADABLE' });
    expect(book()).toEqual(nothing);
  });
});

describe('a process that dies', () => {
  async function killedAt(point: string): Promise<number> {
    const payoutId = await approved();
    const { signal, stderr } = await start('send', payoutId, `${point}:kill`).ended;
    expect({ signal, stderr }).toMatchObject({ signal: 'SIGKILL', stderr: expect.stringContaining(`FAULT ${point}`) });
    expect(await statusOf(payoutId)).toEqual(['SENT', 'OPEN']);
    return payoutId;
  }

  it('before the call has sent nothing, and nobody sends it: it fails when the provider still does not know it', async () => {
    const payoutId = await killedAt('payout.marked');
    await later(payoutId);
    await follow(payoutId);
    expect(await statusOf(payoutId)).toEqual(['SENT', 'OPEN']);
    await later(payoutId, 30 * 60);
    for (let look = 2; look <= MISSING_LOOKS; look += 1) {
      await follow(payoutId);
      expect(await statusOf(payoutId)).toEqual(['SENT', 'OPEN']);
      await later(payoutId);
    }
    await follow(payoutId);
    expect(await statusOf(payoutId)).toEqual(['FAILED', 'FAILED']);
    expect(book()).toEqual(nothing);
  });

  it('after the call has sent it once, and a look-up finds it', async () => {
    const payoutId = await killedAt('payout.asked');
    expect(await follow(payoutId)).toBe(false);
    await later(payoutId);
    await follow(payoutId);
    expect(await statusOf(payoutId)).toEqual(['PAID', 'PAID']);
    expect(book()).toEqual(once(payoutId));
  });

  it('after what was found is recorded leaves nothing to do but the look-up', async () => {
    const payoutId = await killedAt('payout.recorded');
    await later(payoutId);
    await follow(payoutId);
    expect(await statusOf(payoutId)).toEqual(['PAID', 'PAID']);
    expect(book()).toEqual(once(payoutId));
  });
});

it('a process that sends what never left before, and dies, leaves a look-up and no second request', async () => {
  const payoutId = await approved();
  await send(payoutId, 'http://127.0.0.1:9');
  await later(payoutId);
  expect(await start('follow', payoutId, 'payout.asked:kill').ended).toMatchObject({ signal: 'SIGKILL' });
  await later(payoutId);
  await follow(payoutId);
  expect(await statusOf(payoutId)).toEqual(['PAID', 'PAID']);
  expect(book()).toEqual(once(payoutId));
});

it('a process that reached nobody does not say so any more when somebody else has taken the attempt over', async () => {
  const payoutId = await approved();
  const file = join(mkdtempSync(join(tmpdir(), 'magam-payout-')), 'go');
  const slow = start('send', payoutId, `payout.asked:wait:1:${file}`, 'http://127.0.0.1:9');
  await slow.says('FAULT payout.asked');
  await later(payoutId);
  expect(await follow(payoutId)).toBe(true);
  writeFileSync(file, '');
  expect(JSON.parse((await slow.ended).stdout)).toMatchObject({ status: 'OPEN', asked: true });
});

it('is sent once by three at the same time', async () => {
  const payoutId = await approved();
  const outcomes = await Promise.all([1, 2, 3].map(() => send(payoutId)));
  expect(outcomes.filter((outcome) => 'status' in outcome && outcome.status === 'OPEN')).toHaveLength(1);
  await later(payoutId);
  await Promise.all([1, 2, 3].map(() => follow(payoutId)));
  expect(await statusOf(payoutId)).toEqual(['PAID', 'PAID']);
  expect(book()).toEqual(once(payoutId));
});

it('is sent once by three that all find it was never sent', async () => {
  const payoutId = await approved();
  await send(payoutId, 'http://127.0.0.1:9');
  await later(payoutId);
  await Promise.all([1, 2, 3].map(() => follow(payoutId)));
  expect(book()).toEqual(once(payoutId));
});

it('is not sent by a process that has slept since it marked it', async () => {
  const payoutId = await approved();
  const { context, close } = contextOf(sandbox.url, [0, 60_001]);
  expect(await sendPayout(database.db, context, ask(payoutId))).toMatchObject({
    asked: false,
    saidCode: 'MARKED_TOO_LONG_AGO',
  });
  expect(await sendPayout(database.db, context, { ...ask(payoutId), provider: 'NONE' })).toMatchObject({
    refused: 'PAYOUT_PROVIDER_MISSING',
  });
  expect(book()).toEqual(nothing);
  await later(payoutId);
  expect(await followTransfer(database.db, context, { payoutId, attempt: 1 })).toBe(true);
  expect(book()).toEqual(once(payoutId));
  await close();
});

it('has its round: all that are due are dealt with, also where one of them fails', async () => {
  const { context, close } = contextOf();
  const payoutIds = [await approved(), await approved(), await approved()];
  for (const payoutId of payoutIds) await sendPayout(database.db, context, ask(payoutId));
  const { signal } = new AbortController();
  await database.db.raw('UPDATE provider_transfer SET next_look_at = NULL WHERE payout_id NOT IN (?)', [payoutIds]);
  expect(await followTransfers(database.db, context, signal)).toBe(0);
  for (const payoutId of payoutIds) await later(payoutId);
  const [first = 0, ...others] = payoutIds;
  await database.db.raw("UPDATE payout SET status = 'HELD' WHERE payout_id = ?", [first]);
  await expect(followTransfers(database.db, context, signal)).rejects.toThrow(`1 transfers, that of payout ${first}`);
  expect(await statusOf(first)).toEqual(['HELD', 'OPEN']);
  for (const payoutId of others) expect(await statusOf(payoutId)).toEqual(['PAID', 'PAID']);
  await close();
});
