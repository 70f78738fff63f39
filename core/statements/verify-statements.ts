/** Adds up the statements again from their contents, in one consistent view. */
import { type Db, forWholeDates, inSnapshot, select } from '../../infra/database.js';
import { sha256 } from '../../infra/sha256.js';
import { firstDifference, type LedgerDifference } from '../ledger/stores/ledger-check.js';
import type { LedgerCheck } from '../ledger/verify-ledger.js';
import { canonicalStatement } from './rules/canonical.js';
import { type HashedContent, readHashedContent } from './stores/hashed-content.js';
import { readStatementsAfter } from './stores/statement.js';
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
    const contents = await readHashedContent(
      view,
      page.map(({ statementId }) => statementId),
    );
    for (const head of page) {
      const { settlements, items } = contents.get(head.statementId) as HashedContent;
      const hash = sha256(canonicalStatement(head, settlements, items));
      if (hash !== head.hash) return { place: `statement ${head.statementId}`, expected: hash, actual: head.hash };
    }
    const last = page.at(-1);
    if (last === undefined) return undefined;
    after = last.statementId;
  }
}
