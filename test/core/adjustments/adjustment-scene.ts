/** A seller with a ledger, two people who may propose and approve, and what the books say afterwards. */
import { approveAdjustment, type Decision, refuseAdjustment } from '../../../core/adjustments/decide-adjustment.js';
import {
  type Acting,
  type NewAdjustment,
  type NewUndoing,
  type Proposed,
  proposeAdjustment,
  proposeUndoing,
} from '../../../core/adjustments/propose-adjustment.js';
import type { AdjustmentRecord } from '../../../core/adjustments/stores/adjustment.js';
import { postTransactions } from '../../../core/ledger/post-transactions.js';
import { onNormalSide } from '../../../core/ledger/rules/accounts.js';
import { postingsOf, type RuleName } from '../../../core/ledger/rules/posting-rules.js';
import { listAccounts } from '../../../core/ledger/stores/ledger-account.js';
import { readBalances, readTrialBalances } from '../../../core/ledger/stores/ledger-balance.js';
import { verifyLedger } from '../../../core/ledger/verify-ledger.js';
import { type Db, inTransaction, type Tx } from '../../../infra/database.js';
import { isRefusal, MagamError, type Refusal } from '../../../kernel/errors.js';
import { decided } from '../../../kernel/outcome.js';

export const TODAY = '2026-05-20';
export const acting = (userName: string, today = TODAY): Acting => ({ person: { userName }, requestId: null, today });
export const KIM = acting('kim');
export const LEE = acting('lee');

/** An adjustment of 1,000 won to S1, for which there is a reason. */
export const makeProposal = (made: Partial<NewAdjustment> & Pick<NewAdjustment, 'reference'>): NewAdjustment => ({
  ...{ kind: 'TO_SELLER', sellerId: 'S1', currency: 'KRW', amountMinor: 1_000, feeMinor: 0, feeBy: null },
  ...{ provider: null, orderId: null, paymentId: null, reason: 'for the trouble', attachment: null, askedOn: null },
  reasonCode: REASONS[made.kind ?? 'TO_SELLER'],
  ...(made.kind === 'CHARGEBACK' ? { provider: 'TOSS' } : {}),
  ...made,
});
const REASONS = { TO_SELLER: 'GOODWILL', FROM_SELLER: 'PENALTY', CHARGEBACK: 'FRAUD', WRITE_OFF: 'INSOLVENT' };

export const makeUndoing = (
  made: Partial<NewUndoing> & Pick<NewUndoing, 'reference' | 'kind' | 'undoesId'>,
): NewUndoing => ({
  ...{ reasonCode: 'OTHER', reason: 'it is so', attachment: null, askedOn: null, feeReturned: false },
  ...made,
});

/** The code of what was refused or thrown, or undefined. */
export const codeOf = async (work: Promise<unknown>): Promise<string | undefined> => {
  try {
    const outcome = await work;
    return isRefusal(outcome) ? outcome.refused : undefined;
  } catch (error) {
    if (error instanceof MagamError) return error.code;
    throw error;
  }
};

export class AdjustmentScene {
  constructor(readonly db: Db) {}

  readonly inTx = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => inTransaction(this.db, work);

  propose = (made: Parameters<typeof makeProposal>[0], who = KIM): Promise<Proposed | Refusal> =>
    this.inTx((tx) => proposeAdjustment(tx, who, makeProposal(made)));

  undo = (made: Parameters<typeof makeUndoing>[0], who = KIM): Promise<Proposed | Refusal> =>
    this.inTx((tx) => proposeUndoing(tx, who, makeUndoing(made)));

  approve = (adjustmentId: number, who = LEE): Promise<AdjustmentRecord | Refusal> =>
    this.inTx((tx) => approveAdjustment(tx, who, { adjustmentId, note: null }));

  refuse = (decision: Decision, who = LEE): Promise<AdjustmentRecord | Refusal> =>
    this.inTx((tx) => refuseAdjustment(tx, who, decision));

  /** Proposed by one and posted by the other. */
  posted = async (made: Parameters<typeof makeProposal>[0], today = TODAY): Promise<AdjustmentRecord> => {
    const { adjustment } = decided(await this.propose(made, acting('kim', today)));
    return decided(await this.approve(adjustment.adjustmentId, acting('lee', today)));
  };

  undone = async (made: Parameters<typeof makeUndoing>[0]): Promise<AdjustmentRecord> =>
    decided(await this.approve(decided(await this.undo(made)).adjustment.adjustmentId));

  /** Posts an event of the ledger for a seller. */
  post = (rule: RuleName, amount: bigint, key: string, effectiveOn = TODAY, sellerId = 'S1') =>
    this.inTx((tx) =>
      postTransactions(tx, [
        {
          ...{ key, kind: rule, sellerId, effectiveOn, requestedBy: 'test' },
          postings: postingsOf(rule, { sellerId, currency: 'KRW', provider: 'TOSS' }, { amount }),
        },
      ]),
    );

  /** The balances that are not zero, by kind, each on its normal side. */
  async balances(): Promise<Record<string, number>> {
    const accounts = await listAccounts(this.db, {}, 0, 100);
    const balances = await readBalances(
      this.db,
      accounts.map(({ accountId }) => accountId),
    );
    const named = accounts.map(({ accountId, kind }) => [
      kind,
      Number(onNormalSide(kind, balances.get(accountId) ?? 0n)),
    ]);
    return Object.fromEntries(named.filter(([, balance]) => balance !== 0));
  }

  /** What a verification of the ledger finds, and the trial balances that are not zero. */
  async differences(): Promise<unknown[]> {
    const { checks } = await verifyLedger(this.db, new AbortController().signal);
    const trial = await readTrialBalances(this.db);
    return [...checks.filter(({ ok }) => !ok), ...trial.filter((one) => one.debitMinor !== one.creditMinor)];
  }
}
