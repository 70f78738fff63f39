/**
 * Withdrawing a completed import. One transaction decides and gives the import the status of a withdrawal. From then on it is like an
 * unfinished one: its dates cannot be closed, no new refund refers to it, and another process continues a withdrawal whose process dies.
 */
import { randomUUID } from 'node:crypto';
import { type Db, inTransaction, type Tx } from '../../../infra/database.js';
import { recordAudit } from '../../../infra/stores/audit-log.js';
import type { OutagePatience } from '../../../infra/survive-outage.js';
import { isRefusal, MagamError } from '../../../kernel/errors.js';
import { found } from '../../../kernel/outcome.js';
import { lockCalendar } from '../stores/calendar.js';
import { countOpenEntries, findDependentRefund } from '../stores/entry.js';
import {
  findUnfinishedOthers,
  holdDates,
  type ImportRecord,
  lockImport,
  markWithdrawing,
  readImport,
} from '../stores/feed-import.js';
import { leaveImport } from './import-record.js';
import { abandonImport, withdrawImport } from './withdraw-import.js';

/**
 * Withdraws a completed import at the command line, or continues an interrupted withdrawal. Throws IMPORT_NOT_FOUND,
 * IMPORT_NOT_COMPLETED, DATE_CLOSED, IMPORT_HAS_DEPENDENTS, IMPORT_RUNNING.
 */
export async function withdrawCompletedImport(
  db: Db,
  importId: number,
  userName: string,
  patience: OutagePatience,
): Promise<ImportRecord> {
  const record = found(await readImport(db, importId), 'IMPORT_NOT_FOUND', { importId });
  if (record.status === 'ABANDONING' && record.completedAt !== null) return abandonImport(db, importId, patience);
  const owner = randomUUID();
  await inTransaction(db, async (tx) => {
    await beginWithdrawalOfCompleted(tx, importId, owner);
    await recordAudit(tx, {
      caller: null,
      userName,
      requestId: null,
      action: 'import.withdraw',
      subjectType: 'feed-import',
      subjectId: String(importId),
      before: { status: record.status, source: record.source, imported: record.rowsNew },
      after: { status: 'WITHDRAWN' },
    });
  });
  try {
    await withdrawImport(db, { importId, owner, patience }, 'WITHDRAWN', null);
  } catch (error) {
    await leaveImport(db, { importId, owner });
    throw error;
  }
  return found(await readImport(db, importId), 'IMPORT_NOT_FOUND', { importId });
}

/**
 * Decides that a completed import is withdrawn, by `owner`: none of its entries is settled on a date that is closed or being closed, no
 * other import's refund refers to it, and no unfinished import was checked against it. Throws IMPORT_NOT_FOUND, IMPORT_NOT_COMPLETED,
 * DATE_CLOSED, IMPORT_HAS_DEPENDENTS, IMPORT_RUNNING.
 */
export async function beginWithdrawalOfCompleted(tx: Tx, importId: number, owner: string): Promise<void> {
  const shutThrough = await lockCalendar(tx); // closing a date and registering an import take the same lock
  const record = found(await lockImport(tx, importId), 'IMPORT_NOT_FOUND', { importId });
  const { kind, status } = record;
  if (status !== 'COMPLETED' || kind === 'seed')
    throw new MagamError('IMPORT_NOT_COMPLETED', undefined, { importId, kind, status });
  const [other] = await findUnfinishedOthers(tx, importId);
  if (other !== undefined)
    throw new MagamError('IMPORT_RUNNING', 'Another import is unfinished; finish or abandon it first.', {
      importId,
      unfinishedImport: other,
    });
  const marked = await markWithdrawing(tx, importId, owner);
  if (isRefusal(marked)) throw new MagamError(marked.refused, undefined, { importId });
  const open = await countOpenEntries(tx, kind === 'lines' ? 'sale_entry' : 'refund_entry', importId, shutThrough);
  const dates = [...open.keys()];
  const closed = record.rowsNew - [...open.values()].reduce((sum, entries) => sum + entries, 0);
  if (closed !== 0)
    throw new MagamError('DATE_CLOSED', 'Entries of the import are on closed dates, so it cannot be withdrawn.', {
      importId,
      closedEntries: closed,
      closedThrough: shutThrough,
    });
  const refundId = await findDependentRefund(tx, importId, dates);
  if (refundId !== undefined)
    throw new MagamError(
      'IMPORT_HAS_DEPENDENTS',
      'A refund of another import rests on this one: withdraw that first.',
      {
        importId,
        refundId,
      },
    );
  await holdDates(tx, importId, dates);
}
