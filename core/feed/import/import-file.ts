/**
 * The import of one file, from the first byte to the completed record: it checks the file and every row, registers, writes
 * and completes. A file with bad rows changes nothing; the same call continues a killed import.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Db } from '../../../infra/database.js';
import { isOutage } from '../../../infra/database-errors.js';
import { faultPoint } from '../../../infra/faults.js';
import type { RowWriter } from '../../../infra/stores/row-writer.js';
import { type OutagePatience, survivingOutage } from '../../../infra/survive-outage.js';
import { MagamError } from '../../../kernel/errors.js';
import type { StoredPolicy } from '../../policies/rules/policy-book.js';
import type { RefundEntry, SaleEntry } from '../rules/entry.js';
import { nextOpenDate } from '../rules/entry.js';
import { readShutThrough } from '../stores/calendar.js';
import { countWithdrawals, findUnfinishedImport, type ImportRecord } from '../stores/feed-import.js';
import { type CheckedFile, type CheckOptions, checkFile } from './check-file.js';
import { parseMapping } from './columns.js';
import { hashOfFile, inspectCsvFile } from './csv-file.js';
import { type FeedKind, refundKind, saleKind } from './feed-kind.js';
import { completeImport, findInterruptedImport, leaveImport, type OpenImport, openImport } from './import-record.js';
import type { Races } from './row-batch.js';
import { type RowFault, requireWritable, writeRejects } from './row-faults.js';
import { textDecoder } from './text-decoder.js';
import type { Understood } from './understood.js';
import { abandonImport, withdrawImport } from './withdraw-import.js';
import { writeFile } from './write-file.js';

export interface ImportRequest {
  readonly kind: 'lines' | 'refunds';
  readonly file: string;
  readonly mappingFile: string | null;
  readonly encoding: string;
  /** The zone of time stamps without an offset. */
  readonly timeZone: string;
  readonly platformTimeZone: string;
  readonly skipRejects: boolean;
  readonly rejectsFile: string | null;
  /** Entries of closed dates are settled on the first date that is not closed. */
  readonly late: boolean;
  /** Only checks the file: nothing is written but the rejects file. */
  readonly dryRun: boolean;
  readonly requestedBy: string;
  /** The current fee policies, for counting the lines that none covers. */
  readonly policies: readonly StoredPolicy[];
  /** How long a thread may take to read half a megabyte of the file (ms). */
  readonly deadlineMs: number;
  /** How long the import waits for a database that is away, locked or takes no writes (ms). */
  readonly outageMs: number;
  /** How sales are written: `auto` takes the fastest way that the server allows. */
  readonly writer: RowWriter | 'auto';
  /** The name of the file in the import's record; by default that of `file`. */
  readonly sourceName?: string;
  /** A background task carries the import out and reports its end. */
  readonly ofTask?: boolean;
  /** Called before anything is registered. The fingerprint finds the import's record, whatever dies afterwards. */
  readonly onFingerprint?: (fingerprint: string) => Promise<void>;
  readonly signal: AbortSignal;
  readonly onProgress: (stage: 'Checking' | 'Importing', done: number, total?: number) => void;
  /** Called while the database is away and work is tried again, and with undefined when it is back. */
  readonly onOutage?: OutagePatience['onOutage'];
}

export interface ImportResult {
  /** Null after a dry run. */
  readonly importId: number | null;
  readonly kind: 'lines' | 'refunds';
  readonly status: 'COMPLETED' | 'CHECKED';
  readonly rows: number;
  readonly imported: number;
  readonly unchanged: number;
  readonly rejected: number;
  readonly notices: readonly string[];
  readonly lateOn: string | null;
  readonly understood: Understood;
  readonly rejects: readonly RowFault[];
}

/** Faults that a message shows; the rejects file has them all. */
const SHOWN_FAULTS = 20;
/** Times the file is checked again because a date was closed in the meantime. */
const CHECKS_MAX = 5;

/** Imports a file. Throws the codes of docs/importing.md; after any of them the file is in the feed whole or not at all. */
export async function importFile(db: Db, request: ImportRequest): Promise<ImportResult> {
  return request.kind === 'lines' ? run<SaleEntry>(db, saleKind, request) : run<RefundEntry>(db, refundKind, request);
}

async function run<Entry>(db: Db, kind: FeedKind<Entry>, request: ImportRequest): Promise<ImportResult> {
  const { file, encoding } = request;
  const { encoding: canonicalEncoding } = textDecoder(encoding, true);
  const mappingText = request.mappingFile === null ? '{}' : await readMapping(request.mappingFile);
  const mapping = parseMapping(mappingText, kind.rows.columns);
  await inspectCsvFile(file, encoding);
  if (request.rejectsFile !== null) await requireWritable(request.rejectsFile);
  const fileHash = await hashOfFile(file);
  const meaning = [
    fileHash,
    request.kind,
    canonicalEncoding,
    mapping,
    request.timeZone,
    request.platformTimeZone,
    request.late,
  ];
  const fingerprint = createHash('sha256').update(JSON.stringify(meaning)).digest('hex');
  if (!request.dryRun) await request.onFingerprint?.(fingerprint);
  const { timeZone, platformTimeZone, policies, deadlineMs } = request;
  const pass = {
    source: { kind: request.kind, file, encoding, mapping, timeZone, platformTimeZone, policies, deadlineMs },
    fileHash,
    signal: request.signal,
    patience: { outageMs: request.outageMs, signal: request.signal, onOutage: request.onOutage },
    stopped: () => new MagamError('IMPORT_STOPPED', undefined, { file }),
  };

  const carryOut = request.dryRun ? checkAlone : checkAndWrite;
  const { checked, ...end } = await carryOut(db, kind, request, pass, fingerprint).catch((error: unknown) => {
    throw request.signal.aborted && isOutage(error) ? pass.stopped() : error; // the import was told to stop while it waited
  });
  try {
    if (request.rejectsFile !== null) await writeRejects(request.rejectsFile, checked.verdicts.faults);
    const { rejected, unchangedCount: unchanged, faults } = checked.verdicts;
    return {
      ...end,
      kind: request.kind,
      rows: checked.rows,
      imported: checked.rows - unchanged - rejected,
      unchanged,
      rejected,
      notices: noticesOf(checked),
      understood: checked.understanding.shown(request.kind, request),
      rejects: faults.first(SHOWN_FAULTS),
    };
  } finally {
    checked.close();
  }
}

/** A checked file and the results. The caller closes the file. */
type Ended = Pick<ImportResult, 'importId' | 'status' | 'lateOn'> & { readonly checked: CheckedFile };

async function checkAndWrite<Entry>(
  db: Db,
  kind: FeedKind<Entry>,
  request: ImportRequest,
  pass: Pass,
  fingerprint: string,
): Promise<Ended> {
  const interrupted = await findInterrupted(db, fingerprint, pass.patience);
  const { checked, open } = await checkAndOpen(db, kind, request, pass, fingerprint, interrupted);
  try {
    await write(db, kind, request, { open, checked, pass });
    return { checked, importId: open.importId, status: 'COMPLETED', lateOn: open.lateOn };
  } catch (error) {
    checked.close();
    throw error;
  }
}

/** A dry run: the first pass as it would be now. An interrupted import of the same work is left as it is; what it wrote counts as new. */
async function checkAlone<Entry>(
  db: Db,
  kind: FeedKind<Entry>,
  request: ImportRequest,
  pass: Pass,
  fingerprint: string,
): Promise<Ended> {
  const unfinished = await findUnfinishedImport(db, fingerprint);
  const own = unfinished?.status === 'RUNNING' ? unfinished : undefined;
  const { checked, lateOn } = await check(db, kind, request, pass, own);
  const { verdicts } = checked;
  if (verdicts.rejected > 0 && !request.skipRejects) {
    const refused = await refusal(request, checked).finally(() => checked.close());
    throw refused;
  }
  return { checked, importId: null, status: 'CHECKED', lateOn: verdicts.hasLateRows ? lateOn : null };
}

/** The first pass under the rules as they stand now. */
async function check<Entry>(
  db: Db,
  kind: FeedKind<Entry>,
  request: ImportRequest,
  pass: Pass,
  interrupted: ImportRecord | undefined,
): Promise<{ checked: CheckedFile; lateOn: string | null }> {
  const onProgress = (done: number): void => request.onProgress('Checking', done);
  const shutThrough = await survivingOutage(pass.patience, () => readShutThrough(db));
  const lateOn = request.late ? (interrupted?.lateOn ?? nextOpenDate(shutThrough)) : null;
  const rules = { shutThrough, lateOn, ownImportId: interrupted?.importId ?? null };
  const checkAs = async (source: CheckOptions['source']): Promise<{ checked: CheckedFile; lateOn: string | null }> => {
    const hash = createHash('sha256');
    const onChunk = (chunk: Buffer): void => void hash.update(chunk);
    const options = { ...pass, source, onChunk, keepsRows: !request.dryRun, onProgress };
    const checked = await checkFile(db, kind, rules, options);
    if (hash.digest('hex') === pass.fileHash) return { checked, lateOn };
    checked.close();
    throw new MagamError('FILE_CHANGED', undefined, { file: request.file });
  };
  try {
    return await checkAs(pass.source);
  } catch (error) {
    if (!(error instanceof MagamError && error.code === 'ENCODING_INVALID')) throw error;
    // The file is read again, field by field: the error then names the place, and ignored columns do no harm.
    return checkAs({ ...pass.source, lenient: true });
  }
}

async function readMapping(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new MagamError('FILE_UNREADABLE', `The mapping file ${file} cannot be read: ${reason}.`, { file });
  }
}

function noticesOf(checked: CheckedFile): string[] {
  const notices = [];
  if (checked.ignoredColumns.length > 0) notices.push(`Ignored columns: ${checked.ignoredColumns.join(', ')}.`);
  if (checked.unreadable !== undefined) {
    const { fields, first } = checked.unreadable;
    const more = fields === 1 ? '' : `; ${fields} fields of ignored columns have one`;
    notices.push(`A character on line ${first.line}, column ${first.column}, which is ignored, cannot be read${more}.`);
  }
  if (!checked.endsInLineBreak)
    notices.push('The last line does not end in a line break. It has all its fields; see that the last one is whole.');
  return notices;
}

/** The import that was interrupted while it was written. One that was interrupted while it was withdrawn is withdrawn to the end first. */
async function findInterrupted(
  db: Db,
  fingerprint: string,
  patience: OutagePatience,
): Promise<ImportRecord | undefined> {
  const interrupted = await survivingOutage(patience, () => findInterruptedImport(db, fingerprint));
  if (interrupted?.status !== 'ABANDONING') return interrupted;
  await abandonImport(db, interrupted.importId, patience);
  return undefined;
}

type Pass = Pick<CheckOptions, 'source' | 'signal' | 'patience' | 'stopped'> & { readonly fileHash: string };

/** The first pass and the registration, again if a date that the file needs was closed, or an import withdrawn, in between. */
async function checkAndOpen<Entry>(
  db: Db,
  kind: FeedKind<Entry>,
  request: ImportRequest,
  pass: Pass,
  fingerprint: string,
  interrupted: ImportRecord | undefined,
): Promise<{ checked: CheckedFile; open: OpenImport }> {
  for (let attempt = 1; attempt <= CHECKS_MAX; attempt += 1) {
    const withdrawals = await survivingOutage(pass.patience, () => countWithdrawals(db));
    const { checked, lateOn } = await check(db, kind, request, pass, interrupted);
    let open: OpenImport | undefined;
    try {
      if (checked.verdicts.rejected > 0 && !request.skipRejects)
        throw await refuseFile(db, request, checked, pass.patience, interrupted);
      const work = {
        kind: request.kind,
        source: (request.sourceName ?? basename(request.file)).slice(0, 255),
        fingerprint,
        lateOn: checked.verdicts.hasLateRows ? lateOn : null,
        rowsTotal: checked.rows,
        rowsNew: 0,
        rowsUnchanged: checked.verdicts.unchangedCount,
        rowsRejected: checked.verdicts.rejected,
        requestedBy: request.requestedBy,
        withdrawals,
        ofTask: request.ofTask ?? false,
      };
      await faultPoint('import.checked');
      open = await openImport(db, work, [...checked.verdicts.dates], interrupted, pass.patience);
      if (open !== undefined) return { checked, open };
    } finally {
      if (open === undefined) checked.close();
    }
  }
  throw new MagamError(
    'DATE_CLOSED',
    'Dates were closed, or imports withdrawn, again and again while the file was checked; run the command again.',
  );
}

/** Refuses a file whole. If it was accepted before, and half written when it was interrupted, that is withdrawn first. */
async function refuseFile(
  db: Db,
  request: ImportRequest,
  checked: CheckedFile,
  patience: OutagePatience,
  interrupted: ImportRecord | undefined,
): Promise<MagamError> {
  const wasAccepted = interrupted?.rowsRejected === 0;
  if (wasAccepted) await abandonImport(db, interrupted.importId, patience);
  return refusal(request, checked, wasAccepted ? undefined : interrupted);
}

/** IMPORT_REJECTED with what a person needs first; the rejects file is written. */
async function refusal(
  request: ImportRequest,
  { rows, verdicts, understanding }: CheckedFile,
  interrupted?: ImportRecord,
): Promise<MagamError> {
  if (request.rejectsFile !== null) await writeRejects(request.rejectsFile, verdicts.faults);
  return new MagamError('IMPORT_REJECTED', undefined, {
    rows,
    rejected: verdicts.rejected,
    codes: verdicts.faults.counts(),
    rejects: verdicts.faults.first(SHOWN_FAULTS),
    understood: understanding.shown(request.kind, request),
    ...(request.rejectsFile === null ? {} : { rejectsFile: request.rejectsFile }),
    ...(interrupted === undefined ? {} : { unfinishedImport: interrupted.importId }),
  });
}

/** The whole file is refused because of rows that another writer has overtaken. */
class FileOvertaken extends Error {}

async function write<Entry>(
  db: Db,
  kind: FeedKind<Entry>,
  request: ImportRequest,
  work: { open: OpenImport; checked: CheckedFile; pass: Pass },
): Promise<void> {
  const { open, checked, pass } = work;
  const { verdicts } = checked;
  const races: Races = {
    unchanged: (row) => verdicts.unchanged(row),
    refused: (row, faults) => {
      verdicts.reject(row, ...faults);
      if (!request.skipRejects) throw new FileOvertaken();
    },
  };
  const onProgress = (done: number, total?: number): void => request.onProgress('Importing', done, total);
  try {
    await writeFile(db, kind, open, checked, pass.fileHash, races, { ...pass, writer: request.writer, onProgress });
    await completeImport(db, open);
  } catch (error) {
    if (error instanceof FileOvertaken) {
      await withdrawImport(db, open, 'REFUSED', 'IMPORT_REJECTED');
      throw await refusal(request, checked);
    }
    if (error instanceof MagamError && error.code === 'FILE_CHANGED')
      await withdrawImport(db, open, 'REFUSED', 'FILE_CHANGED');
    else await leaveImport(db, open);
    throw error;
  }
}
