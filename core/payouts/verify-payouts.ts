/** Compares payouts with their statements, their transfers, their history and the ledger, in one consistent view. */
import { type Db, forWholeDates, inSnapshot, select } from '../../infra/database.js';
import { firstDifference } from '../ledger/stores/ledger-check.js';
import type { LedgerCheck } from '../ledger/verify-ledger.js';
import { hashOf } from './payout-step.js';
import { listPayouts, readStatementsOf } from './stores/payout.js';
import { PAYOUT_CHECKS } from './stores/payout-check.js';

export interface PayoutVerification {
  readonly ok: boolean;
  readonly payouts: number;
  readonly checks: readonly LedgerCheck[];
}

/** Makes every check, even after one has found a difference. Fails with the signal's reason when it aborts. */
export function verifyPayouts(db: Db, signal: AbortSignal): Promise<PayoutVerification> {
  return inSnapshot(
    forWholeDates(db),
    async (view) => {
      const checks: LedgerCheck[] = [];
      for (const check of PAYOUT_CHECKS) {
        const difference = (await firstDifference(view, check)) ?? null;
        checks.push({ name: check.name, ok: difference === null, difference });
      }
      const difference = await differingHash(view);
      checks.push({ name: 'hashes', ok: difference === null, difference });
      const [count] = await select<{ payouts: number }>(view, 'SELECT COUNT(*) AS payouts FROM payout');
      return { ok: checks.every(({ ok }) => ok), payouts: count?.payouts ?? 0, checks };
    },
    signal,
  );
}

const PAGE = 500;

/** The first payout whose hash is not that of its content. */
async function differingHash(view: Db): Promise<LedgerCheck['difference']> {
  for (let after = 0; ; ) {
    const page = await listPayouts(view, { after }, PAGE);
    const claimed = await readStatementsOf(
      view,
      page.map(({ payoutId }) => payoutId),
    );
    for (const payout of page) {
      const statements = claimed.filter(({ payoutId }) => payoutId === payout.payoutId);
      const expected = hashOf(payout, statements);
      if (expected !== payout.hash) return { place: `payout ${payout.payoutId}`, expected, actual: payout.hash };
    }
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return null;
    after = last.payoutId;
  }
}
