/** The result of closing the statements of a date, whichever process did the work. */
import type { Run } from '../../../core/jobs/stores/run.js';
import { readWithoutTerms, type WithoutTerms } from '../../../core/statements/stores/payable-account.js';
import { type CurrencySum, sumStatementsOfRun } from '../../../core/statements/stores/statement.js';
import type { Db } from '../../../infra/database.js';

export interface CloseReport {
  readonly runId: number;
  readonly date: string;
  readonly statements: number;
  /** By currency, over all statements that the run has issued. */
  readonly sums: readonly CurrencySum[];
  /** Sellers who have no statement because they currently have no terms. */
  readonly withoutTerms: WithoutTerms;
}

export async function reportClose(db: Db, { runId, key }: Run): Promise<CloseReport> {
  const sums = await sumStatementsOfRun(db, runId);
  const statements = sums.reduce((total, one) => total + one.statements, 0);
  return { runId, date: key, statements, sums, withoutTerms: await readWithoutTerms(db) };
}
