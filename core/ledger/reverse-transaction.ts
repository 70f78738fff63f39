/** Corrections: a transaction is never changed, another one takes it back. */
import type { Tx } from '../../infra/database.js';
import { isRefusal, type Refusal, refuse } from '../../kernel/errors.js';
import { type Posted, postTransaction } from './post-transactions.js';
import { mayReverseAlone } from './rules/posting-rules.js';
import { readTransaction } from './stores/ledger-transaction.js';

export interface Reversal {
  /** The business date that it counts for. */
  readonly effectiveOn: string;
  readonly requestedBy: string;
  readonly reason: string;
}

/**
 * Posts the opposite of a transaction. Refuses with LEDGER_TRANSACTION_NOT_FOUND, LEDGER_REVERSAL_FINAL, LEDGER_ALREADY_REVERSED, LEDGER_ACCOUNT_CLOSED and
 * LEDGER_LIMIT_EXCEEDED: a reversal takes no account below zero that has a limit.
 */
export async function reverseTransaction(
  tx: Tx,
  transactionId: number,
  { effectiveOn, requestedBy, reason }: Reversal,
): Promise<Posted | Refusal> {
  const former = await readTransaction(tx, transactionId);
  if (former === undefined) return refuse('LEDGER_TRANSACTION_NOT_FOUND', { transactionId });
  if (former.reversesId !== null) return refuse('LEDGER_REVERSAL_FINAL', { transactionId });
  if (former.reversedById !== null)
    return refuse('LEDGER_ALREADY_REVERSED', { transactionId, reversedById: former.reversedById });
  const posted = await postTransaction(tx, {
    key: `reversal:${transactionId}`,
    kind: 'REVERSAL',
    sellerId: former.sellerId,
    effectiveOn,
    postings: former.postings.map(({ account, amountMinor }) => ({ account, amountMinor: -amountMinor })),
    reversesId: transactionId,
    requestedBy,
    reason,
  });
  const meanwhile = isRefusal(posted) ? posted.refused === 'LEDGER_EXISTS_OTHERWISE' : posted.existed;
  return meanwhile ? refuse('LEDGER_ALREADY_REVERSED', { transactionId }) : posted;
}

/** The same by one person alone. Refuses with LEDGER_REVERSAL_ELSEWHERE what another capability has posted, and as `reverseTransaction` does. */
export async function reverseAlone(tx: Tx, transactionId: number, reversal: Reversal): Promise<Posted | Refusal> {
  const former = await readTransaction(tx, transactionId);
  if (former !== undefined && former.reversesId === null && !mayReverseAlone(former.kind))
    return refuse('LEDGER_REVERSAL_ELSEWHERE', { transactionId, kind: former.kind, key: former.key });
  return reverseTransaction(tx, transactionId, reversal);
}
