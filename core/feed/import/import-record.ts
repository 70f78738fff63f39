/**
 * The life of an import record: it is found, registered, taken over, moved on with every batch, and finished. Whatever dies in between,
 * the same work finds its record again, and a process that wakes up too late finds that the record is no longer its own.
 */
import { randomUUID } from 'node:crypto';
import { type Db, inTransaction, pause, type Tx } from '../../../infra/database.js';
import { isConnectionLost } from '../../../infra/database-errors.js';
import { faultPoint } from '../../../infra/faults.js';
import { type OutagePatience, survivingOutage } from '../../../infra/survive-outage.js';
import { isRefusal, MagamError } from '../../../kernel/errors.js';
import { ensureDates, lockCalendar, shareDates } from '../stores/calendar.js';
import {
  advanceImport,
  countWithdrawals,
  findUnfinishedImport,
  finishImport,
  holdDates,
  type ImportCounts,
  type ImportRecord,
  insertImport,
  lockImport,
  type NewImport,
  readImport,
  recount,
  releaseImport,
  takeOverImport,
} from '../stores/feed-import.js';
import { tellImport } from './import-event.js';

/** An import that this process works on. */
export interface OpenImport {
  readonly importId: number;
  readonly owner: string;
  /** Rows of the source that are done, in its order. */
  rowsDone: number;
  readonly lateOn: string | null;
  /** How long the import waits for a database that is away, locked or takes no writes. */
  readonly patience: OutagePatience;
  /** A background task carries the import out and reports its end. */
  readonly ofTask: boolean;
}

/**
 * The unfinished import of this work whose writer is dead, or undefined. A writer that was just killed looks alive until its
 * lease ends, so this waits for that. Throws IMPORT_RUNNING when the writer shows a sign of life.
 */
export async function findInterruptedImport(db: Db, fingerprint: string): Promise<ImportRecord | undefined> {
  const found = await findUnfinishedImport(db, fingerprint);
  return found === undefined ? undefined : waitForLease(db, found);
}

/** Waits until the lease of an unfinished import ends; undefined when the import ended meanwhile. Throws IMPORT_RUNNING. */
export async function waitForLease(db: Db, found: ImportRecord): Promise<ImportRecord | undefined> {
  for (let record: ImportRecord | undefined = found; ; record = await readImport(db, found.importId)) {
    if (record === undefined || !['RUNNING', 'ABANDONING'].includes(record.status)) return undefined;
    if (record.leaseUntil !== found.leaseUntil || record.owner !== found.owner) throw runningElsewhere(record);
    if (record.leaseExpired) return record;
    await pause(200);
  }
}

const runningElsewhere = ({ importId, host, rowsDone }: ImportRecord): MagamError =>
  new MagamError('IMPORT_RUNNING', undefined, { importId, host, rowsDone });

/** What to register, and the number of withdrawn imports when it was checked. */
type Work = Omit<NewImport, 'owner'> & { readonly withdrawals?: number; readonly ofTask?: boolean };

/**
 * Registers new work, or takes over the `interrupted` import of it, with the dates it will write to: from here on nobody
 * closes them. Returns undefined when one of the dates was closed, or an import was withdrawn, since the file was checked: a row
 * that was unchanged then may be gone. The caller checks the file again.
 */
export async function openImport(
  db: Db,
  work: Work,
  dates: readonly string[],
  interrupted: ImportRecord | undefined,
  patience: OutagePatience,
): Promise<OpenImport | undefined> {
  const owner = randomUUID();
  await survivingOutage(patience, () => ensureDates(db, dates));
  const opened = await survivingOutage(patience, () =>
    inTransaction(db, (tx) => register(tx, work, owner, dates, interrupted)),
  );
  await faultPoint('import.registered');
  return opened && { ...opened, patience, ofTask: work.ofTask ?? false };
}

async function register(
  tx: Tx,
  work: Work,
  owner: string,
  dates: readonly string[],
  interrupted: ImportRecord | undefined,
): Promise<Omit<OpenImport, 'patience' | 'ofTask'> | undefined> {
  const shutThrough = await lockCalendar(tx); // closing a date takes the same lock
  if (shutThrough !== null && dates.some((date) => date <= shutThrough)) return undefined;
  if (work.withdrawals !== undefined && (await countWithdrawals(tx)) !== work.withdrawals) return undefined;
  if (interrupted === undefined) {
    const inserted = await insertImport(tx, { ...work, owner });
    const importId = isRefusal(inserted) ? await ownRegistration(tx, work.fingerprint, owner) : inserted;
    await holdDates(tx, importId, dates);
    return { importId, owner, rowsDone: 0, lateOn: work.lateOn };
  }
  const { importId } = interrupted;
  await takeOverImport(tx, importId, interrupted.owner, owner);
  const taken = await lockImport(tx, importId);
  if (taken?.owner !== owner || taken.status !== 'RUNNING') throw runningElsewhere(interrupted);
  await recount(tx, importId, work);
  await holdDates(tx, importId, dates);
  return { importId, owner, rowsDone: taken.rowsDone, lateOn: taken.lateOn ?? work.lateOn };
}

/** The import of this work that is registered already: by this writer, when the answer to its COMMIT was lost. Throws IMPORT_RUNNING. */
async function ownRegistration(tx: Tx, fingerprint: string, owner: string): Promise<number> {
  const registered = await findUnfinishedImport(tx, fingerprint);
  if (registered === undefined) throw new Error('the refused insert holds a lock on what it met');
  if (registered.owner !== owner) throw runningElsewhere(registered);
  return registered.importId;
}

/** One step of an import: rows `from` to `to` of the source (exclusive), the dates it writes to, and the work on the rows. */
export interface Batch extends ImportCounts {
  readonly from: number;
  readonly to: number;
  readonly dates: readonly string[];
}

/**
 * Writes a batch and moves the record on, in one transaction that begins with the writers' lock on the batch's dates. A COMMIT
 * whose answer was lost is looked up; an outage is waited for. Throws IMPORT_TAKEN_OVER, and what `write` throws.
 *
 * With `turn`, batches may be written at the same time and are committed one after the other, so that `rowsDone` stays the
 * end of an unbroken run of rows.
 */
export async function writeBatch(
  db: Db,
  open: OpenImport,
  batch: Batch,
  write: (tx: Tx) => Promise<void>,
  turn?: Promise<void>,
): Promise<void> {
  const transaction = (tx: Tx): Promise<void> => writeFenced(tx, open, batch, write, turn);
  const attempt = async (): Promise<void> => {
    try {
      await inTransaction(db, transaction);
    } catch (error) {
      if (!(error instanceof TurnMissed)) throw error;
      await turn;
      await inTransaction(db, transaction);
    }
  };
  await survivingOutage(open.patience, async () => {
    try {
      await attempt();
    } catch (error) {
      if (!isConnectionLost(error)) throw error;
      await turn;
      if (!(await survivingOutage(open.patience, () => wasCommitted(db, open, batch)))) throw error; // tried again from the start
    }
  });
  open.rowsDone = batch.to;
  await faultPoint('import.after-commit');
}

/**
 * The batch before may be waiting for a lock of this one: the index entries of deleted rows, until they are purged, let an
 * insert lock the gap beside it, where the neighbour's last key belongs. No server detects that deadlock, so this batch gives way.
 */
class TurnMissed extends Error {}
const TURN_WAIT_MS = 3_000;

async function writeFenced(
  tx: Tx,
  open: OpenImport,
  batch: Batch,
  write: (tx: Tx) => Promise<void>,
  turn: Promise<void> | undefined,
): Promise<void> {
  const fence = async (): Promise<void> => {
    if (!(await advanceImport(tx, open.importId, open.owner, batch))) throw takenOver(open);
  };
  const statuses = batch.dates.length === 0 ? new Map() : await shareDates(tx, batch.dates);
  const shut = batch.dates.filter((date) => statuses.get(date) !== 'OPEN');
  if (shut.length > 0) throw new MagamError('DATE_CLOSED', undefined, { dates: shut });
  if (turn === undefined) await fence();
  await write(tx);
  if (turn !== undefined) {
    await orMissed(turn);
    await fence();
  }
  await faultPoint('import.before-commit');
}

async function orMissed(turn: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const missed = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new TurnMissed()), TURN_WAIT_MS);
  });
  await Promise.race([turn, missed]).finally(() => clearTimeout(timer));
}

/** Whether a batch whose COMMIT was not answered is in the database. The lock waits for a commit that is still in flight. */
async function wasCommitted(db: Db, open: OpenImport, batch: Batch): Promise<boolean> {
  const record = await inTransaction(db, (tx) => lockImport(tx, open.importId));
  if (record?.owner !== open.owner || record.status !== 'RUNNING') throw takenOver(open);
  if (record.rowsDone === batch.to) return true;
  if (record.rowsDone === batch.from) return false;
  throw takenOver(open);
}

export const takenOver = ({ importId }: Pick<OpenImport, 'importId'>): MagamError =>
  new MagamError('IMPORT_TAKEN_OVER', undefined, { importId });

/** Ends an import whose rows are all done, and releases its dates. */
export async function completeImport(db: Db, open: OpenImport): Promise<void> {
  await faultPoint('import.before-complete');
  await survivingOutage(open.patience, async () => {
    const finished = await inTransaction(db, async (tx) => {
      if (!(await finishImport(tx, open.importId, open.owner, 'RUNNING', 'COMPLETED'))) return false;
      if (!open.ofTask) await tellImport(tx, open.importId);
      return true;
    });
    if (finished) return;
    const record = await readImport(db, open.importId); // the answer to an earlier COMMIT may have been lost
    if (record?.owner !== open.owner || record.status !== 'COMPLETED') throw takenOver(open);
  });
}

/** Lets the same command, typed again, continue without waiting for the lease. If the database is away, it has to wait. */
export async function leaveImport(db: Db, open: Pick<OpenImport, 'importId' | 'owner'>): Promise<void> {
  await releaseImport(db, open.importId, open.owner).catch(() => undefined);
}
