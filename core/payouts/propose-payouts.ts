/** Proposes the payouts of a date and claims their statements in the same transaction. */
import { databaseMoment, type Tx } from '../../infra/database.js';
import { faultPoint } from '../../infra/faults.js';
import { type Refusal, refuse } from '../../kernel/errors.js';
import { lockBalances } from '../ledger/stores/ledger-balance.js';
import { type Candidate, payCases } from './pay-cases.js';
import type { PayableAccount } from './stores/pay-case.js';
import { insertPayouts, type Maker, SCHEDULE } from './stores/payout.js';
import { recordPayoutEvents } from './stores/payout-event.js';

export interface Proposing {
  /** Business date. */
  readonly date: string;
  /** Who proposes; null: the schedule. */
  readonly maker: Maker | null;
  /** Null: no run of the job. */
  readonly runId: number | null;
}

export interface Proposed {
  readonly payoutId: number;
  readonly candidate: Candidate;
}

/**
 * Makes the payouts of these accounts, which are in the order of their ids: one for each that may be paid. A proposal at the same time waits for
 * the balances and then finds the statements claimed.
 */
export async function proposePayouts(
  tx: Tx,
  accounts: readonly PayableAccount[],
  proposing: Proposing,
): Promise<Proposed[]> {
  if (accounts.length === 0) return [];
  const balances = await lockBalances(
    tx,
    accounts.map(({ accountId }) => accountId),
  );
  const cases = await payCases(tx, accounts, proposing.date, balances);
  return makePayouts(
    tx,
    cases.filter(({ notPaid }) => notPaid === undefined),
    proposing,
  );
}

/**
 * Proposes the payout of one account after a preview. @param expected the hash of the preview; undefined accepts every content
 * @returns PAYOUT_NOT_DUE with the reason why nothing is paid; PAYOUT_MOVED with the current state, where the hash differs
 */
export async function proposeOne(
  tx: Tx,
  account: PayableAccount,
  proposing: Proposing,
  expected: string | undefined,
): Promise<Proposed | Refusal> {
  const balances = await lockBalances(tx, [account.accountId]);
  const [candidate] = await payCases(tx, [account], proposing.date, balances);
  const { sellerId, currency } = account;
  if (candidate === undefined) return refuse('PAYOUT_NOT_DUE', { sellerId, currency, reason: null });
  const { notPaid, hash, known, statements } = candidate;
  if (notPaid !== undefined) return refuse('PAYOUT_NOT_DUE', { sellerId, currency, ...notPaid });
  if (expected !== undefined && expected !== hash)
    return refuse('PAYOUT_MOVED', {
      ...{ expected, hash, amountMinor: String(known.amountMinor), bankAccountId: known.bankAccountId },
      statements: statements.map(({ statementId }) => statementId),
    });
  const [made] = await makePayouts(tx, [candidate], proposing);
  if (made === undefined) throw new Error(`no payout was made of account ${account.accountId}`);
  return made;
}

/** @param due each is paid, so it has a bank account and a hash */
async function makePayouts(tx: Tx, due: readonly Candidate[], { date, runId, maker }: Proposing): Promise<Proposed[]> {
  if (due.length === 0) return [];
  const payouts = due.map(({ sellerId, currency, known, hash, statements }) => {
    const { amountMinor, bankAccountId } = known;
    if (hash === null || bankAccountId === null) throw new Error(`${sellerId} has no bank account to be paid to`);
    const statementIds = statements.map(({ statementId }) => statementId);
    return { sellerId, currency, payoutOn: date, amountMinor, hash, runId, maker, bankAccountId, statementIds };
  });
  const proposedAt = await databaseMoment(tx);
  await faultPoint('payout.before-claim');
  const ids = await insertPayouts(tx, payouts, proposedAt);
  await faultPoint('payout.claimed');
  await recordPayoutEvents(
    tx,
    payouts.map(({ amountMinor, bankAccountId, hash, statementIds }, i) => ({
      ...{ payoutId: ids[i] as number, actor: maker?.name ?? SCHEDULE, action: 'propose' },
      ...{ from: null, to: 'CALCULATED' as const, attempt: 1, reason: '' },
      detail: { amountMinor: String(amountMinor), bankAccountId, hash, statementIds },
    })),
    proposedAt,
  );
  return due.map((candidate, i) => ({ payoutId: ids[i] as number, candidate }));
}
