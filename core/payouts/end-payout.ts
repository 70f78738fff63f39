/** How payouts end: they are paid, fail or come back. Ledger, statements, history and event feed record it in one transaction. */
import type { Tx } from '../../infra/database.js';
import { faultPoint } from '../../infra/faults.js';
import { eventMinor } from '../event-feed/rules/feed-events.js';
import { recordFeedEvents } from '../event-feed/stores/feed-event.js';
import { makeStep } from './payout-step.js';
import { postPayouts } from './post-payouts.js';
import type { ResultStep } from './rules/file-transfer-state.js';
import { shortSaid, type TransferFailure } from './rules/transfer-failure.js';
import { markStatements, type Payout } from './stores/payout.js';
import { wasFound } from './stores/payout-event.js';

/** The answer of the bank or the provider. */
export interface Said {
  /** Business date. */
  readonly on: string;
  /** Why it did not arrive, or came back; null: it is paid. */
  readonly failure: TransferFailure | null;
  readonly code: string;
  readonly message: string;
}

const RULES = { pay: 'PAYOUT_PAID', fail: 'PAYOUT_FAILED', return: 'PAYOUT_RETURNED' } as const;

/** Takes a payout that is sent, or paid, one step further. The caller has locked it. @returns the payout as it is then */
export async function endPayout(
  tx: Tx,
  by: string,
  payout: Payout,
  step: ResultStep,
  { on, failure, code, message }: Said,
): Promise<Payout> {
  const again = step === 'fail' && (await wasFound(tx, payout));
  await postPayouts(tx, by, RULES[step], [payout], () => on, again);
  await faultPoint('payout.result-posted');
  const reason = step === 'pay' ? '' : (failure ?? '');
  const detail = { on, ...shortSaid({ code, message }), ...(step === 'pay' ? {} : { failure }) };
  const after = await makeStep(tx, by, payout, step, { reason, detail });
  if (step !== 'fail') await markStatements(tx, [payout.payoutId], step === 'pay' ? on : null);
  await recordFeedEvents(tx, [eventOf(after, step, on, failure)]);
  await faultPoint('payout.result-written');
  return after;
}

function eventOf(
  { payoutId, sellerId, currency, amountMinor, attempt }: Payout,
  step: ResultStep,
  on: string,
  failure: TransferFailure | null,
): Parameters<typeof recordFeedEvents>[1][number] {
  const about = { payoutId, sellerId, currency, amountMinor: eventMinor(amountMinor), attempt };
  return step === 'pay'
    ? { type: 'payout.paid', data: { ...about, paidOn: on } }
    : { type: 'payout.failed', data: { ...about, failedOn: on, reason: failure, returned: step === 'return' } };
}
