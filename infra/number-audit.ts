/** Gives positions to the entries of the audit log that have none. A forward read of the log does so first. */
import { type Db, inTransaction } from './database.js';
import { hasUnnumberedAudit, numberAuditBatch } from './stores/audit-log.js';

const BATCH = 500;

export async function numberAudit(db: Db): Promise<void> {
  while (await hasUnnumberedAudit(db))
    if ((await inTransaction(db, (tx) => numberAuditBatch(tx, BATCH))) < BATCH) return;
}
