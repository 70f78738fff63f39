/** The entries that commands write to the audit log. */
import type { Config } from '../infra/config.js';
import { type Db, inTransaction, type Tx } from '../infra/database.js';
import { isAccessDenied, isWriteRefused } from '../infra/database-errors.js';
import { recordAudit } from '../infra/stores/audit-log.js';
import type { AuditSubject } from '../kernel/audit-subject.js';
import { note } from './output.js';

export interface CommandEntry {
  /** The action, such as `date.verify`. */
  readonly action: string;
  readonly subject: readonly [type: AuditSubject, id: string];
  readonly before?: unknown;
  readonly after: unknown;
}

/** Appends an entry, in the transaction of the change. */
export const auditIn = (
  tx: Tx,
  { userName }: Config,
  { action, subject, before, after }: CommandEntry,
): Promise<void> =>
  recordAudit(tx, {
    caller: null,
    userName,
    requestId: null,
    action,
    subjectType: subject[0],
    subjectId: subject[1],
    before: before ?? null,
    after,
  });

/**
 * Appends an entry about a command that changes nothing. Such a command may also run on a copy that takes no writes, or with an account that may only read: then its result is
 * still valid, and a notice says that it was not recorded.
 */
export async function auditCommand(db: Db, config: Config, entry: CommandEntry): Promise<void> {
  try {
    await inTransaction(db, (tx) => auditIn(tx, config, entry));
  } catch (error) {
    if (!isWriteRefused(error) && !isAccessDenied(error)) throw error;
    note('Not recorded in the audit log: the database does not accept writes from this account.');
  }
}
