/** Runs of the job that proposes payouts: who requested them, and what they proposed. */
import { type Db, select } from '../../../infra/database.js';

/** Who requested a run or continued it; the latest first. */
export const readRequesters = async (db: Db, runId: number): Promise<string[]> =>
  (
    await select<{ name: string }>(
      db,
      'SELECT requested_by AS name FROM job_execution WHERE run_id = ? ORDER BY execution_id DESC LIMIT 100',
      [runId],
    )
  ).map(({ name }) => name);

export interface ProposalSum {
  readonly currency: string;
  readonly payouts: number;
  /** Minor units. */
  readonly amountMinor: bigint;
}

/** The amounts that a run has proposed, by currency. */
export async function sumProposed(db: Db, runId: number): Promise<ProposalSum[]> {
  const rows = await select<{ currency: string; payouts: number; amount: string }>(
    db,
    `SELECT currency, COUNT(*) AS payouts, SUM(amount_minor) AS amount FROM payout FORCE INDEX (payout_run) WHERE run_id = ?
     GROUP BY currency ORDER BY currency`,
    [runId],
  );
  return rows.map(({ currency, payouts, amount }) => ({
    currency,
    payouts: Number(payouts),
    amountMinor: BigInt(amount),
  }));
}
