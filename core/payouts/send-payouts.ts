/**
 * Transfers by a provider. That a transfer is ordered is committed, with its posting, before the provider is asked; what it answers is committed afterwards. Of what
 * is unclear in between the provider is asked by its reference, and nothing is sent a second time.
 */
import { type Db, inTransaction, type Tx } from '../../infra/database.js';
import { faultPoint } from '../../infra/faults.js';
import { isRefusal, type Refusal, refuse } from '../../kernel/errors.js';
import { found } from '../../kernel/outcome.js';
import { endTransfer, type Said } from './end-transfer.js';
import { type AccountKeys, remarkOf, transferRows } from './export-payouts.js';
import { changedRefusal, lockedFor, makeStep, readCurrent, voidApproval, whatChanged } from './payout-step.js';
import { postPayouts } from './post-payouts.js';
import { type InquiryOutcome, type PayoutProvider, payeeReference, type SendOutcome } from './providers/provider.js';
import type { Actor } from './rules/actor.js';
import { transferReference } from './rules/transfer-reference.js';
import { type FinalOutcome, stepsTo } from './rules/transfer-state.js';
import { lockPayouts, type Payout } from './stores/payout.js';
import {
  changeTransfer,
  claimAway,
  type OpenTransfer,
  orderTransfers,
  readOpenTransfers,
  readTransfersOf,
  type Transfer,
} from './stores/payout-transfer.js';

export interface Sending {
  readonly provider: PayoutProvider;
  readonly keys: AccountKeys;
  /** Business date. */
  readonly today: string;
}

/** What has become of a transfer in the end, or that nobody knows yet. */
export interface SentPayout {
  readonly payoutId: number;
  readonly attempt: number;
  readonly state: Transfer['state'];
}

/**
 * Sends an approved payout. @returns PAYOUT_NOT_FOUND, PAYOUT_STATE_WRONG, PAYOUT_PROVIDER_MISSING (not in this currency), PAYOUT_CHANGED: nothing was sent
 */
export async function sendPayout(
  db: Db,
  actor: Actor,
  sending: Sending,
  payoutId: number,
): Promise<SentPayout | Refusal> {
  const ordered = await inTransaction(db, (tx) => orderTransfer(tx, actor, sending, payoutId));
  if (isRefusal(ordered)) return ordered;
  await faultPoint('payout.send-ordered');
  return ask(db, actor, sending, ordered);
}

async function orderTransfer(
  tx: Tx,
  actor: Actor,
  { provider, today }: Sending,
  payoutId: number,
): Promise<Transfer | Refusal> {
  const payout = await lockedFor(tx, payoutId, 'send');
  if (isRefusal(payout)) return payout;
  const { status, currency, attempt, amountMinor, bankAccountId } = payout;
  if (status !== 'APPROVED') return refuse('PAYOUT_STATE_WRONG', { payoutId, status, possibleIn: ['APPROVED'] });
  if (!provider.currencies.includes(currency))
    return refuse('PAYOUT_PROVIDER_MISSING', { payoutId, currency, provider: provider.name });
  const current = (await readCurrent(tx, [payout]))(payoutId);
  const changed = whatChanged(payout, current);
  if (changed.length > 0)
    return changedRefusal(payout, await voidApproval(tx, actor, payout, current, changed), changed);
  await postPayouts(tx, actor, 'PAYOUT_SENT', [payout], () => today);
  await orderTransfers(tx, [
    {
      ...{ payoutId, attempt, amountMinor, bankAccountId, fileId: null, fileSequence: null },
      ...{ provider: provider.name, sentOn: today, remark: remarkOf(payoutId) },
    },
  ]);
  await makeStep(tx, actor, payout, 'send', { detail: { provider: provider.name, sentOn: today } });
  await faultPoint('payout.send-posted');
  return transferOf(tx, payoutId, attempt);
}

const transferOf = async (db: Db, payoutId: number, attempt: number): Promise<Transfer> =>
  found(
    (await readTransfersOf(db, [payoutId])).find((one) => one.attempt === attempt),
    'PAYOUT_NOT_FOUND',
    { payoutId, attempt },
  );

/** Asks the provider to transfer. Called once for each time that a transfer was ordered. */
async function ask(db: Db, actor: Actor, sending: Sending, transfer: Transfer): Promise<SentPayout> {
  const [row] = await transferRows(db, sending.keys, [transfer]);
  if (row === undefined) throw new Error(`payout ${transfer.payoutId} has no transfer`);
  const { reference, bankCode, accountNumber, holder, amountMinor, currency, remark } = row;
  const outcome = await sending.provider.send({
    ...{ reference, bankCode, accountNumber, holder, amountMinor, currency, remark },
    payee: payeeReference(transfer.bankAccountId),
  });
  await faultPoint('payout.send-answered');
  return inTransaction(db, (tx) => keepOutcome(tx, actor, transfer, outcome, sending.today));
}

/** Writes down what is known of a transfer. What was known before and is final stays. */
async function keepOutcome(
  tx: Tx,
  actor: Actor,
  { payoutId, attempt }: Pick<Transfer, 'payoutId' | 'attempt'>,
  outcome: SendOutcome | InquiryOutcome,
  today: string,
): Promise<SentPayout> {
  const [payout] = await lockPayouts(tx, [payoutId]);
  const transfer = await transferOf(tx, payoutId, attempt);
  const known = { payoutId, attempt, state: transfer.state };
  if (payout === undefined || payout.attempt !== attempt) return known;
  if (outcome.outcome === 'paid' || outcome.outcome === 'failed')
    return keepFinal(tx, actor, payout, transfer, outcome, today);
  if (!['ORDERED', 'AWAY', 'UNKNOWN'].includes(transfer.state) || outcome.outcome === 'missing') return known;
  const state = ({ sent: 'SENT', unknown: 'UNKNOWN', away: 'AWAY' } as const)[outcome.outcome];
  await changeTransfer(tx, transfer, {
    state,
    ...(outcome.outcome === 'sent'
      ? { providerKey: outcome.providerKey }
      : { saidCode: outcome.said.code, saidMessage: outcome.said.message }),
  });
  return { ...known, state };
}

async function keepFinal(
  tx: Tx,
  actor: Actor,
  payout: Payout,
  transfer: Transfer,
  outcome: Extract<SendOutcome, { outcome: 'paid' | 'failed' }>,
  today: string,
): Promise<SentPayout> {
  const { payoutId, attempt, state } = transfer;
  // What was paid and is told as failed came back.
  const final: FinalOutcome = outcome.outcome === 'failed' && state === 'PAID' ? 'returned' : outcome.outcome;
  const said: Said =
    outcome.outcome === 'paid'
      ? { on: later(outcome.paidOn, transfer.sentOn), code: 'PAID', message: '', providerKey: outcome.providerKey }
      : {
          ...{ on: today, failure: outcome.reason, code: outcome.said.code, message: outcome.said.message },
          ...(outcome.providerKey === null ? {} : { providerKey: outcome.providerKey }),
        };
  for (const step of stepsTo(state, final) ?? []) payout = await endTransfer(tx, actor, payout, step, said);
  return { payoutId, attempt, state: (await transferOf(tx, payoutId, attempt)).state };
}

/** The provider may date a payment by its own clock; it is not paid before it was sent. */
const later = (date: string, other: string | null): string => (other !== null && other > date ? other : date);

/**
 * Looks after the transfers that are on their way at a provider, or were paid in the last days: asks what became of each. One that certainly never reached the
 * provider is sent under the same reference, where its account is still the one that was approved. @returns those whose state has changed
 */
export async function followTransfers(
  db: Db,
  actor: Actor,
  sending: Sending,
  signal: AbortSignal,
): Promise<SentPayout[]> {
  const changed: SentPayout[] = [];
  let after = 0;
  while (!signal.aborted) {
    const page = await readOpenTransfers(db, sending.provider.name, after, PAGE);
    for (const transfer of page) {
      if (signal.aborted) break;
      const now = await follow(db, actor, sending, transfer);
      if (now.state !== transfer.state) changed.push(now);
    }
    after = page.at(-1)?.payoutId ?? 0;
    if (page.length < PAGE) break;
  }
  return changed;
}

const PAGE = 100;

async function follow(db: Db, actor: Actor, sending: Sending, transfer: OpenTransfer): Promise<SentPayout> {
  const { payoutId, attempt, amountMinor, currency, providerKey, state } = transfer;
  if (state === 'AWAY') return sendAgain(db, actor, sending, transfer);
  const reference = transferReference(payoutId, attempt);
  const outcome = await sending.provider.inquire({ reference, amountMinor, currency, providerKey });
  const { today } = sending;
  if (outcome.outcome !== 'missing' || !transfer.overdue || !['ORDERED', 'UNKNOWN'].includes(state))
    return inTransaction(db, (tx) => keepOutcome(tx, actor, transfer, outcome, today));
  return inTransaction(db, (tx) => keepOutcome(tx, actor, transfer, NOT_RECEIVED, today));
}

/** An hour after it was sent the provider does not know it: it was never received. Another attempt has another reference. */
const NOT_RECEIVED: SendOutcome = {
  outcome: 'failed',
  reason: 'NOT_RECEIVED',
  said: { code: 'NOT_RECEIVED', message: 'the provider does not know the transfer' },
  providerKey: null,
};

async function sendAgain(db: Db, actor: Actor, sending: Sending, transfer: Transfer): Promise<SentPayout> {
  const { payoutId, attempt, state } = transfer;
  const claimed = await inTransaction(db, async (tx) => {
    const [payout] = await lockPayouts(tx, [payoutId]);
    if (payout === undefined || payout.status !== 'SENT' || payout.attempt !== attempt) return undefined;
    const changed = whatChanged(payout, (await readCurrent(tx, [payout]))(payoutId));
    if (changed.length > 0) return keepOutcome(tx, actor, transfer, NOT_RECEIVED, sending.today);
    return (await claimAway(tx, payoutId, attempt)) ? 'claimed' : undefined;
  });
  if (claimed === undefined) return { payoutId, attempt, state };
  return claimed === 'claimed' ? ask(db, actor, sending, transfer) : claimed;
}
