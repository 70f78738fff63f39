/** What is known of a transfer, and the steps that a result leads to. */

/**
 * `ORDERED`: in a file, or about to be sent. `AWAY`: a provider certainly does not have it. `UNKNOWN`: nobody knows. `VOID`: its file was given up.
 */
export const TRANSFER_STATES = ['ORDERED', 'AWAY', 'UNKNOWN', 'SENT', 'PAID', 'FAILED', 'RETURNED', 'VOID'] as const;
export type TransferState = (typeof TRANSFER_STATES)[number];

/** What a bank or a provider says in the end. */
export type FinalOutcome = 'paid' | 'failed' | 'returned';
export type ResultStep = 'pay' | 'fail' | 'return';

/** Nothing was heard of the transfer yet. */
const OPEN: readonly TransferState[] = ['ORDERED', 'AWAY', 'UNKNOWN', 'SENT'];

/**
 * The steps by which a transfer comes to an outcome; none: it is known already. Undefined: the outcome contradicts what is known, or the transfer must not have happened.
 * Money that came back was paid before.
 */
export function stepsTo(state: TransferState, outcome: FinalOutcome): readonly ResultStep[] | undefined {
  if (OPEN.includes(state))
    return { paid: ['pay'], failed: ['fail'], returned: ['pay', 'return'] }[outcome] as ResultStep[];
  if (state === 'PAID')
    return { paid: [], failed: undefined, returned: ['return'] }[outcome] as ResultStep[] | undefined;
  if (state === 'RETURNED') return outcome === 'failed' ? undefined : [];
  return state === 'FAILED' && outcome === 'failed' ? [] : undefined;
}
