/** Exports an issued statement as one of its documents. */
import { type Db, inSnapshot } from '../../infra/database.js';
import { found } from '../../kernel/outcome.js';
import { readSeller } from '../accounts/stores/seller.js';
import type { Sink } from '../settlement/export-rows.js';
import type { StatementDocument } from './documents/statement-document.js';
import { type DocumentForm, writeStatementDocument } from './documents/write-document.js';
import type { NotPaidReason } from './rules/not-paid.js';
import type { Statement } from './rules/statement.js';
import { readStatementContent, streamStatementItems, streamStatementSettlements } from './stores/statement-content.js';

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
    const statement = found(await readStatementContent(snapshot, statementId), 'STATEMENT_NOT_FOUND', {
      statementId,
    });
    const seller = await readSeller(snapshot, statement.sellerId);
    const document: StatementDocument = {
      statement,
      platform,
      seller: seller === undefined ? null : { name: seller.name, businessNumber: seller.businessNumber },
      notPaid: await whyNotPaid(snapshot, statement),
      settlements: streamStatementSettlements(snapshot, statementId),
      items: streamStatementItems(snapshot, statementId),
    };
    await writeStatementDocument(document, form, sink);
  });
}
