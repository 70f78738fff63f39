/** The steps of a payout that is paid through a provider, which core/payouts/send-payout.ts takes. */
import type { Db, Tx } from '../../infra/database.js';
import { readAnyPlatformTime } from '../../infra/platform-time.js';
import { isRefusal, refuse } from '../../kernel/errors.js';
import { found } from '../../kernel/outcome.js';
import { endPayout } from './end-payout.js';
import { changedRefusal, lockedFor, makeStep, readCurrent, voidApproval, whatChanged } from './payout-step.js';
import { postPayouts } from './post-payouts.js';
import { transferReference } from './rules/transfer-reference.js';
import { mayDo } from './rules/transitions.js';
import type { PayoutSteps } from './send-payout.js';
import { lockPayouts, NO_APPROVAL, type Payout } from './stores/payout.js';
import { recordPayoutEvents } from './stores/payout-event.js';
import type { TransferId } from './stores/provider-transfer.js';

/** The actor who records a provider's answer. */
const PROVIDER = 'provider';

/** @param timeZone the platform's, in which what happens now gets its business date */
export function providerSteps(timeZone: string): PayoutSteps {
  const today = async (db: Db): Promise<string> => (await readAnyPlatformTime(db, timeZone)).date;
  return {
    lock: async (tx, payoutId) => void (await lockPayouts(tx, [payoutId])),
    send: async (tx, payoutId, requestedBy) => {
      const payout = await lockedFor(tx, payoutId, 'send');
      if (isRefusal(payout)) return payout;
      const { status } = payout;
      if (status !== 'APPROVED') return refuse('PAYOUT_STATE_WRONG', { payoutId, status, possibleIn: ['APPROVED'] });
      const sentOn = await today(tx);
      if (payout.payoutOn > sentOn) return refuse('PAYOUT_NOT_DUE', { payoutId, payoutOn: payout.payoutOn });
      const current = (await readCurrent(tx, [payout]))(payoutId);
      const changed = whatChanged(payout, current);
      if (changed.length > 0)
        return changedRefusal(payout, await voidApproval(tx, requestedBy, payout, current, changed), changed);
      await postPayouts(tx, requestedBy, 'PAYOUT_SENT', [payout], () => sentOn);
      await makeStep(tx, requestedBy, payout, 'send', { detail: { sentOn, through: 'provider' } });
      return undefined;
    },
    pay: async (tx, transfer, paidOn) => {
      const said = { on: paidOn, failure: null, code: 'PAID', message: '' };
      await endPayout(tx, PROVIDER, await attemptOf(tx, transfer), 'pay', said);
    },
    fail: async (tx, transfer, failure, said) => {
      const { code, message } = said ?? { code: failure, message: '' };
      const on = await today(tx);
      await endPayout(tx, PROVIDER, await attemptOf(tx, transfer), 'fail', { on, failure, code, message });
    },
    find: async (tx, transfer) => {
      const [payout] = await lockPayouts(tx, [transfer.payoutId]);
      const locked = found(payout, 'PAYOUT_NOT_FOUND', { payoutId: transfer.payoutId });
      if (locked.attempt !== transfer.attempt || !mayDo('find', locked.status)) {
        await noteFound(tx, locked, transfer);
        return false;
      }
      const sentOn = await today(tx);
      await postPayouts(tx, PROVIDER, 'PAYOUT_SENT', [locked], () => sentOn, true);
      await makeStep(tx, PROVIDER, locked, 'find', { detail: { sentOn, through: 'provider' } });
      return true;
    },
    takeBack: async (tx, transfer, failure, said) => {
      const { code, message } = said ?? { code: failure, message: '' };
      const on = await today(tx);
      await endPayout(tx, PROVIDER, await attemptOf(tx, transfer), 'return', { on, failure, code, message });
    },
  };
}

/** The money of an earlier attempt is at the provider, so nothing more may leave: the payout is held; where it is too late for that, its history records it. */
async function noteFound(tx: Tx, payout: Payout, { payoutId, attempt }: TransferId): Promise<void> {
  const reason = `${transferReference(payoutId, attempt)} is at the provider after all`;
  if (mayDo('hold', payout.status)) {
    await makeStep(tx, PROVIDER, payout, 'hold', { reason, columns: NO_APPROVAL });
    return;
  }
  const { status } = payout;
  const event = { payoutId, actor: PROVIDER, action: 'found-later', from: status, to: status, reason };
  await recordPayoutEvents(tx, [{ ...event, attempt: payout.attempt, detail: { transfer: attempt } }]);
}

/** The payout, locked, at the attempt that the transfer is. */
async function attemptOf(tx: Tx, { payoutId, attempt }: TransferId): Promise<Payout> {
  const [payout] = await lockPayouts(tx, [payoutId]);
  const locked = found(payout, 'PAYOUT_NOT_FOUND', { payoutId });
  if (locked.attempt !== attempt) throw new Error(`payout ${payoutId} is at attempt ${locked.attempt}, not ${attempt}`);
  return locked;
}
