/** The content of a payout: its statements, their settlements and other transactions, and every line down to the certificate. */
import type { Db } from '../../infra/database.js';
import { found } from '../../kernel/outcome.js';
import { isPayout } from '../statements/rules/sums.js';
import { type LineAfter, readStatementLines, type StatementLine } from '../statements/statement-lines.js';
import { readStatementItems, readStatementSettlements } from '../statements/stores/statement.js';
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

const PAGE = 1_000;

/** Throws PAYOUT_NOT_FOUND. */
export async function explainPayout(db: Db, payoutId: number): Promise<ExplainedPayout> {
  const payout = found(await readPayout(db, payoutId), 'PAYOUT_NOT_FOUND', { payoutId });
  const statements: ExplainedStatement[] = [];
  for (const claimed of await readStatementsOf(db, [payoutId])) {
    const settlements = await settlementsOf(db, claimed.statementId);
    statements.push({ ...claimed, settlements, items: await itemsOf(db, claimed.statementId) });
  }
  const total = statements.reduce((sum, { earnedMinor }) => sum + earnedMinor, 0n);
  const ok = total === payout.amountMinor && statements.every((one) => addedUp(one) === one.earnedMinor);
  return { payout, history: await readPayoutEvents(db, payoutId), statements, ok };
}

function addedUp({ settlements, items }: ExplainedStatement): bigint {
  const settled = settlements.reduce((sum, { netMinor }) => sum + netMinor, 0n);
  return items.reduce((sum, { amountMinor, counts }) => (counts ? sum + amountMinor : sum), settled);
}

async function settlementsOf(db: Db, statementId: number): Promise<ExplainedStatement['settlements']> {
  const all: ExplainedStatement['settlements'][number][] = [];
  for (let after: { settledOn: string; generation: number } | undefined; ; ) {
    const page = await readStatementSettlements(db, statementId, after, PAGE);
    for (const { settledOn, generation, sales, refunds, figures, certificate } of page)
      all.push({ settledOn, generation, sales, refunds, netMinor: figures.net, certificate });
    after = page.at(-1);
    if (page.length < PAGE) return all;
  }
}

async function itemsOf(db: Db, statementId: number): Promise<ExplainedStatement['items']> {
  const all: ExplainedStatement['items'][number][] = [];
  for (let after = 0; ; ) {
    const page = await readStatementItems(db, statementId, after, PAGE);
    all.push(...page.map((item) => ({ ...item, counts: !isPayout({ about: item.kind }) })));
    after = page.at(-1)?.transactionId ?? after;
    if (page.length < PAGE) return all;
  }
}

/** The lines of a statement, page by page. */
export async function* linesOfStatement(db: Db, statementId: number): AsyncGenerator<StatementLine[]> {
  for (let after: LineAfter | undefined; ; ) {
    const page = await readStatementLines(db, statementId, after, PAGE);
    if (page.length > 0) yield page;
    after = page.at(-1)?.at;
    if (page.length < PAGE) return;
  }
}
