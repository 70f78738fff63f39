/** How transfers end: paid, failed or come back. The ledger, the statements, the history and the event feed say the same, in one transaction. */
import type { Tx } from '../../infra/database.js';
import { faultPoint } from '../../infra/faults.js';
import { recordFeedEvents } from '../event-feed/stores/feed-event.js';
import { makeStep } from './payout-step.js';
import { postPayouts } from './post-payouts.js';
import type { Actor } from './rules/actor.js';
import type { TransferFailure } from './rules/transfer-failure.js';
import type { ResultStep } from './rules/transfer-state.js';
import { markStatements, type Payout } from './stores/payout.js';
import { changeTransfer } from './stores/payout-transfer.js';

/** What the bank or the provider said. */
export interface Said {
  /** Business date. */
  readonly on: string;
  /** Why it did not arrive, or came back. */
  readonly failure?: TransferFailure | undefined;
  readonly code: string;
  readonly message: string;
  readonly providerKey?: string | undefined;
}

/** Takes a payout that is sent, or paid, one step further. The caller has locked it. @returns the payout as it is then */
export async function endTransfer(
  tx: Tx,
  actor: Actor,
  payout: Payout,
  step: ResultStep,
  { on, failure, code, message, providerKey }: Said,
): Promise<Payout> {
  const rule = ({ pay: 'PAYOUT_PAID', fail: 'PAYOUT_FAILED', return: 'PAYOUT_RETURNED' } as const)[step];
  await postPayouts(tx, actor, rule, [payout], () => on);
  await faultPoint('payout.result-posted');
  const detail = { on, code, message, ...(step === 'pay' ? {} : { failure }) };
  const after = await makeStep(tx, actor, payout, step, { reason: step === 'pay' ? '' : (failure ?? ''), detail });
  await changeTransfer(tx, payout, {
    state: ({ pay: 'PAID', fail: 'FAILED', return: 'RETURNED' } as const)[step],
    ...(step === 'pay' ? { paidOn: on } : { endedOn: on, ...(failure === undefined ? {} : { failure }) }),
    ...{ saidCode: code, saidMessage: message },
    ...(providerKey === undefined ? {} : { providerKey }),
  });
  if (step !== 'fail') await markStatements(tx, [payout.payoutId], step === 'pay' ? on : null);
  await recordFeedEvents(tx, [eventOf(after, step, on, failure)]);
  await faultPoint('payout.result-written');
  return after;
}

function eventOf(
  { payoutId, sellerId, currency, amountMinor, attempt }: Payout,
  step: ResultStep,
  on: string,
  failure: TransferFailure | undefined,
): Parameters<typeof recordFeedEvents>[1][number] {
  const about = { payoutId, sellerId, currency, amountMinor: Number(amountMinor), attempt };
  return step === 'pay'
    ? { type: 'payout.paid', data: { ...about, paidOn: on } }
    : { type: 'payout.failed', data: { ...about, failedOn: on, reason: failure ?? null, returned: step === 'return' } };
}
