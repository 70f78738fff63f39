/** `magam adjustments` and `magam receivables`: what a person gives and gets, and a process that dies at its commit. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { AdjustmentRecord } from '../../core/adjustments/stores/adjustment.js';
import { change } from '../../infra/database.js';
import { decided } from '../../kernel/outcome.js';
import { environment, runMagam } from '../../scripts/chaos/magam.mjs';
import { AdjustmentScene, LEE, TODAY } from '../core/adjustments/adjustment-scene.js';
import { makeSeller } from '../support/accounts.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { magam, magamJson } from '../support/magam.js';

let database: TestDatabase;
let scene: AdjustmentScene;
beforeAll(async () => {
  database = await createTestDatabase();
  scene = new AdjustmentScene(database.db);
  await makeSeller(database.db, 'S1');
});
afterAll(() => database.drop());
const TABLES = ['adjustment', 'ledger_account', 'ledger_transaction', 'ledger_posting', 'ledger_balance', 'ledger_day'];
beforeEach(async () => {
  for (const table of TABLES) await change(database.db, `DELETE FROM ${table}`);
});

type Shown = AdjustmentRecord & { existed: boolean; transactions: { kind: string }[]; error: { code: string } };
const run = async (...args: string[]) => (await magamJson<Shown>(database.url, args)).document;
const codeOf = async (...args: string[]) => (await run(...args)).error.code;
const adjustments = (...args: string[]) => run('adjustments', ...args);
const text = async (...args: string[]) => (await magam(database.url, args)).stdout;

const about = ['--seller', 'S1', '--currency', 'KRW', '--amount', '1000'];
const why = (code: string) => ['--reason-code', code, '--reason', 'for the trouble'];
const toSeller = (reference: string) => [
  'propose',
  '--kind',
  'to-seller',
  '--reference',
  reference,
  ...about,
  ...why('GOODWILL'),
];
const chargeback = [
  'propose',
  '--kind',
  'chargeback',
  '--reference',
  'C1',
  ...about,
  ...why('FRAUD'),
  '--provider',
  'TOSS',
  '--order',
  'O7',
  '--fee',
  '150',
  '--fee-by',
  'seller',
];
/** Proposed by somebody else, so that the user of this process may decide on it. */
const byKim = async (reference = 'R1') => decided(await scene.propose({ reference })).adjustment.adjustmentId;

describe('magam adjustments', () => {
  it('proposes once, and does not approve what the same user proposed', async () => {
    const made = await adjustments(...toSeller('R1'), '--attachment', 'case-17');
    expect(made).toMatchObject({
      kind: 'TO_SELLER',
      amountMinor: 1_000,
      status: 'PROPOSED',
      attachment: 'case-17',
      existed: false,
    });
    expect(await adjustments(...toSeller('R1'), '--attachment', 'case-17')).toMatchObject({ existed: true });
    expect(await codeOf('adjustments', ...toSeller('R1'))).toBe('ADJUSTMENT_EXISTS_OTHERWISE');
    const id = String(made.adjustmentId);
    expect(await codeOf('adjustments', 'approve', id)).toBe('APPROVER_NOT_SECOND');
    expect(await codeOf('adjustments', 'refuse', id)).toBe('APPROVER_NOT_SECOND');
    expect(await adjustments('cancel', id, '--note', 'a mistake')).toMatchObject({
      status: 'CANCELLED',
      decisionNote: 'a mistake',
    });
    expect(await codeOf('adjustments', 'approve', id)).toBe('ADJUSTMENT_DECIDED');
  });

  it('approves and refuses what somebody else proposed, shows and lists it', async () => {
    const [first, second] = [await byKim('R1'), await byKim('R2')];
    expect(await adjustments('approve', String(first))).toMatchObject({ status: 'POSTED' });
    expect(await adjustments('approve', String(first))).toMatchObject({ status: 'POSTED' });
    expect(await adjustments('refuse', String(second), '--note', 'no')).toMatchObject({ status: 'REFUSED' });
    expect((await adjustments('show', String(first))).transactions).toMatchObject([{ kind: 'ADJUSTMENT_TO_SELLER' }]);
    expect(await text('adjustments', 'show', String(first))).toContain('SELLER_PAYABLE S1 KRW');
    const listed = await text('adjustments', 'list', '--status', 'posted', '--seller', 'S1');
    expect(listed).toContain('1,000 KRW');
    expect(listed).not.toContain('R2');
    expect(await scene.balances()).toEqual({ ADJUSTMENTS: 1_000, SELLER_PAYABLE: 1_000 });
  });

  it('takes a chargeback to its end: lost, or won and reversed', async () => {
    const { adjustmentId, feeMinor, orderId } = await adjustments(...chargeback);
    expect([feeMinor, orderId]).toEqual([150, 'O7']);
    decided(await scene.approve(adjustmentId, { ...LEE, today: TODAY }));
    expect(await text('adjustments', 'list', '--dispute', 'opened')).toContain('posted, dispute opened');
    const of = ['--of', String(adjustmentId)];
    const won = await adjustments(
      'propose',
      '--kind',
      'chargeback-won',
      '--reference',
      'W1',
      ...of,
      ...why('WITHDRAWN'),
      '--fee-returned',
    );
    expect(won).toMatchObject({ amountMinor: 1_000, feeMinor: 150, feeBy: 'SELLER', undoesId: adjustmentId });
    expect(await adjustments('lost', String(adjustmentId))).toMatchObject({ dispute: 'LOST' });
    const reversal = await adjustments('propose', '--kind', 'reversal', '--reference', 'V1', ...of, ...why('MISTAKE'));
    expect(reversal.error.code).toBe('ADJUSTMENT_NOT_UNDOABLE'); // the other proposal is open
  });

  it.each([
    [['approve', 'x'], 'USAGE'],
    [['approve', '0'], 'USAGE'],
    [['show', '99'], 'ADJUSTMENT_NOT_FOUND'],
    [['refuse', '99'], 'ADJUSTMENT_NOT_FOUND'],
    [['lost', '99'], 'ADJUSTMENT_NOT_FOUND'],
    [['propose', '--kind', 'gift', '--reference', 'R', ...about, ...why('OTHER')], 'USAGE'],
    [['propose', '--kind', 'to-seller', '--reference', 'R', '--seller', 'S1', ...why('OTHER')], 'USAGE'],
    [['propose', '--kind', 'to-seller', '--reference', 'R', ...about, '--of', '1', ...why('OTHER')], 'USAGE'],
    [['propose', '--kind', 'reversal', '--reference', 'R', ...about, '--of', '1', ...why('OTHER')], 'USAGE'],
    [['propose', '--kind', 'reversal', '--reference', 'R', ...why('OTHER')], 'USAGE'],
    [['propose', '--kind', 'reversal', '--reference', 'R', '--of', '99', ...why('OTHER')], 'ADJUSTMENT_NOT_FOUND'],
    [['propose', '--kind', 'to-seller', '--reference', 'R', ...about, ...why('FRAUD')], 'ADJUSTMENT_INVALID'],
    [
      ['propose', '--kind', 'to-seller', '--reference', 'R', ...about, '--amount', '1.5', ...why('OTHER')],
      'AMOUNT_INVALID',
    ],
    [
      ['propose', '--kind', 'to-seller', '--reference', 'R', ...about, '--effective', 'soon', ...why('OTHER')],
      'DATE_INVALID',
    ],
    [['propose', '--kind', 'write-off', '--reference', 'R', ...about, ...why('INSOLVENT')], 'WRITE_OFF_EXCEEDS_DEBT'],
  ])('%j is refused with %s', async (args, code) => {
    expect(await codeOf('adjustments', ...args)).toBe(code);
  });
});

describe('a process that is killed', () => {
  const approve = (id: number, fault?: string) =>
    runMagam(['adjustments', 'approve', String(id), '--json'], environment(database.url, { MAGAM_FAULT: fault }));

  it.each([
    ['before its commit has posted nothing', 'adjustment.before-commit:kill', {}],
    ['after its commit has posted it', 'adjustment.after-commit:kill', { ADJUSTMENTS: 1_000, SELLER_PAYABLE: 1_000 }],
  ])('%s, and the same command posts it once', async (_when, fault, left) => {
    const id = await byKim();
    expect(await approve(id, fault)).toMatchObject({ signal: 'SIGKILL' });
    expect(await scene.balances()).toEqual(left);
    expect((await approve(id)).json()).toMatchObject({ status: 'POSTED' });
    expect(await scene.balances()).toEqual({ ADJUSTMENTS: 1_000, SELLER_PAYABLE: 1_000 });
    expect(await scene.differences()).toEqual([]);
  });

  it('after it proposed: the same command finds the proposal', async () => {
    const propose = (fault?: string) =>
      runMagam(['adjustments', ...toSeller('R9'), '--json'], environment(database.url, { MAGAM_FAULT: fault }));
    expect(await propose('adjustment.after-commit:kill')).toMatchObject({ signal: 'SIGKILL' });
    expect((await propose()).json()).toMatchObject({ existed: true });
  });
});

describe('magam receivables', () => {
  it('shows what is owed by age, with sums', async () => {
    expect(await text('receivables')).toContain('No seller owed anything');
    for (const sellerId of ['S1', 'S2']) {
      await scene.post('CHARGEBACK', 1_000n, `${sellerId}-back`, '2026-01-01', sellerId);
      await scene.post('CLAWBACK_TO_RECEIVABLE', 600n, `${sellerId}-old`, '2026-01-10', sellerId);
    }
    const { document } = await magamJson(database.url, ['receivables', '--at', '2026-02-20']);
    const ages = { to30Minor: 0, to60Minor: 600, to90Minor: 0, over90Minor: 0 };
    expect(document).toEqual({
      at: '2026-02-20',
      receivables: ['S1', 'S2'].map((sellerId) => ({
        sellerId,
        currency: 'KRW',
        owedMinor: 600,
        ...ages,
        oldestOn: '2026-01-10',
      })),
      totals: [{ currency: 'KRW', owedMinor: 1_200, ...ages, to60Minor: 1_200 }],
    });
    expect(await text('receivables', '--seller', 'S2', '--at', '2026-02-20')).toMatch(/S2 .*600 KRW/);
    expect(await codeOf('receivables', '--at', 'never')).toBe('DATE_INVALID');
    expect(await codeOf('receivables', '--seller', ' ')).toBe('ID_INVALID');
  });
});
