/** Adds up the ledger again from its postings, check by check. */
import { type Db, forWholeDates, inSnapshot } from '../../infra/database.js';
import { readTrialBalances, type TrialBalance } from './stores/ledger-balance.js';
import {
  CHECK_GROUPS,
  type CheckGroup,
  type CheckQuery,
  countLedger,
  findDifferences,
  type LedgerDifference,
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
 * Makes every check, even after one has found a difference. They are shared out to two connections: each check sees one consistent state, and what is counted and the trial
 * balance see that of the second one. Fails with the signal's reason when it aborts.
 */
export async function verifyLedger(
  db: Db,
  signal: AbortSignal,
  further: readonly CheckQuery[] = [],
): Promise<LedgerVerification> {
  const groups: readonly CheckGroup[] = [...CHECK_GROUPS, { looks: [], checks: further }];
  const whole = forWholeDates(db);
  const differencesOf = async (view: Db, which: readonly CheckGroup[]) => {
    const found: [string, LedgerDifference | undefined][] = [];
    for (const group of which) found.push(...(await findDifferences(view, group)));
    return found;
  };
  const [first, second] = await Promise.all([
    inSnapshot(whole, (view) => differencesOf(view, groups.slice(0, 1)), signal),
    inSnapshot(
      whole,
      async (view) => ({
        differences: await differencesOf(view, groups.slice(1)),
        ...(await countLedger(view)),
        trialBalances: await readTrialBalances(view),
      }),
      signal,
    ),
  ]);
  const { differences, ...rest } = second;
  const checks = [...first, ...differences].map(([name, difference]) => ({
    ...{ name, ok: difference === undefined, difference: difference ?? null },
  }));
  return { ok: checks.every(({ ok }) => ok), ...rest, checks };
}
