/** Exports an issued statement as one of its documents. */
import { type Db, inSnapshot } from '../../infra/database.js';
import { found } from '../../kernel/outcome.js';
import { readSeller } from '../accounts/stores/seller.js';
import type { Sink } from '../settlement/export-rows.js';
import type { StatementDocument } from './documents/statement-document.js';
import { type DocumentForm, writeStatementDocument } from './documents/write-document.js';
import type { NotPaidReason } from './rules/not-paid.js';
import type { Statement } from './rules/statement.js';
import type { StatementItem, StatementSettlement } from './rules/statement-rows.js';
import {
  readStatement,
  readStatementItems,
  readStatementSettlements,
  type SettlementAfter,
} from './stores/statement.js';

/** Why the money of a statement is not paid; null: it is paid, or on its way. */
type WhyNotPaid = (db: Db, statement: Statement) => Promise<NotPaidReason | null>;

export interface StatementExport {
  readonly statementId: number;
  readonly platform: StatementDocument['platform'];
  readonly form: DocumentForm;
  readonly whyNotPaid: WhyNotPaid;
}

/** Writes a statement in one consistent view. Throws STATEMENT_NOT_FOUND. */
export async function exportStatement(
  db: Db,
  { statementId, platform, form, whyNotPaid }: StatementExport,
  sink: Sink,
): Promise<void> {
  await inSnapshot(db, async (snapshot) => {
    const statement = found(await readStatement(snapshot, statementId), 'STATEMENT_NOT_FOUND', {
      statementId,
    });
    const seller = await readSeller(snapshot, statement.sellerId);
    const document: StatementDocument = {
      statement,
      platform,
      seller: seller === undefined ? null : { name: seller.name, businessNumber: seller.businessNumber },
      notPaid: await whyNotPaid(snapshot, statement),
      settlements: settlementsOf(snapshot, statementId),
      items: itemsOf(snapshot, statementId),
    };
    await writeStatementDocument(document, form, sink);
  });
}

const PAGE = 500;

async function* settlementsOf(db: Db, statementId: number): AsyncGenerator<StatementSettlement> {
  let after: SettlementAfter | undefined;
  do {
    const page: StatementSettlement[] = await readStatementSettlements(db, statementId, after, PAGE);
    yield* page;
    after = page.length < PAGE ? undefined : page.at(-1);
  } while (after !== undefined);
}

async function* itemsOf(db: Db, statementId: number): AsyncGenerator<StatementItem> {
  let after: number | undefined = 0;
  while (after !== undefined) {
    const page: StatementItem[] = await readStatementItems(db, statementId, after, PAGE);
    yield* page;
    after = page.length < PAGE ? undefined : page.at(-1)?.transactionId;
  }
}
