/** Plans of statements on the database under test, for tests that each reads along a key, and the many rows without which a plan says nothing. */
import { change, type Db, select } from '../../infra/database.js';

/** A statement as the driver got it. */
export interface Statement {
  readonly sql: string;
  readonly bindings: readonly unknown[];
}

/** A table of a plan, with the statement. */
export interface PlanRow {
  readonly sql: string;
  readonly table: string | null;
  readonly type: string | null;
  readonly key: string | null;
  readonly Extra: string;
}

/** The statements of `work`. */
export async function statementsOf(db: Db, work: (db: Db) => Promise<unknown>): Promise<Statement[]> {
  const seen: Statement[] = [];
  const note = ({ sql, bindings }: Statement): void => void seen.push({ sql, bindings });
  db.on('query', note);
  try {
    await work(db);
  } finally {
    db.removeListener('query', note);
  }
  return seen;
}

/** The plan of a statement. Without the form, newer servers answer with a tree. */
export async function planOf(db: Db, { sql, bindings }: Statement): Promise<PlanRow[]> {
  const plan = await select<Omit<PlanRow, 'sql' | 'Extra'> & { readonly Extra: string | null }>(
    db,
    `EXPLAIN FORMAT=TRADITIONAL ${sql}`,
    bindings,
  );
  return plan.map((row) => ({ ...row, sql, Extra: row.Extra ?? '' }));
}

/** The plans of the statements of `work` that read or change rows. What finds that there is nothing to read is left out. */
export async function plansOf(db: Db, work: (db: Db) => Promise<unknown>): Promise<PlanRow[]> {
  const looking = (await statementsOf(db, work)).filter(({ sql }) => /^[\s(]*(SELECT|UPDATE|DELETE)/.test(sql));
  if (looking.length === 0) throw new Error('no statement reads or changes rows');
  const plans = await Promise.all(looking.map((statement) => planOf(db, statement)));
  return plans.flat().filter(({ Extra }) => !/impossible|no matching/i.test(Extra));
}

/** Inserts many rows: `INSERT … VALUES ?`. */
export async function insertMany(db: Db, sql: string, rows: readonly unknown[][]): Promise<void> {
  for (let from = 0; from < rows.length; from += 5_000) await change(db, sql, [rows.slice(from, from + 5_000)]);
}

/** So many rows, made from 1 on. */
export const rowsOf = (count: number, each: (n: number) => unknown[]): unknown[][] =>
  Array.from({ length: count }, (_, n) => each(n + 1));
