/** One step of payouts that are locked: whether it may be made, what has changed since they were approved, and its entry in the history. */
import type { Tx } from '../../infra/database.js';
import { sha256 } from '../../infra/sha256.js';
import { isRefusal, type Refusal, refuse } from '../../kernel/errors.js';
import { type SharedBankAccount, sharePayableBankAccounts } from '../accounts/payable-bank-account.js';
import { type PayoutContent, payoutText } from './rules/payout-text.js';
import { mayDo, type PayoutAction, TRANSITIONS } from './rules/transitions.js';
import {
  type ClaimedStatement,
  lockPayouts,
  movePayout,
  movePayouts,
  NO_APPROVAL,
  type Payout,
  readOwed,
  readPayout,
  readStatementsOf,
} from './stores/payout.js';
import { recordPayoutEvents } from './stores/payout-event.js';

/** The payout, locked, where the action is possible. @returns PAYOUT_NOT_FOUND, PAYOUT_STATE_WRONG */
export async function lockedFor(tx: Tx, payoutId: number, action: PayoutAction): Promise<Payout | Refusal> {
  const [payout] = await lockPayouts(tx, [payoutId]);
  if (payout === undefined) return refuse('PAYOUT_NOT_FOUND', { payoutId });
  const { status } = payout;
  return mayDo(action, status)
    ? payout
    : refuse('PAYOUT_STATE_WRONG', { payoutId, status, possibleIn: TRANSITIONS[action].from });
}

/** What a step adds to the state of a payout and to its history. */
export interface Step {
  readonly columns?: Readonly<Record<string, string | number | null>>;
  readonly reason?: string;
  readonly detail?: object;
  /** The attempt that the entry of the history is about; by default the payout's. */
  readonly attempt?: number;
}

/** Makes a step of a payout that is locked and in a state in which the step is possible. */
export async function makeStep(
  tx: Tx,
  by: string,
  payout: Payout,
  action: PayoutAction,
  { columns = {}, reason = '', detail, attempt = payout.attempt }: Step = {},
): Promise<Payout> {
  const { payoutId, status: from } = payout;
  if (!mayDo(action, from)) throw new Error(`payout ${payoutId} is ${from}: no ${action}`);
  const { to } = TRANSITIONS[action];
  await movePayout(tx, payout, to, columns);
  await recordPayoutEvents(tx, [{ payoutId, actor: by, action, from, to, attempt, reason, detail: detail ?? null }]);
  const now = await readPayout(tx, payoutId);
  if (now === undefined) throw new Error(`payout ${payoutId} is gone`);
  return now;
}

/** Makes the same step of many payouts that are locked. @param detailOf the detail of each for its history */
export async function makeSteps(
  tx: Tx,
  by: string,
  payouts: readonly Payout[],
  action: PayoutAction,
  detailOf: (payout: Payout) => object | null,
): Promise<void> {
  const { to } = TRANSITIONS[action];
  await movePayouts(tx, payouts, TRANSITIONS[action].from, to);
  await recordPayoutEvents(
    tx,
    payouts.map((payout) => ({
      ...{ payoutId: payout.payoutId, actor: by, action, from: payout.status, to, attempt: payout.attempt },
      ...{ reason: '', detail: detailOf(payout) },
    })),
  );
}

/** The account and amount that a locked payout would have now. */
export interface Current {
  readonly account: SharedBankAccount | Refusal;
  readonly statements: readonly ClaimedStatement[];
  /** What the ledger says that the seller is owed in the currency (minor units). */
  readonly owedMinor: bigint;
}

/** The same for many, by payout. Until the commit nobody changes the accounts of their sellers or suspends the sellers. */
export async function readCurrent(tx: Tx, payouts: readonly Payout[]): Promise<(payoutId: number) => Current> {
  const accountOf = await sharePayableBankAccounts(tx, [...new Set(payouts.map(({ sellerId }) => sellerId))]);
  const statements = new Map<number, ClaimedStatement[]>(payouts.map(({ payoutId }) => [payoutId, []]));
  for (const one of await readStatementsOf(tx, [...statements.keys()])) statements.get(one.payoutId)?.push(one);
  const owed = await readOwed(tx, [...statements.keys()]);
  const sellerOf = new Map(payouts.map(({ payoutId, sellerId }) => [payoutId, sellerId]));
  return (payoutId) => ({
    account: accountOf(sellerOf.get(payoutId) ?? ''),
    statements: statements.get(payoutId) ?? [],
    owedMinor: owed.get(payoutId) ?? 0n,
  });
}

export const hashOf = (payout: Omit<PayoutContent, 'statements'>, statements: PayoutContent['statements']): string =>
  sha256(payoutText({ ...payout, statements }));

type Changed = 'amount' | 'bankAccount' | 'content' | 'suspended' | 'balance';

/**
 * How the account or content differs from the payout or its approval; or that its seller is suspended; or that a refund or a debit has left the seller less
 * than the payout. Amount and content change only when somebody edits the database.
 */
export function whatChanged(payout: Payout, { account, statements, owedMinor }: Current): Changed[] {
  const { approval, amountMinor, bankAccountId, hash } = payout;
  const sum = statements.reduce((total, { earnedMinor }) => total + earnedMinor, 0n);
  const approved = approval ?? { amountMinor, bankAccountId, hash };
  const changed: Changed[] = [];
  if (sum !== amountMinor || approved.amountMinor !== amountMinor) changed.push('amount');
  const payable = isRefusal(account) ? null : account.bankAccountId;
  if (payable !== approved.bankAccountId || bankAccountId !== approved.bankAccountId) changed.push('bankAccount');
  if (hash !== approved.hash || hash !== hashOf(payout, statements)) changed.push('content');
  if (!isRefusal(account) && account.suspended) changed.push('suspended');
  if (owedMinor < amountMinor) changed.push('balance');
  return changed;
}

/**
 * Takes the approval of a payout away whose account or content has changed, or whose seller is suspended or owed less. It names the account that may be paid to now, if there is one; its amount stays as it is.
 */
export async function voidApproval(
  tx: Tx,
  by: string,
  payout: Payout,
  current: Current,
  changed: readonly Changed[],
): Promise<Payout> {
  const { account, statements } = current;
  const bankAccountId = isRefusal(account) ? payout.bankAccountId : account.bankAccountId;
  const hash = hashOf({ ...payout, bankAccountId }, statements);
  return makeStep(tx, by, payout, 'change', {
    columns: { ...NO_APPROVAL, bank_account_id: bankAccountId, hash },
    reason: `changed: ${changed.join(', ')}`,
    detail: {
      changed,
      before: { bankAccountId: payout.bankAccountId, hash: payout.hash },
      after: { bankAccountId, hash, payable: !isRefusal(account) },
      approvedBy: payout.approval?.by ?? null,
    },
  });
}

/** The refusal for it. */
export const changedRefusal = (before: Payout, now: Payout, changed: readonly string[]): Refusal =>
  refuse('PAYOUT_CHANGED', {
    ...{ payoutId: now.payoutId, changed, status: now.status, amountMinor: String(now.amountMinor) },
    ...{ bankAccountId: now.bankAccountId, bankAccountIdBefore: before.bankAccountId, hash: now.hash },
  });

/** A payout whose approval turned out to be void. */
export interface VoidPayout {
  readonly payoutId: number;
  readonly changed: readonly string[];
}

/** Takes the approval away of those that have changed since. Of several payouts of one seller those are sent first that were proposed first, as far as the seller is owed them. */
export async function sortOut(
  tx: Tx,
  by: string,
  payouts: readonly Payout[],
): Promise<{ readonly unchanged: Payout[]; readonly changed: VoidPayout[] }> {
  const currentOf = await readCurrent(tx, payouts);
  const [unchanged, changed]: [Payout[], VoidPayout[]] = [[], []];
  const taken = new Map<string, bigint>();
  for (const payout of payouts) {
    const current = currentOf(payout.payoutId);
    const account = `${payout.sellerId} ${payout.currency}`;
    const before = taken.get(account) ?? 0n;
    const differing = whatChanged(payout, { ...current, owedMinor: current.owedMinor - before });
    if (differing.length === 0) {
      unchanged.push(payout);
      taken.set(account, before + payout.amountMinor);
    } else {
      await voidApproval(tx, by, payout, current, differing);
      changed.push({ payoutId: payout.payoutId, changed: differing });
    }
  }
  return { unchanged, changed };
}
