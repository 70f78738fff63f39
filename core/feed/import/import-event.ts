/** The events of file imports, recorded in the transaction that ends them. */
import type { Tx } from '../../../infra/database.js';
import { type ErrorCode, errors } from '../../../kernel/errors.js';
import { recordFeedEvents } from '../../event-feed/stores/feed-event.js';
import { readImport } from '../stores/feed-import.js';

/** Records the result of an import that has just ended. The synthetic feed is not an import of a file and has no event. */
export async function tellImport(tx: Tx, importId: number): Promise<void> {
  const record = await readImport(tx, importId);
  if (record === undefined || record.kind === 'seed') return;
  const { kind, source, status, rowsNew, rowsUnchanged, rowsRejected } = record;
  const file = { kind, source };
  if (status === 'COMPLETED') {
    const counts = { imported: rowsNew, unchanged: rowsUnchanged, rejected: rowsRejected };
    const data = { importId: null, feedImportId: importId, ...file, ...counts };
    return recordFeedEvents(tx, [{ type: 'import.completed', data }]);
  }
  if (status !== 'REFUSED')
    return recordFeedEvents(tx, [{ type: 'import.withdrawn', data: { feedImportId: importId, ...file } }]);
  const code = (record.errorCode ?? 'IMPORT_REJECTED') as ErrorCode;
  const data = { importId: null, ...file, code, message: errors[code].meaning };
  return recordFeedEvents(tx, [{ type: 'import.failed', data }]);
}
