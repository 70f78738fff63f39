/** Adds up the statements again from their contents, in one consistent view. */
import { type Db, forWholeDates, inSnapshot, select } from '../../infra/database.js';
import { sha256 } from '../../infra/sha256.js';
import { firstDifference, type LedgerDifference } from '../ledger/stores/ledger-check.js';
import type { LedgerCheck } from '../ledger/verify-ledger.js';
import { FIGURE_NAMES } from '../settlement/rules/figures.js';
import { canonicalStatement } from './rules/canonical.js';
import { collected, itemsOf, settlementsOf } from './statement-contents.js';
import { readStatementsAfter, type StatementHead } from './stores/statement.js';
import { STATEMENT_CHECKS } from './stores/statement-check.js';

export interface StatementVerification {
  readonly ok: boolean;
  readonly statements: number;
  readonly checks: readonly LedgerCheck[];
}

/** Makes every check, even after one has found a difference. Fails with the signal's reason when it aborts. */
export function verifyStatements(db: Db, signal: AbortSignal): Promise<StatementVerification> {
  return inSnapshot(
    forWholeDates(db),
    async (view) => {
      const checks: LedgerCheck[] = [];
      const add = (name: string, difference: LedgerDifference | null): void =>
        void checks.push({ name, ok: difference === null, difference });
      for (const check of STATEMENT_CHECKS) add(check.name, (await firstDifference(view, check)) ?? null);
      add('hashes', (await differingHash(view)) ?? null);
      const [count] = await select<{ statements: number }>(view, 'SELECT COUNT(*) AS statements FROM statement');
      return { ok: checks.every(({ ok }) => ok), statements: count?.statements ?? 0, checks };
    },
    signal,
  );
}

const STATEMENTS = 200;

/** The first statement whose hash is not that of its content. */
export async function differingHash(view: Db): Promise<LedgerDifference | undefined> {
  for (let after = 0; ; ) {
    const page = await readStatementsAfter(view, after, STATEMENTS);
    for (const head of page) {
      const hash = await hashOf(view, head);
      if (hash !== head.hash) return { place: `statement ${head.statementId}`, expected: hash, actual: head.hash };
    }
    const last = page.at(-1);
    if (last === undefined) return undefined;
    after = last.statementId;
  }
}

async function hashOf(view: Db, head: StatementHead): Promise<string> {
  const { statementId } = head;
  const settlements = await collected(settlementsOf(view, statementId));
  const items = await collected(itemsOf(view, statementId));
  const rows = settlements.map(({ figures, ...one }) => ({
    ...one,
    figures: FIGURE_NAMES.map((name) => figures[name].toString()),
  }));
  return sha256(canonicalStatement(head, rows, items));
}
