/** Adds up the ledger again from its postings, check by check. */
import { type Db, forWholeDates, inSnapshot } from '../../infra/database.js';
import { readTrialBalances, type TrialBalance } from './stores/ledger-balance.js';
import {
  type CheckGroup,
  countLedger,
  type Differences,
  findDifferences,
  type LedgerDifference,
  type LedgerSize,
  OTHER_CHECKS,
  SUM_CHECKS,
  transactionChecks,
} from './stores/ledger-check.js';

export interface LedgerCheck {
  readonly name: string;
  readonly ok: boolean;
  /** The first place that differs; null: there is none. */
  readonly difference: LedgerDifference | null;
}

export interface LedgerVerification {
  readonly ok: boolean;
  readonly transactions: number;
  readonly postings: number;
  readonly checks: readonly LedgerCheck[];
  /** By currency. */
  readonly trialBalances: readonly TrialBalance[];
}

/**
 * Makes every check, even after one has found a difference. They are shared out to two connections, and each group of checks sees one consistent state. Fails with the
 * signal's reason when it aborts.
 * @param further checks of what others post to the ledger; they are reported last
 */
export async function verifyLedger(
  db: Db,
  signal: AbortSignal,
  further: readonly CheckGroup[] = [],
): Promise<LedgerVerification> {
  let size: LedgerSize = { transactions: 0, postings: 0 };
  let trialBalances: readonly TrialBalance[] = [];
  /** In the order in which they are reported. */
  const found: Differences[] = [];
  const left: ((view: Db) => Promise<void>)[] = [
    // What takes longest comes first, so that both connections end at about the same time.
    async (view) => {
      found[1] = await findDifferences(view, SUM_CHECKS);
    },
    async (view) => {
      size = await countLedger(view);
      found[0] = await findDifferences(view, transactionChecks(size));
    },
    ...further.map((group, at) => async (view: Db) => {
      found[3 + at] = await findDifferences(view, group);
    }),
    async (view) => {
      found[2] = await findDifferences(view, OTHER_CHECKS);
      trialBalances = await readTrialBalances(view);
    },
  ];
  const work = async (view: Db): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await next(view);
  };
  const whole = forWholeDates(db);
  await Promise.all([inSnapshot(whole, work, signal), inSnapshot(whole, work, signal)]);
  const checks = found
    .flatMap((differences) => [...differences])
    .map(([name, difference]) => ({ name, ok: difference === undefined, difference: difference ?? null }));
  return { ok: checks.every(({ ok }) => ok), ...size, checks, trialBalances };
}
