/** Exports a statement, or its draft as if its period closed now, as one of its documents. */

import { type Db, inSnapshot } from '../../infra/database.js';
import { found } from '../../kernel/outcome.js';
import { readSeller } from '../accounts/stores/seller.js';
import type { Sink } from '../settlement/export-rows.js';
import type { StatementDocument } from './documents/statement-document.js';
import { type DocumentForm, writeStatementDocument } from './documents/write-document.js';
import { type PreviewAsk, previewIn } from './preview.js';
import type { NotPaidReason } from './rules/not-paid.js';
import type { Statement } from './rules/statement.js';
import { contentOf } from './rules/sums.js';
import { itemsOf, settlementsOf } from './statement-contents.js';
import { readReasons } from './stores/open-items.js';
import { readStatement } from './stores/statement.js';

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
    const document: StatementDocument = {
      statement,
      platform,
      seller: await namedSeller(snapshot, statement.sellerId),
      notPaid: await whyNotPaid(snapshot, statement),
      settlements: settlementsOf(snapshot, statementId),
      items: itemsOf(snapshot, statementId),
    };
    await writeStatementDocument(document, form, sink);
  });
}

async function namedSeller(view: Db, sellerId: string): Promise<StatementDocument['seller']> {
  const seller = await readSeller(view, sellerId);
  return seller === undefined ? null : { name: seller.name, businessNumber: seller.businessNumber };
}

export interface DraftExport extends PreviewAsk, Pick<StatementExport, 'platform' | 'form'> {
  readonly currency: string;
}

/**
 * Writes the draft of the period that a date belongs to, in one consistent view. Nothing is stored. Throws STATEMENT_NOT_FOUND where closing the period now would make no
 * statement in the currency, and what a preview throws.
 */
export async function exportDraft(
  db: Db,
  { currency, platform, form, ...asked }: DraftExport,
  sink: Sink,
): Promise<void> {
  await inSnapshot(db, async (view) => {
    const previews = await previewIn(view, asked);
    const { sellerId, at } = asked;
    const preview = previews.find(
      ({ statement: it }) => it.currency === currency && it.periodFrom <= at && at <= it.closesOn,
    );
    const { statement, draft } = found(preview, 'STATEMENT_NOT_FOUND', { sellerId, currency, at });
    const reasons = await readReasons(
      view,
      draft.items.map(({ transactionId }) => transactionId),
    );
    const document: StatementDocument = {
      ...{ statement, platform, notPaid: null, seller: await namedSeller(view, sellerId) },
      settlements: draft.settlements.map(contentOf),
      items: [
        ...draft.items.map((one) => ({ ...one, reason: reasons.get(one.transactionId) ?? '' })),
        ...draft.newItems.map(({ kind, amountMinor }) => ({
          ...{ transactionId: null, effectiveOn: statement.closesOn, kind, reason: '', amountMinor },
        })),
      ],
    };
    await writeStatementDocument(document, form, sink);
  });
}
