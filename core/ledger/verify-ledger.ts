/** Adds up the ledger again from its postings, in one consistent view. */
import { type Db, forWholeDates, inSnapshot } from '../../infra/database.js';
import { readTrialBalances, type TrialBalance } from './stores/ledger-balance.js';
import { CHECKS, countLedger, firstDifference, type LedgerDifference } from './stores/ledger-check.js';

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

/** Makes every check, even after one has found a difference. Fails with the signal's reason when it aborts. */
export function verifyLedger(
  db: Db,
  signal: AbortSignal,
  further: readonly { readonly name: string; readonly sql: string }[] = [],
): Promise<LedgerVerification> {
  return inSnapshot(
    forWholeDates(db),
    async (view) => {
      const checks: LedgerCheck[] = [];
      for (const check of [...CHECKS, ...further]) {
        const difference = (await firstDifference(view, check)) ?? null;
        checks.push({ name: check.name, ok: difference === null, difference });
      }
      const ok = checks.every((check) => check.ok);
      return { ok, ...(await countLedger(view)), checks, trialBalances: await readTrialBalances(view) };
    },
    signal,
  );
}
