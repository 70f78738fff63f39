/** Files for the bank and what it says of them, through the whole life: ledger, statements, history and events say the same. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { cancelPayout } from '../../../core/payouts/change-payout.js';
import { endPayout } from '../../../core/payouts/end-payout.js';
import { markFileSent, remakeFile, voidFile } from '../../../core/payouts/export-payouts.js';
import { type ImportedResults, importResults } from '../../../core/payouts/import-results.js';
import { makeStep } from '../../../core/payouts/payout-step.js';
import { postPayouts } from '../../../core/payouts/post-payouts.js';
import { listPayouts, lockPayouts } from '../../../core/payouts/stores/payout.js';
import { change, select } from '../../../infra/database.js';
import { isRefusal, type Refusal } from '../../../kernel/errors.js';
import { decided } from '../../../kernel/outcome.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { codeOf, DATE, KEYS, KIM, PayoutScene, resultFile } from './payout-scene.js';

let database: TestDatabase;
let scene: PayoutScene;
beforeAll(async () => {
  database = await createTestDatabase();
  scene = new PayoutScene(database.db);
});
afterAll(() => database.drop());
beforeEach(() => scene.reset());

const bring = (content: Buffer, today = DATE): Promise<ImportedResults | Refusal> =>
  scene.inTx((tx) => importResults(tx, 'kim', 'csv', content, today));
const markSent = (fileId: number) => scene.inTx((tx) => markFileSent(tx, 'kim', fileId));
const events = () =>
  select<{ type: string; seller: string; data: string }>(
    database.db,
    `SELECT type, seller_id AS seller, data FROM feed_event WHERE type LIKE 'payout.%' ORDER BY event_id`,
  );
const statementsOf = async () =>
  (
    await select<{ s: string }>(
      database.db,
      `SELECT CONCAT_WS(' ', status, paid_on) AS s FROM statement ORDER BY statement_id`,
    )
  ).map(({ s }) => s);

/** Two approved payouts in one file. */
async function exported(): Promise<{ ids: [number, number]; fileId: number; number: string; content: Buffer }> {
  const a = await scene.approved(1_000n, 'S1');
  const b = await scene.approved(2_500n, 'S2');
  const { file, written } = await scene.export();
  if (file === null || written === null) throw new Error('nothing was exported');
  return { ids: [a.payoutId, b.payoutId], fileId: file.fileId, number: `F${file.fileId}`, content: written.content };
}

describe('an export', () => {
  it('holds exactly the approved payouts, and is written again byte for byte', async () => {
    await scene.proposed(50n, 'S0');
    const { ids, fileId, content } = await exported();
    const text = content.toString();
    for (const id of ids) expect(text).toContain(`P${id}-1`);
    expect(text).toContain('110123456789');
    expect(text.split('\r\n')).toHaveLength(5);
    expect(await scene.statusOf(ids[0])).toBe('EXPORTED');
    expect((await scene.export()).file).toBeNull();
    const again = decided(await remakeFile(database.db, KEYS, fileId));
    expect(again.written.content.equals(content)).toBe(true);
    expect(await scene.balances()).toEqual({ SELLER_PAYABLE: 1_000 });
    expect(await scene.differences()).toEqual([]);
  });

  it('leaves out what is for a later date, and another currency', async () => {
    await scene.approved();
    expect((await scene.export({ transferOn: '2026-05-19' })).file).toBeNull();
    expect((await scene.export({ currency: 'USD' })).file).toBeNull();
  });

  it('of what does not fit in the layout writes nothing', async () => {
    const { payoutId } = await scene.approved();
    await change(database.db, `UPDATE seller_bank_account SET account_holder = '=1+1'`);
    expect(await codeOf(scene.export())).toBe('BANK_FILE_UNWRITABLE');
    expect(await codeOf(scene.export({ layout: 'none' }))).toBe('BANK_LAYOUT_UNKNOWN');
    expect(await scene.statusOf(payoutId)).toBe('APPROVED');
  });

  it('is not written again where its accounts were changed in the database, or it was given up', async () => {
    const { fileId } = await exported();
    await change(database.db, `UPDATE seller_bank_account SET bank_code = '004'`);
    expect(await codeOf(remakeFile(database.db, KEYS, fileId))).toBe('PAYOUT_FILE_DIFFERS');
    expect(await codeOf(remakeFile(database.db, KEYS, 77))).toBe('PAYOUT_FILE_NOT_FOUND');
    decided(await scene.inTx((tx) => voidFile(tx, 'kim', fileId)));
    expect(await codeOf(remakeFile(database.db, KEYS, fileId))).toBe('PAYOUT_FILE_VOID');
  });
});

describe('a file that goes to the bank', () => {
  it('is sent in the ledger, once', async () => {
    const { ids, fileId } = await exported();
    expect(decided(await markSent(fileId))).toMatchObject({
      alreadyDone: false,
      file: { status: 'SENT', sentBy: 'kim' },
    });
    expect(decided(await markSent(fileId)).alreadyDone).toBe(true);
    expect(await scene.statusOf(ids[1])).toBe('SENT');
    expect(await scene.balances()).toEqual({ PAYOUT_IN_TRANSIT: 1_000 });
    expect(await codeOf(scene.inTx((tx) => voidFile(tx, 'kim', fileId)))).toBe('PAYOUT_FILE_SENT');
    expect(await scene.differences()).toEqual([]);
  });

  it('is given up where the account of one payout has changed: the other goes into the next file', async () => {
    const { ids, fileId } = await exported();
    const bankAccountId = await scene.changeAccount('S2');
    expect(await markSent(fileId)).toMatchObject({
      refused: 'PAYOUT_CHANGED',
      details: { fileStatus: 'VOID', payouts: [{ payoutId: ids[1], changed: ['bankAccount'] }] },
    });
    expect(await scene.statusOf(ids[0])).toBe('APPROVED');
    expect(await scene.payout(ids[1])).toMatchObject({ status: 'CALCULATED', bankAccountId, approval: null });
    expect(await codeOf(markSent(fileId))).toBe('PAYOUT_FILE_VOID');
    const next = await scene.export();
    expect(next.file).toMatchObject({ transfers: 1, totalMinor: 1_000n });
    expect(await scene.differences()).toEqual([]);
  });

  it('may be given up by hand before, and its payouts stay approved', async () => {
    const { ids, fileId } = await exported();
    decided(await scene.inTx((tx) => voidFile(tx, 'kim', fileId)));
    expect(await scene.statusOf(ids[0])).toBe('APPROVED');
    expect((await scene.export()).file).toMatchObject({ transfers: 2 });
    expect(await scene.differences()).toEqual([]);
  });

  it('is given up where a seller is owed less than its payout by now: the other goes into the next file', async () => {
    const { ids, fileId } = await exported();
    await scene.post('RESERVE', 1n);
    expect(await markSent(fileId)).toMatchObject({
      refused: 'PAYOUT_CHANGED',
      details: { fileStatus: 'VOID', payouts: [{ payoutId: ids[0], changed: ['balance'] }] },
    });
    expect(await scene.payout(ids[0])).toMatchObject({ status: 'CALCULATED', approval: null });
    expect(await scene.approve(await scene.payout(ids[0]))).toMatchObject({
      refused: 'PAYOUT_CHANGED',
      details: { changed: ['balance'] },
    });
    const next = await scene.export();
    expect(next.file).toMatchObject({ transfers: 1, totalMinor: 2_500n });
    decided(await markSent(next.file?.fileId ?? 0));
    decided(await scene.inTx((tx) => cancelPayout(tx, KIM, { payoutId: ids[0], reason: 'owed less' })));
    expect(await scene.differences()).toEqual([]);
  });

  it('takes two payouts of one seller only as far as it is owed both', async () => {
    const first = await scene.approved(1_000n);
    await scene.statement({ earned: 2_000n });
    await scene.propose();
    const [second] = await listPayouts(database.db, { status: 'CALCULATED' }, 1);
    if (second === undefined) throw new Error('nothing was proposed');
    decided(await scene.approve(second));
    await scene.post('RESERVE', 1n);
    expect(await scene.export()).toMatchObject({
      file: { transfers: 1, totalMinor: 1_000n },
      changed: [{ payoutId: second.payoutId, changed: ['balance'] }],
    });
    expect(await scene.statusOf(first.payoutId)).toBe('EXPORTED');
  });
});

describe('the results of the bank', () => {
  it('take payouts to their end, in the ledger, the statements and the event feed; again they change nothing', async () => {
    const { ids, fileId, number } = await exported();
    decided(await markSent(fileId));
    const results = resultFile(number, [
      [`P${ids[0]}-1`, 1_000, 'PAID'],
      [`P${ids[1]}-1`, 2_500, 'ACCOUNT_CLOSED'],
    ]);
    expect(await bring(results)).toEqual({ file: number, paid: 1, failed: 1, returned: 0, unchanged: 0, open: 0 });
    expect([await scene.statusOf(ids[0]), await scene.statusOf(ids[1])]).toEqual(['PAID', 'FAILED']);
    expect(await scene.balances('S1')).toEqual({ PAID_OUT: 1_000 });
    expect(await scene.balances('S2')).toEqual({ SELLER_PAYABLE: 2_500 });
    expect(await statementsOf()).toEqual([`PAID ${DATE}`, 'ISSUED']);
    const told = await events();
    expect(told.map(({ type, seller }) => `${type} ${seller}`)).toEqual(['payout.paid S1', 'payout.failed S2']);
    expect(JSON.parse(told[1]?.data ?? '')).toEqual({
      ...{ payoutId: ids[1], sellerId: 'S2', currency: 'KRW', amountMinor: 2_500, attempt: 1 },
      ...{ failedOn: DATE, reason: 'ACCOUNT_CLOSED', returned: false },
    });
    expect(await bring(results)).toEqual({ file: number, paid: 0, failed: 0, returned: 0, unchanged: 2, open: 0 });
    expect(await events()).toHaveLength(2);
    expect(await scene.differences()).toEqual([]);
  });

  it('of a file that nobody marked as sent are taken: it was sent', async () => {
    const { ids, number } = await exported();
    expect(await bring(resultFile(number, [[`P${ids[0]}-1`, 1_000, 'PAID']]))).toMatchObject({ paid: 1, open: 1 });
    expect([await scene.statusOf(ids[0]), await scene.statusOf(ids[1])]).toEqual(['PAID', 'SENT']);
    expect(await scene.differences()).toEqual([]);
  });

  it('of such a file are taken though a seller is owed less by now: the rest is what the seller owes', async () => {
    const { ids, number } = await exported();
    await scene.post('ADJUSTMENT_FROM_SELLER', 400n);
    const paid = resultFile(number, [
      [`P${ids[0]}-1`, 1_000, 'PAID'],
      [`P${ids[1]}-1`, 2_500, 'PAID'],
    ]);
    expect(await bring(paid)).toMatchObject({ paid: 2, open: 0 });
    expect(await scene.balances('S1')).toEqual({ SELLER_PAYABLE: -400, PAID_OUT: 1_000 });
    expect(await scene.differences()).toEqual([]);
  });

  it('beyond the safe integers of JSON are told without an amount, rather than with a rounded one', async () => {
    const { payoutId } = await scene.approved(2n ** 53n + 1n);
    await scene.inTx(async (tx) => {
      const payouts = await lockPayouts(tx, [payoutId]);
      await postPayouts(tx, 'kim', 'PAYOUT_SENT', payouts, () => DATE);
      for (const payout of payouts)
        await endPayout(tx, 'kim', await makeStep(tx, 'kim', payout, 'send'), 'pay', {
          ...{ on: DATE, failure: null, code: 'PAID', message: '' },
        });
    });
    expect((await events()).map(({ data }) => JSON.parse(data))).toMatchObject([{ payoutId, amountMinor: null }]);
  });

  it('that are none yet leave a file that nobody marked as sent as it is', async () => {
    const { ids, fileId, number } = await exported();
    expect(await bring(resultFile(number, []))).toMatchObject({ file: number, paid: 0, unchanged: 0, open: 0 });
    expect(await scene.statusOf(ids[0])).toBe('EXPORTED');
    decided(await scene.inTx((tx) => voidFile(tx, 'kim', fileId)));
    expect(await scene.differences()).toEqual([]);
  });

  it('that money came back put the statement back, also where nobody heard that it was paid', async () => {
    const { ids, fileId, number } = await exported();
    decided(await markSent(fileId));
    await bring(resultFile(number, [[`P${ids[0]}-1`, 1_000, 'PAID']]));
    const back = resultFile(number, [
      [`P${ids[0]}-1`, 1_000, 'RETURNED', '2026-05-22'],
      [`P${ids[1]}-1`, 2_500, 'RETURNED', '2026-05-22'],
    ]);
    expect(await bring(back, '2026-05-22')).toMatchObject({ returned: 2, paid: 0 });
    expect([await scene.statusOf(ids[0]), await scene.statusOf(ids[1])]).toEqual(['RETURNED', 'RETURNED']);
    expect(await scene.balances('S1')).toEqual({ SELLER_PAYABLE: 1_000 });
    expect(await statementsOf()).toEqual(['ISSUED', 'ISSUED']);
    expect((await events()).map(({ type }) => type)).toEqual([
      ...['payout.paid', 'payout.failed', 'payout.paid', 'payout.failed'],
    ]);
    expect(await scene.differences()).toEqual([]);
  });

  it.each<[string, (ids: readonly number[], number: string) => Buffer, { line: number; reason: string }[]]>([
    [
      'another amount',
      ([a], number) => resultFile(number, [[`P${a}-1`, 999, 'PAID']]),
      [{ line: 2, reason: 'AMOUNT_DIFFERS' }],
    ],
    [
      'another currency',
      ([a], number) =>
        Buffer.from(
          resultFile(number, [[`P${a}-1`, '10.00', 'PAID']])
            .toString()
            .replaceAll('KRW', 'USD'),
        ),
      [{ line: 2, reason: 'CURRENCY_DIFFERS' }],
    ],
    [
      'another attempt',
      ([a], number) => resultFile(number, [[`P${a}-2`, 1_000, 'PAID']]),
      [{ line: 2, reason: 'TRANSFER_UNKNOWN' }],
    ],
    [
      'a payout that is not in it',
      (_, number) => resultFile(number, [['P999999-1', 1, 'PAID']]),
      [{ line: 2, reason: 'TRANSFER_UNKNOWN' }],
    ],
    [
      'a file that is not there',
      ([a]) => resultFile('F999', [[`P${a}-1`, 1_000, 'PAID']]),
      [{ line: 1, reason: 'FILE_UNKNOWN' }],
    ],
    [
      'dates before the transfer and after today, one line good',
      ([a, b], number) =>
        resultFile(number, [
          [`P${a}-1`, 1_000, 'PAID', '2026-05-19'],
          [`P${b}-1`, 2_500, 'PAID', '2026-05-21'],
        ]),
      [
        { line: 2, reason: 'DATE_TOO_EARLY' },
        { line: 3, reason: 'DATE_IN_FUTURE' },
      ],
    ],
  ])('with %s are refused whole, with the lines', async (_name, make, faults) => {
    const { ids, number } = await exported();
    expect(await bring(make(ids, number))).toMatchObject({ refused: 'PAYOUT_RESULT_REFUSED', details: { faults } });
    expect([await scene.statusOf(ids[0]), await scene.statusOf(ids[1])]).toEqual(['EXPORTED', 'EXPORTED']);
    expect(await scene.differences()).toEqual([]);
  });

  it('that contradict what is known are refused whole', async () => {
    const { ids, number } = await exported();
    await bring(resultFile(number, [[`P${ids[0]}-1`, 1_000, 'PAID']]));
    const other = resultFile(number, [
      [`P${ids[0]}-1`, 1_000, 'ACCOUNT_CLOSED'],
      [`P${ids[1]}-1`, 2_500, 'PAID'],
    ]);
    expect(await bring(other)).toMatchObject({
      refused: 'PAYOUT_RESULT_REFUSED',
      details: { faults: [{ line: 2, reason: 'RESULT_CONTRADICTS' }] },
    });
    expect(await scene.statusOf(ids[1])).toBe('SENT');
  });

  it('that are broken, of another layout or of a file that was given up are refused whole', async () => {
    const { ids, fileId, number } = await exported();
    const good = resultFile(number, [[`P${ids[0]}-1`, 1_000, 'PAID']]);
    expect(await codeOf(bring(good.subarray(0, good.length - 30)))).toBe('BANK_RESULT_INVALID');
    await change(database.db, `UPDATE payout_file SET layout = 'fixed-width'`);
    expect(await bring(good)).toMatchObject({ details: { faults: [{ reason: 'LAYOUT_DIFFERS' }] } });
    await change(database.db, `UPDATE payout_file SET layout = 'csv'`);
    decided(await scene.inTx((tx) => voidFile(tx, 'kim', fileId)));
    const refused = await bring(good);
    expect(isRefusal(refused) && refused.details).toMatchObject({ faults: [{ line: 1, reason: 'FILE_VOID' }] });
    expect(await scene.statusOf(ids[0])).toBe('APPROVED');
  });
});
