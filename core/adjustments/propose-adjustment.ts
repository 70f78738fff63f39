/** The first person's part: an entry is proposed, once for each reference. */
import type { Tx } from '../../infra/database.js';
import { recordAudit } from '../../infra/stores/audit-log.js';
import { isRefusal, type Refusal, refuse } from '../../kernel/errors.js';
import { accountOf, type Person, personName } from '../accounts/second-person.js';
import { readSeller } from '../accounts/stores/seller.js';
import { listAccounts } from '../ledger/stores/ledger-account.js';
import { readBalances } from '../ledger/stores/ledger-balance.js';
import { termsInForce } from '../terms/terms-of-seller.js';
import {
  type AdjustmentKind,
  differingFields,
  effectiveDate,
  judgeProposal,
  judgeUndoing,
  type Proposal,
  type UndoingKind,
} from './rules/adjustment.js';
import {
  type AdjustmentRecord,
  firstOpenDate,
  insertAdjustment,
  lockAdjustment,
  readAdjustment,
  readByReference,
} from './stores/adjustment.js';

/** Who acts, in which call, and the business date of today. */
export interface Acting {
  readonly person: Person;
  readonly requestId: string | null;
  readonly today: string;
}

/** A proposal that is about no other entry. */
export type NewAdjustment = Omit<Proposal, 'kind' | 'undoesId'> & {
  readonly kind: Exclude<AdjustmentKind, UndoingKind>;
};

/** A proposal to undo an entry: a dispute that was won, or a reversal. */
export interface NewUndoing extends Pick<Proposal, 'reference' | 'reasonCode' | 'reason' | 'attachment' | 'askedOn'> {
  readonly kind: UndoingKind;
  readonly undoesId: number;
  /** For a dispute that was won: whether the provider also gives its fee back. A reversal always takes the fee back. */
  readonly feeReturned: boolean;
}

export interface Proposed {
  readonly adjustment: AdjustmentRecord;
  /** It was proposed before, with the same content. */
  readonly existed: boolean;
}

/**
 * Proposes an adjustment, a chargeback or a write-off. Refuses with ADJUSTMENT_INVALID, CURRENCY_UNKNOWN, ADJUSTMENT_EXISTS_OTHERWISE, SELLER_NOT_FOUND (neither
 * registered nor in the ledger), ADJUSTMENT_DATE_CLOSED, WRITE_OFF_NOT_IN_TERMS and WRITE_OFF_EXCEEDS_DEBT.
 */
export const proposeAdjustment = (tx: Tx, acting: Acting, made: NewAdjustment): Promise<Proposed | Refusal> =>
  propose(tx, acting, { ...made, undoesId: null });

/**
 * Proposes to undo a posted entry; its seller, amount and provider are those of that entry. Refuses with ADJUSTMENT_NOT_FOUND, ADJUSTMENT_NOT_UNDOABLE, DISPUTE_NOT_OPEN, and as
 * `proposeAdjustment` does.
 */
export async function proposeUndoing(tx: Tx, acting: Acting, made: NewUndoing): Promise<Proposed | Refusal> {
  const { feeReturned, ...own } = made;
  const undone = await lockAdjustment(tx, made.undoesId);
  if (undone === undefined) return refuse('ADJUSTMENT_NOT_FOUND', { adjustmentId: made.undoesId });
  const { sellerId, currency, amountMinor, provider, orderId, paymentId } = undone;
  const withFee = made.kind === 'REVERSAL' || feeReturned;
  const { feeMinor, feeBy } = withFee ? undone : { feeMinor: 0, feeBy: null };
  const proposal = { ...own, sellerId, currency, amountMinor, feeMinor, feeBy, provider, orderId, paymentId };
  return propose(tx, acting, proposal, () => judgeUndoing(made.kind, undone));
}

async function propose(
  tx: Tx,
  acting: Acting,
  made: Proposal,
  judgeMore: () => Refusal | undefined = () => undefined,
): Promise<Proposed | Refusal> {
  const { person, today } = acting;
  const invalid = judgeProposal(made, today);
  if (invalid !== undefined) return invalid;
  const before = await readByReference(tx, made.reference);
  if (before !== undefined) return existing(before, made);
  const refusal = judgeMore() ?? (await judgeAgainstBooks(tx, made, today));
  if (refusal !== undefined) return refusal;
  const adjustmentId = await insertAdjustment(tx, made, personName(person), accountOf(person));
  if (isRefusal(adjustmentId)) {
    const meanwhile = await readByReference(tx, made.reference);
    return meanwhile === undefined ? adjustmentId : existing(meanwhile, made);
  }
  return { adjustment: await entered(tx, acting, 'adjustment.propose', adjustmentId), existed: false };
}

function existing(adjustment: AdjustmentRecord, made: Proposal): Proposed | Refusal {
  const differing = differingFields(adjustment, made);
  if (differing.length === 0) return { adjustment, existed: true };
  const { reference, adjustmentId } = adjustment;
  return refuse('ADJUSTMENT_EXISTS_OTHERWISE', { reference, adjustmentId, differing });
}

async function judgeAgainstBooks(tx: Tx, made: Proposal, today: string): Promise<Refusal | undefined> {
  const { sellerId, currency } = made;
  const known = (await listAccounts(tx, { owner: sellerId }, 0, 1)).length > 0 || (await readSeller(tx, sellerId));
  if (!known) return refuse('SELLER_NOT_FOUND', { sellerId });
  const effectiveOn = effectiveDate(made.askedOn, today, await firstOpenDate(tx, sellerId, currency));
  if (isRefusal(effectiveOn)) return effectiveOn;
  return made.kind === 'WRITE_OFF' ? judgeWriteOff(tx, made, effectiveOn) : undefined;
}

/** The terms must provide for the write-off, and it takes no more than is owed. */
export async function judgeWriteOff(
  tx: Tx,
  { sellerId, currency, amountMinor }: Proposal,
  effectiveOn: string,
): Promise<Refusal | undefined> {
  const terms = await termsInForce(tx, sellerId, effectiveOn);
  if (terms !== undefined && !terms.clawback.includes('write-off'))
    return refuse('WRITE_OFF_NOT_IN_TERMS', { sellerId, termsSeller: terms.seller, termsVersion: terms.version });
  const account = (await listAccounts(tx, { kind: 'SELLER_RECEIVABLE', owner: sellerId, currency }, 0, 1))[0];
  const balances = account === undefined ? undefined : await readBalances(tx, [account.accountId]);
  const owedMinor = balances?.get(account?.accountId ?? 0) ?? 0n;
  return owedMinor < BigInt(amountMinor)
    ? refuse('WRITE_OFF_EXCEEDS_DEBT', { sellerId, currency, owedMinor: owedMinor.toString() })
    : undefined;
}

/** Records an action in the audit log, with the entry as it is now. */
export async function entered(
  tx: Tx,
  { person, requestId }: Acting,
  action: string,
  adjustmentId: number,
  before: AdjustmentRecord | null = null,
): Promise<AdjustmentRecord> {
  const after = await readAdjustment(tx, adjustmentId);
  if (after === undefined) throw new Error(`adjustment ${adjustmentId} is gone`);
  await recordAudit(tx, {
    ...('caller' in person ? { caller: person.caller } : { caller: null, userName: person.userName }),
    ...{ requestId, action, subjectType: 'adjustment', subjectId: String(adjustmentId), before, after },
  });
  return after;
}
