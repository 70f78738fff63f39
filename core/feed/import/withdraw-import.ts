/** Withdrawing an import: what it wrote is deleted again, in batches, resumable after any crash. */
import { randomUUID } from 'node:crypto';
import { type Db, inTransaction, type Tx } from '../../../infra/database.js';
import { faultPoint } from '../../../infra/faults.js';
import { type OutagePatience, survivingOutage } from '../../../infra/survive-outage.js';
import { type ErrorCode, MagamError } from '../../../kernel/errors.js';
import { found } from '../../../kernel/outcome.js';
import { shareDates } from '../stores/calendar.js';
import { deleteImported, findDependentRefund } from '../stores/entry.js';
import {
  finishImport,
  heldDates,
  type ImportRecord,
  lockImport,
  markAbandoning,
  readImport,
  renewImport,
  takeOverImport,
} from '../stores/feed-import.js';
import { tellImport } from './import-event.js';
import { leaveImport, type OpenImport, takenOver, waitForLease } from './import-record.js';

type Owned = Pick<OpenImport, 'importId' | 'owner' | 'patience'> & Partial<Pick<OpenImport, 'ofTask'>>;

/** Entry ids read per transaction. */
const WINDOW_IDS = 5_000;

/**
 * Withdraws an import that is unfinished, or whose withdrawal is unfinished, and whose writer is dead (it waits until the lease has ended to know that). Throws
 * IMPORT_NOT_FOUND, IMPORT_NOT_OPEN, IMPORT_RUNNING, IMPORT_HAS_DEPENDENTS.
 */
export async function abandonImport(db: Db, importId: number, patience: OutagePatience): Promise<ImportRecord> {
  const dead = await waitForLease(db, found(await readImport(db, importId), 'IMPORT_NOT_FOUND', { importId }));
  if (dead === undefined)
    throw new MagamError('IMPORT_NOT_OPEN', undefined, { importId, status: (await readImport(db, importId))?.status });
  const owner = randomUUID();
  await survivingOutage(patience, () => inTransaction(db, (tx) => takeOverImport(tx, importId, dead.owner, owner)));
  const taken = await readImport(db, importId);
  if (taken?.owner !== owner) throw new MagamError('IMPORT_RUNNING', undefined, { importId });
  try {
    await withdrawImport(
      db,
      { importId, owner, patience },
      dead.completedAt === null ? 'ABANDONED' : 'WITHDRAWN',
      null,
    );
  } catch (error) {
    await leaveImport(db, { importId, owner });
    throw error;
  }
  return found(await readImport(db, importId), 'IMPORT_NOT_FOUND', { importId });
}

/** Withdraws an import that this process owns. Throws IMPORT_HAS_DEPENDENTS, with nothing changed, and IMPORT_TAKEN_OVER. */
export async function withdrawImport(
  db: Db,
  open: Owned,
  end: 'ABANDONED' | 'REFUSED' | 'WITHDRAWN',
  errorCode: ErrorCode | null,
): Promise<void> {
  await survivingOutage(open.patience, () => inTransaction(db, (tx) => beginWithdrawal(tx, open, errorCode)));
  const dates = await survivingOutage(open.patience, () => heldDates(db, open.importId));
  // Refunds go before sales, so that no refund is ever without its sale.
  for (const table of ['refund_entry', 'sale_entry'] as const) {
    for (const date of dates) {
      for (let afterId: number | null = 0; afterId !== null; ) {
        const from: number = afterId;
        afterId = await survivingOutage(open.patience, () =>
          inTransaction(db, async (tx) => {
            await shareDates(tx, [date]);
            if (!(await renewImport(tx, open.importId, open.owner, 'ABANDONING'))) throw takenOver(open);
            return deleteImported(tx, table, open.importId, date, from, WINDOW_IDS);
          }),
        );
        await faultPoint('abandon.batch');
      }
    }
  }
  await survivingOutage(open.patience, () =>
    inTransaction(db, async (tx) => {
      if (await finishImport(tx, open.importId, open.owner, 'ABANDONING', end)) {
        if (end !== 'REFUSED' || open.ofTask !== true) await tellImport(tx, open.importId);
        return;
      }
      const record = await lockImport(tx, open.importId); // the answer to an earlier COMMIT may have been lost
      if (record?.owner !== open.owner || record.status !== end) throw takenOver(open);
    }),
  );
}

/**
 * From this commit on nobody accepts a refund of the import's sales: writers of refunds share its record, for which the update
 * waits, and check its status.
 */
async function beginWithdrawal(tx: Tx, open: Owned, errorCode: ErrorCode | null): Promise<void> {
  if (!(await markAbandoning(tx, open.importId, open.owner, errorCode))) throw takenOver(open);
  const refundId = await findDependentRefund(tx, open.importId, await heldDates(tx, open.importId));
  if (refundId === undefined) return;
  throw new MagamError('IMPORT_HAS_DEPENDENTS', undefined, { importId: open.importId, refundId });
}
