/** The second person's part: a proposed entry is posted or refused. Entries are also cancelled here, and their disputes lost. */
import type { Tx } from '../../infra/database.js';
import { faultPoint } from '../../infra/faults.js';
import { isRefusal, type Refusal, refuse } from '../../kernel/errors.js';
import { isProposer, isSecondPerson, type Person, personName } from '../accounts/second-person.js';
import { shareAccounts } from '../ledger/stores/ledger-account.js';
import { lockBalances } from '../ledger/stores/ledger-balance.js';
import { postEntry } from './post-entry.js';
import { type Acting, entered, judgeWriteOff } from './propose-adjustment.js';
import { effectiveDate, isText, judgeUndoing } from './rules/adjustment.js';
import {
  type AdjustmentRecord,
  endAdjustment,
  firstOpenDate,
  freeUndone,
  lockAdjustment,
  markPosted,
  moveDispute,
} from './stores/adjustment.js';

/** The entry to decide on, and an optional note. */
export interface Decision {
  readonly adjustmentId: number;
  readonly note: string | null;
}

/**
 * Posts what another person proposed. The person who posted it before gets it again. Refuses with ADJUSTMENT_INVALID (its note), ADJUSTMENT_NOT_FOUND,
 * ADJUSTMENT_DECIDED, APPROVER_NOT_SECOND, ADJUSTMENT_NOT_UNDOABLE, DISPUTE_NOT_OPEN, ADJUSTMENT_DATE_CLOSED, WRITE_OFF_NOT_IN_TERMS and
 * WRITE_OFF_EXCEEDS_DEBT. Throws the codes of the ledger, for example LEDGER_LIMIT_EXCEEDED: the transaction of the database has to be rolled back then.
 */
export async function approveAdjustment(
  tx: Tx,
  acting: Acting,
  decision: Decision,
): Promise<AdjustmentRecord | Refusal> {
  const opened = await lockForDecision(tx, decision);
  if (isRefusal(opened)) return opened;
  const { person, today } = acting;
  const byMe = opened.decidedBy === personName(person);
  if (opened.status === 'POSTED' && byMe && !isProposer(person, opened)) return opened;
  const refusal = await judgeSecond(tx, person, opened);
  if (refusal !== undefined) return refusal;
  const undone = await undoneBy(tx, opened);
  if (isRefusal(undone)) return undone;
  await lockPayable(tx, opened);
  const firstOpen = await firstOpenDate(tx, opened.sellerId, opened.currency);
  const effectiveOn = effectiveDate(opened.askedOn, today, firstOpen);
  if (isRefusal(effectiveOn)) return effectiveOn;
  const tooMuch = opened.kind === 'WRITE_OFF' ? await judgeWriteOff(tx, opened, effectiveOn) : undefined;
  if (tooMuch !== undefined) return tooMuch;
  await postEntry(tx, opened, effectiveOn, personName(person));
  await markPosted(tx, opened.adjustmentId, effectiveOn, personName(person), decision.note);
  if (undone !== undefined) await moveUndone(tx, opened, undone);
  const posted = await entered(tx, acting, 'adjustment.approve', opened.adjustmentId, opened);
  await faultPoint('adjustment.before-commit');
  return posted;
}

/** Turns down what another person proposed. Refuses as `approveAdjustment` does with the first four of its codes. */
export const refuseAdjustment = (tx: Tx, acting: Acting, decision: Decision): Promise<AdjustmentRecord | Refusal> =>
  end(tx, acting, decision, 'REFUSED');

/** Takes back what the same person proposed. Refuses with ADJUSTMENT_INVALID (its note), ADJUSTMENT_NOT_FOUND, ADJUSTMENT_DECIDED and ADJUSTMENT_PROPOSER_ONLY. */
export const cancelAdjustment = (tx: Tx, acting: Acting, decision: Decision): Promise<AdjustmentRecord | Refusal> =>
  end(tx, acting, decision, 'CANCELLED');

async function end(
  tx: Tx,
  acting: Acting,
  decision: Decision,
  status: 'REFUSED' | 'CANCELLED',
): Promise<AdjustmentRecord | Refusal> {
  const opened = await lockForDecision(tx, decision);
  if (isRefusal(opened)) return opened;
  const { adjustmentId } = opened;
  const { person } = acting;
  if (opened.status === status && opened.decidedBy === personName(person)) return opened;
  const mine = isProposer(person, opened);
  const refusal =
    status === 'CANCELLED'
      ? (decidedBefore(opened) ?? (mine ? undefined : refuse('ADJUSTMENT_PROPOSER_ONLY', { adjustmentId })))
      : await judgeSecond(tx, person, opened);
  if (refusal !== undefined) return refusal;
  await endAdjustment(tx, adjustmentId, status, personName(person), decision.note);
  const action = status === 'REFUSED' ? 'adjustment.refuse' : 'adjustment.cancel';
  return entered(tx, acting, action, adjustmentId, opened);
}

/** The dispute of a chargeback is lost: what was posted stays. Refuses with ADJUSTMENT_NOT_FOUND and DISPUTE_NOT_OPEN. */
export async function loseDispute(tx: Tx, acting: Acting, adjustmentId: number): Promise<AdjustmentRecord | Refusal> {
  const former = await lockAdjustment(tx, adjustmentId);
  if (former === undefined) return refuse('ADJUSTMENT_NOT_FOUND', { adjustmentId });
  if (former.dispute === 'LOST') return former;
  if ((await moveDispute(tx, adjustmentId, ['OPENED'], 'LOST')) === 0)
    return refuse('DISPUTE_NOT_OPEN', { adjustmentId, dispute: former.dispute });
  return entered(tx, acting, 'adjustment.dispute-lost', adjustmentId, former);
}

async function lockForDecision(tx: Tx, { adjustmentId, note }: Decision): Promise<AdjustmentRecord | Refusal> {
  if (note !== null && !isText('note', note))
    return refuse('ADJUSTMENT_INVALID', { field: 'note', must: 'be 1 to 200 printable characters' });
  return (await lockAdjustment(tx, adjustmentId)) ?? refuse('ADJUSTMENT_NOT_FOUND', { adjustmentId });
}

const decidedBefore = ({ adjustmentId, status, decidedBy }: AdjustmentRecord): Refusal | undefined =>
  status === 'PROPOSED' ? undefined : refuse('ADJUSTMENT_DECIDED', { adjustmentId, status, decidedBy });

async function judgeSecond(tx: Tx, person: Person, opened: AdjustmentRecord): Promise<Refusal | undefined> {
  const decided = decidedBefore(opened);
  if (decided !== undefined) return decided;
  return (await isSecondPerson(tx, person, opened)) ? undefined : refuse('APPROVER_NOT_SECOND');
}

/** The entry that another one undoes, locked, provided that it can still be undone; undefined where the other one undoes none. */
async function undoneBy(tx: Tx, { kind, undoesId }: AdjustmentRecord): Promise<AdjustmentRecord | undefined | Refusal> {
  if (undoesId === null || (kind !== 'CHARGEBACK_WON' && kind !== 'REVERSAL')) return undefined;
  const undone = await lockAdjustment(tx, undoesId);
  if (undone === undefined) return refuse('ADJUSTMENT_NOT_FOUND', { adjustmentId: undoesId });
  return judgeUndoing(kind, undone) ?? undone;
}

/**
 * The next state of the dispute. It is won; or it is over, because its chargeback was reversed; or it is open again, because the entry that won it was
 * reversed.
 */
async function moveUndone(tx: Tx, { kind }: AdjustmentRecord, undone: AdjustmentRecord): Promise<void> {
  const { adjustmentId, undoesId } = undone;
  if (kind === 'CHARGEBACK_WON') await moveDispute(tx, adjustmentId, ['OPENED'], 'WON');
  else if (undone.kind === 'CHARGEBACK') await moveDispute(tx, adjustmentId, ['OPENED', 'LOST'], null);
  else if (undone.kind === 'CHARGEBACK_WON' && undoesId !== null) {
    await moveDispute(tx, undoesId, ['WON'], 'OPENED');
    await freeUndone(tx, adjustmentId);
  }
}

/** A close of a period or a payout waits until the commit. An account that does not exist yet has no period to close. */
async function lockPayable(tx: Tx, { sellerId, currency }: AdjustmentRecord): Promise<void> {
  const accounts = await shareAccounts(tx, [{ kind: 'SELLER_PAYABLE', owner: sellerId, currency }]);
  const ids = [...accounts.values()].map(({ accountId }) => accountId);
  if (ids.length > 0) await lockBalances(tx, ids);
}
