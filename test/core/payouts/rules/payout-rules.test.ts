/** The rules of payouts as tables: states, reasons, results of banks, the next date. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { readFileNumber } from '../../../../core/payouts/rules/file-number.js';
import {
  type FileTransferStatus,
  type FinalOutcome,
  stepsTo,
} from '../../../../core/payouts/rules/file-transfer-state.js';
import { type DuePart, nextDate } from '../../../../core/payouts/rules/next-payout.js';
import { payoutText } from '../../../../core/payouts/rules/payout-text.js';
import { TRANSITIONS } from '../../../../core/payouts/rules/transitions.js';
import { type PayCase, whyNotPaid } from '../../../../core/payouts/rules/why-not-paid.js';

const docs = readFileSync(new URL('../../../../docs/payouts.md', import.meta.url), 'utf8');

it('the states are those of the documentation', () => {
  const rows = [...docs.matchAll(/^\| `([a-z-]+)`[^|]*\|([^|]*)\| `([A-Z]+)` \|/gm)].map(
    ([, action = '', from = '', to = '']) => [
      action,
      { from: [...from.matchAll(/`([A-Z]+)`/g)].map(([, status]) => status), to },
    ],
  );
  expect(Object.fromEntries(rows)).toEqual({ ...TRANSITIONS, propose: { from: [], to: 'CALCULATED' } });
});

const paid: PayCase = {
  ...{ registered: true, suspended: false, bankAccountId: 7, terms: { hold: null, minimums: [] }, statements: 1 },
  ...{ nextPayoutOn: null, currency: 'KRW', amountMinor: 100n, availableMinor: 100n },
};
const hold = { hold: { reason: 'dispute' }, minimums: [] };
const minimum = (amountMinor: number, carryForwardPeriods: number | null, currency = 'KRW') => ({
  hold: null,
  minimums: [{ currency, amountMinor, carryForwardPeriods }],
});

describe('why a seller is not paid', () => {
  it.each<[string, Partial<PayCase>, string | undefined]>([
    ['nothing speaks against it', {}, undefined],
    ['no terms', { terms: null }, undefined],
    ['not registered comes first', { registered: false, bankAccountId: null, statements: 0 }, 'SELLER_NOT_REGISTERED'],
    ['no account comes before a hold', { bankAccountId: null, terms: hold }, 'BANK_ACCOUNT_MISSING'],
    ['a hold comes before the date', { terms: hold, statements: 0 }, 'ON_HOLD'],
    ['a suspended seller', { suspended: true }, 'ON_HOLD'],
    ['the date comes before the amount', { statements: 0, amountMinor: 0n }, 'DATE_NOT_REACHED'],
    ['zero', { amountMinor: 0n }, 'NEGATIVE_BALANCE'],
    ['below zero comes before the minimum', { amountMinor: -1n, terms: minimum(500, null) }, 'NEGATIVE_BALANCE'],
    ['more than is there', { amountMinor: 101n }, 'NEGATIVE_BALANCE'],
    ['less than the minimum', { terms: minimum(101, null) }, 'BELOW_MINIMUM'],
    ['the minimum itself', { terms: minimum(100, null) }, undefined],
    ['a minimum in another currency', { terms: minimum(500, null, 'USD') }, undefined],
    ['carried forward as often as allowed', { terms: minimum(500, 2), statements: 2 }, 'BELOW_MINIMUM'],
    ['and once more', { terms: minimum(500, 2), statements: 3 }, undefined],
  ])('%s', (_name, more, reason) => {
    expect(whyNotPaid({ ...paid, ...more })?.reason).toBe(reason);
  });
});

it.each<[FileTransferStatus, FinalOutcome, readonly string[] | undefined]>([
  ['ORDERED', 'paid', ['pay']],
  ['SENT', 'failed', ['fail']],
  ['SENT', 'returned', ['pay', 'return']],
  ['PAID', 'paid', []],
  ['PAID', 'returned', ['return']],
  ['PAID', 'failed', undefined],
  ['RETURNED', 'paid', []],
  ['RETURNED', 'returned', []],
  ['RETURNED', 'failed', undefined],
  ['FAILED', 'failed', []],
  ['FAILED', 'paid', undefined],
  ['VOID', 'paid', undefined],
])('a transfer that is %s and told as %s', (status, outcome, steps) => {
  expect(stepsTo(status, outcome)).toEqual(steps);
});

it('the text of a payout names its statements by id, whatever their order', () => {
  const content = { sellerId: 'S1', currency: 'KRW', amountMinor: 5n, payoutOn: '2026-05-20', bankAccountId: 7 };
  const statements = [
    { statementId: 12, hash: 'b' },
    { statementId: 2, hash: 'a' },
  ];
  expect(payoutText({ ...content, statements })).toBe(
    'magam payout 1\nseller S1\ncurrency KRW\namount 5\npayout-on 2026-05-20\nbank-account 7\nstatement 2 a\nstatement 12 b\n',
  );
});

it('the number of a file is read', () => {
  expect(['F1', 'F12', 'f1', 'F0', 'F01', '1', 'F1 '].map(readFileNumber)).toEqual([
    1,
    12,
    ...Array(5).fill(undefined),
  ]);
});

describe('the next date', () => {
  const part = (payoutOn: string, earnedMinor: bigint, statementId: number | null = 1): DuePart => ({
    ...{ statementId, periodFrom: '2026-05-01', closesOn: '2026-05-07', payoutOn, earnedMinor, hash: payoutOn },
  });
  const next = (parts: DuePart[], more: Partial<PayCase> = {}) =>
    nextDate(parts, '2026-05-20', () => ({ ...paid, ...more }));

  it('is today for what is overdue, and takes only what is due', () => {
    expect(next([part('2026-05-18', 60n), part('2026-05-22', 40n)])).toMatchObject({
      payoutOn: '2026-05-20',
      amountMinor: 60n,
      notPaid: null,
    });
  });

  it('is the later one where the first is below the minimum, with both', () => {
    const found = next([part('2026-05-18', 60n), part('2026-05-22', 40n, null)], { terms: minimum(100, null) });
    expect(found).toMatchObject({ payoutOn: '2026-05-22', amountMinor: 100n, notPaid: null });
  });

  it('is not one on which statements or drafts come to more than the seller is owed', () => {
    for (const statementId of [1, null])
      expect(next([part('2026-05-22', 900n, statementId)])).toMatchObject({
        amountMinor: 900n,
        notPaid: { reason: 'NEGATIVE_BALANCE' },
      });
  });

  it('tells what stands against it that waiting does not mend', () => {
    const found = next([part('2026-05-18', 60n), part('2026-05-22', 40n)], { terms: hold });
    expect(found).toMatchObject({ payoutOn: '2026-05-20', notPaid: { reason: 'ON_HOLD' } });
    expect(next([])).toBeUndefined();
  });
});
