/** The life of a payment as one table, and what fits a charge. */
import { describe, expect, it } from '@jest/globals';
import { judgeCharge } from '../../../core/payments/rules/judge-charge.js';
import {
  afterPaymentStep,
  PAYMENT_CAUSES,
  PAYMENT_STATUSES,
  PAYMENT_STEPS,
  type PaymentCause,
  type PaymentStatus,
  type PaymentStep,
} from '../../../core/payments/rules/payment-state.js';

type Row = readonly [from: PaymentStatus | null, step: PaymentStep, to: PaymentStatus, ...by: readonly PaymentCause[]];
const uncharged = ['READY', 'IN_PROGRESS', 'UNKNOWN', 'DECLINED', 'EXPIRED'] as const;
const open = ['READY', 'IN_PROGRESS', 'UNKNOWN'] as const;

const table: readonly Row[] = [
  [null, 'OPEN', 'READY', 'buyer'],
  ...open.map((from): Row => [from, 'CONFIRM', 'IN_PROGRESS', 'buyer', 'operator', 'system']),
  ['IN_PROGRESS', 'LOSE', 'UNKNOWN', 'system'],
  ['IN_PROGRESS', 'WITHDRAW', 'READY', 'system'],
  [null, 'SUCCEED', 'DONE', 'system', 'provider'],
  ...uncharged.map((from): Row => [from, 'SUCCEED', 'DONE', 'system', 'provider']),
  ...uncharged.map((from): Row => [from, 'REFUSE', 'CANCELLED', 'system']),
  ...open.map((from): Row => [from, 'DECLINE', 'DECLINED', 'system', 'provider']),
  ...open.map((from): Row => [from, 'EXPIRE', 'EXPIRED', 'system', 'provider']),
  ...(['IN_PROGRESS', 'UNKNOWN', 'DONE', 'PARTLY_CANCELLED', 'CANCELLED'] as const).map(
    (from): Row => [from, 'TELL', from, 'system'],
  ),
  ...(['DONE', 'PARTLY_CANCELLED'] as const).map((from): Row => [from, 'CANCEL_PART', 'PARTLY_CANCELLED', 'provider']),
  ...(['DONE', 'PARTLY_CANCELLED', 'CANCELLED'] as const).map((from): Row => [from, 'CANCEL', 'CANCELLED', 'provider']),
  ...(['DONE', 'PARTLY_CANCELLED', 'CANCELLED'] as const).map((from): Row => [from, 'NOTICE', from, 'provider']),
];

describe('the life of a payment', () => {
  it.each(PAYMENT_STEPS)('%s: from these states, by these alone', (step) => {
    for (const from of [null, ...PAYMENT_STATUSES])
      for (const cause of PAYMENT_CAUSES) {
        const row = table.find((one) => one[0] === from && one[1] === step);
        const expected = row?.slice(3).includes(cause) === true ? row[2] : undefined;
        expect([from, cause, afterPaymentStep(from, step, cause)]).toEqual([from, cause, expected]);
      }
  });
});

describe('a charge', () => {
  const asked = { amountMinor: 100, currency: 'KRW', providerKey: 'k' };
  const charged = { ...asked, status: 'CHARGED' };
  it.each([
    ['fits', {}, 100, undefined],
    ['under another key', { providerKey: 'other' }, 100, 'KEY_MISMATCH'],
    ['of another amount', { amountMinor: 99 }, 100, 'AMOUNT_MISMATCH'],
    ['of another currency', { currency: 'USD' }, 100, 'CURRENCY_MISMATCH'],
    ['that was given back already', { status: 'CANCELLED' }, 100, 'CANCELLED_AT_PROVIDER'],
    ['of less than the orders', {}, 101, 'AMOUNT_MISMATCH'],
    ['of more than the orders', {}, 99, 'AMOUNT_MISMATCH'],
    ['of another amount for nothing', { amountMinor: 99 }, undefined, 'AMOUNT_MISMATCH'],
    ['of what is to be paid by nothing any more', {}, undefined, undefined],
  ])('%s', (_name, differs, due, expected) => {
    expect(judgeCharge(asked, { ...charged, ...differs }, due)).toBe(expected);
  });

  it('may have any key where none was known', () => {
    expect(judgeCharge({ ...asked, providerKey: null }, charged, 100)).toBeUndefined();
  });
});
