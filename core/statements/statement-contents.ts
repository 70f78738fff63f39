/** The content of a statement row by row, read page by page, for documents and exports that show all of it. */
import type { Db } from '../../infra/database.js';
import type { Rows } from './rules/statement-rows.js';
import { type LineAfter, readStatementLines, type StatementLine } from './statement-lines.js';
import {
  type CertifiedSettlement,
  type KeyedItem,
  readStatementItems,
  readStatementSettlements,
  type SettlementAfter,
} from './stores/statement.js';

const PAGE = 1_000;

/** Its settlements, by date and generation. */
export async function* settlementsOf(db: Db, statementId: number): AsyncGenerator<CertifiedSettlement> {
  for (let after: SettlementAfter | undefined; ; ) {
    const page: CertifiedSettlement[] = await readStatementSettlements(db, statementId, after, PAGE);
    yield* page;
    after = page.at(-1);
    if (page.length < PAGE) return;
  }
}

/** Its other transactions, by id. */
export async function* itemsOf(db: Db, statementId: number): AsyncGenerator<KeyedItem> {
  for (let after = 0; ; ) {
    const page: KeyedItem[] = await readStatementItems(db, statementId, after, PAGE);
    yield* page;
    after = page.at(-1)?.transactionId ?? after;
    if (page.length < PAGE) return;
  }
}

/** Its lines, page by page; none is empty. Throws STATEMENT_NOT_FOUND. */
export async function* linePagesOf(db: Db, statementId: number): AsyncGenerator<StatementLine[]> {
  for (let after: LineAfter | undefined; ; ) {
    const page = await readStatementLines(db, statementId, after, PAGE);
    if (page.length > 0) yield page;
    after = page.at(-1)?.at;
    if (page.length < PAGE) return;
  }
}

/** All of them at once: there are few of a statement. */
export async function collected<Row>(rows: Rows<Row>): Promise<Row[]> {
  const all: Row[] = [];
  for await (const row of rows) all.push(row);
  return all;
}
