/** The content of a payout: its statements, their settlements and other transactions, and every line down to the certificate. */
import type { Db } from '../../infra/database.js';
import { found } from '../../kernel/outcome.js';
import { isPayout } from '../statements/rules/sums.js';
import { collected, itemsOf, settlementsOf } from '../statements/statement-contents.js';
import { type ClaimedStatement, type Payout, readPayout, readStatementsOf } from './stores/payout.js';
import { type PayoutEvent, readPayoutEvents } from './stores/payout-event.js';

export interface ExplainedStatement extends ClaimedStatement {
  readonly settlements: readonly {
    readonly settledOn: string;
    readonly generation: number;
    readonly sales: number;
    readonly refunds: number;
    readonly netMinor: bigint;
    /** The hash of its certificate. */
    readonly certificate: string | null;
  }[];
  /** Adjustments, reserves, clawbacks and everything else on the statement except payouts. */
  readonly items: readonly {
    readonly transactionId: number;
    readonly key: string;
    readonly kind: string;
    readonly effectiveOn: string;
    readonly reason: string;
    readonly amountMinor: bigint;
    readonly counts: boolean;
  }[];
}

export interface ExplainedPayout {
  readonly payout: Payout;
  readonly history: readonly PayoutEvent[];
  readonly statements: readonly ExplainedStatement[];
  /** Settlements and transactions add up to what each statement earned, and these to the amount. */
  readonly ok: boolean;
}

/** Throws PAYOUT_NOT_FOUND. */
export async function explainPayout(db: Db, payoutId: number): Promise<ExplainedPayout> {
  const payout = found(await readPayout(db, payoutId), 'PAYOUT_NOT_FOUND', { payoutId });
  const statements: ExplainedStatement[] = [];
  for (const claimed of await readStatementsOf(db, [payoutId])) {
    const { statementId } = claimed;
    const settlements = (await collected(settlementsOf(db, statementId))).map(
      ({ settledOn, generation, sales, refunds, figures: { net: netMinor }, certificate }) => ({
        ...{ settledOn, generation, sales, refunds, netMinor, certificate },
      }),
    );
    const items = (await collected(itemsOf(db, statementId))).map((item) => ({
      ...item,
      counts: !isPayout({ about: item.kind }),
    }));
    statements.push({ ...claimed, settlements, items });
  }
  const total = statements.reduce((sum, { earnedMinor }) => sum + earnedMinor, 0n);
  const ok = total === payout.amountMinor && statements.every((one) => addedUp(one) === one.earnedMinor);
  return { payout, history: await readPayoutEvents(db, payoutId), statements, ok };
}

function addedUp({ settlements, items }: ExplainedStatement): bigint {
  const settled = settlements.reduce((sum, { netMinor }) => sum + netMinor, 0n);
  return items.reduce((sum, { amountMinor, counts }) => (counts ? sum + amountMinor : sum), settled);
}
