import { expect, it } from '@jest/globals';
import {
  type Heard,
  judgeTransfer,
  type KnownSoFar,
  MISSING_LOOKS,
  MISSING_SECONDS,
  type TransferStatus,
} from '../../../../core/payouts/rules/transfer-state.js';

const HOUR = 3_600_000;
const paid = { outcome: 'paid', paidOn: '2026-12-01' } as const;
const failed = { outcome: 'failed', reason: 'ACCOUNT_CLOSED' } as const;

const judge = (
  status: TransferStatus,
  heard: Heard,
  looks = 0,
  askedSeconds = 0,
  failure: KnownSoFar['failure'] = null,
) => judgeTransfer({ status, failure, looks, askedSeconds }, heard, 20);
const pausesOf = (steps: readonly ReturnType<typeof judge>[]) =>
  steps.map((step) => (step?.step === 'wait' ? step.pauseMs : undefined));

it('waits longer and longer for what is not known', () => {
  const pauses = [0, 1, 2, 10, 1_000].map((looks) => judge('OPEN', { outcome: 'unknown' }, looks));
  expect(pauses.map((step) => (step?.step === 'wait' ? step.pauseMs : null))).toEqual([
    5_000, 10_000, 20_000, 600_000, 600_000,
  ]);
  expect(judge('OPEN', { outcome: 'sent' })).toEqual({ step: 'wait', pauseMs: 5_000 });
});

it('sends again only what certainly never left', () => {
  expect(judge('OPEN', { outcome: 'away' })).toEqual({ step: 'wait', pauseMs: 5_000, unsent: true });
  for (const outcome of ['sent', 'unknown', 'missing'] as const)
    expect(judge('OPEN', { outcome })).not.toHaveProperty('unsent');
});

it('fails what the provider has not received after half an hour, and not before', () => {
  expect(judge('OPEN', { outcome: 'missing' }, 5, MISSING_SECONDS - 1)).toMatchObject({ step: 'wait' });
  expect(judge('OPEN', { outcome: 'missing' }, 5, MISSING_SECONDS)).toEqual({
    ...{ step: 'fail', reason: 'NOT_RECEIVED', pauseMs: 24 * HOUR },
  });
});

it('does not take a clock that was set forward for half an hour', () => {
  expect(judge('OPEN', { outcome: 'missing' }, MISSING_LOOKS - 1, 24 * 3_600)).toMatchObject({ step: 'wait' });
});

it('pays, fails, and looks again 1, 3, 7, 15 and at last 20 days later whether the money has come back', () => {
  expect(judge('OPEN', paid)).toEqual({ step: 'pay', paidOn: '2026-12-01', pauseMs: 24 * HOUR });
  expect(judge('OPEN', failed)).toEqual({ step: 'fail', reason: 'ACCOUNT_CLOSED', pauseMs: null });
  const looks = [1, 2, 3, 4, 5].map((look) => judge('PAID', paid, look));
  expect(pausesOf(looks)).toEqual([48 * HOUR, 96 * HOUR, 192 * HOUR, 120 * HOUR, null]);
  expect(judge('PAID', failed)).toEqual({ step: 'return', reason: 'ACCOUNT_CLOSED' });
  for (const outcome of ['unknown', 'missing', 'sent', 'away'] as const)
    expect(judge('PAID', { outcome }, 1, MISSING_SECONDS)).toEqual({ step: 'wait', pauseMs: HOUR });
});

it('looks on the same days whether what was taken for lost has come to the provider', () => {
  const lost = (heard: Heard, looks = 1) => judge('FAILED', heard, looks, 0, 'NOT_RECEIVED');
  const looks = [1, 2, 3, 4, 5].map((look) => lost({ outcome: 'missing' }, look));
  expect(pausesOf(looks)).toEqual([48 * HOUR, 96 * HOUR, 192 * HOUR, 120 * HOUR, null]);
  for (const heard of [paid, { outcome: 'sent' } as const]) expect(lost(heard)).toEqual({ step: 'find' });
  expect(lost(failed)).toEqual({ step: 'wait', pauseMs: null });
  expect(lost({ outcome: 'unknown' })).toEqual({ step: 'wait', pauseMs: HOUR });
});

it('changes nothing where it is over', () => {
  for (const failure of ['ACCOUNT_CLOSED', 'FOUND_LATER'] as const)
    for (const heard of [paid, failed, { outcome: 'missing' } as const]) {
      expect(judge('FAILED', heard, 1, 0, failure)).toBeUndefined();
      expect(judge('RETURNED', heard, 1, 0, failure)).toBeUndefined();
    }
});
