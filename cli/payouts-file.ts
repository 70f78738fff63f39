/** `magam payouts export`, `files`, `mark-sent`, `void-file`, `import`: files for the bank and result files from it. */
import { open, readFile, rename } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import {
  type Exported,
  exportPayouts,
  FILE_ROWS_MAX,
  markFileSent,
  remakeFile,
  transferDate,
  voidFile,
} from '../core/payouts/export-payouts.js';
import { importResults } from '../core/payouts/import-results.js';
import { fileNumber, readFileNumber } from '../core/payouts/rules/file-number.js';
import { listPayoutFiles, type PayoutFile } from '../core/payouts/stores/payout-file.js';
import { inTransaction, type Tx } from '../infra/database.js';
import { faultPoint } from '../infra/faults.js';
import { isRefusal, MagamError, type Refusal } from '../kernel/errors.js';
import { decided } from '../kernel/outcome.js';
import { auditIn } from './audit.js';
import { type CommandContext, readDate, withDatabase } from './context.js';
import { counted, money, note, print, printJson, printTable } from './output.js';

interface ExportOptions {
  readonly layout?: string;
  readonly currency: string;
  readonly date?: string;
  readonly out?: string;
}

export async function exportFile(number: string | undefined, options: ExportOptions, command: Command): Promise<void> {
  const { layout, date } = options;
  if ((number === undefined) === (layout === undefined) || (number !== undefined && date !== undefined))
    throw new MagamError(
      'USAGE',
      'export takes --layout, with --currency and --date; or the number of a file to write it again.',
    );
  await withDatabase(command, async (context) => {
    if (number !== undefined) return writeAgain(context, number, options.out);
    const exported = await exportNew(context, layout ?? '', options);
    const { file, written, changed } = exported;
    if (changed.length > 0) process.exitCode = 3;
    if (file === null || written === null) {
      tellExported(context, exported, null);
      return noteWaiting(context, options.currency);
    }
    await faultPoint('payout.export-committed');
    const path = await writeOut(options.out ?? written.name, written.content, fileNumber(file.fileId));
    tellExported(context, exported, path);
  });
}

function exportNew({ db, config, today }: CommandContext, layout: string, options: ExportOptions): Promise<Exported> {
  const transferOn = decided(transferDate(readDate(options.date ?? 'today', today), today));
  const asked = { layout, currency: options.currency, transferOn, rowsMax: FILE_ROWS_MAX };
  return inTransaction(db, async (tx) => {
    const exported = await exportPayouts(tx, config.userName, config.encryptionKeys, asked);
    if (exported.file !== null)
      await audit(tx, config, 'export', exported.file.fileId, { ...asked, ...sumsOf(exported.file) });
    return exported;
  });
}

const sumsOf = ({ transfers, totalMinor, contentHash }: PayoutFile): object => ({
  ...{ transfers, totalMinor: String(totalMinor), contentHash },
});

const audit = (tx: Tx, config: CommandContext['config'], name: string, fileId: number, after: object): Promise<void> =>
  auditIn(tx, config, { action: `payout-file.${name}`, subject: ['payout-file', fileNumber(fileId)], after });

function tellExported({ json }: CommandContext, { file, changed }: Exported, path: string | null): void {
  if (json) printJson({ file: file === null ? null : documentOf(file), path, changed });
  else if (file === null) print('Nothing to export: no payout in this currency is approved and due.');
  else {
    print(
      `File ${fileNumber(file.fileId)}: ${counted(file.transfers, 'transfer')}, ${money(file.totalMinor, file.currency)}, written to ${path}`,
    );
    print(`SHA-256 ${file.contentHash}`);
    note(`Before the file goes to the bank: magam payouts mark-sent ${fileNumber(file.fileId)}`);
  }
  if (json || changed.length === 0) return;
  note(
    `Left out, because their approval is void: ${changed.map((one) => `payout ${one.payoutId}`).join(', ')}. Look at them and approve them again.`,
  );
}

/** An export that was killed after its commit has made a file that nobody has seen; it would not be found when the command is given again. */
async function noteWaiting({ db, json }: CommandContext, currency: string): Promise<void> {
  if (json) return;
  const waiting = (await listPayoutFiles(db, undefined, LISTED)).filter(
    (file) => file.status === 'MADE' && file.currency === currency,
  );
  for (const { fileId, madeAt } of waiting.reverse())
    note(
      `File ${fileNumber(fileId)}, made at ${madeAt}, is not marked as sent: magam payouts export ${fileNumber(fileId)} writes it again.`,
    );
}

/** Files that are listed at most. */
const LISTED = 100;

const documentOf = ({ fileId, ...file }: PayoutFile): object => ({ file: fileNumber(fileId), ...file });

async function writeAgain(
  { db, config, json }: CommandContext,
  number: string,
  out: string | undefined,
): Promise<void> {
  const fileId = fileIdOf(number);
  const { file, written } = decided(await remakeFile(db, config.encryptionKeys, fileId));
  await inTransaction(db, (tx) => audit(tx, config, 'write-again', fileId, sumsOf(file)));
  const path = await writeOut(out ?? written.name, written.content, number);
  if (json) printJson({ file: documentOf(file), path, changed: [] });
  else print(`File ${number} is written again, byte for byte, to ${path}`);
}

function fileIdOf(number: string): number {
  const fileId = readFileNumber(number);
  if (fileId === undefined)
    throw new MagamError('USAGE', `${JSON.stringify(number)} is not the number of a file, such as F12.`);
  return fileId;
}

/** Only its owner may read it: it holds account numbers. An existing file with other content is not overwritten. */
async function writeOut(name: string, content: Buffer, number: string): Promise<string> {
  const path = resolve(name);
  const there = await readFile(path).catch(() => undefined);
  if (there?.equals(content)) return path;
  const hint = `magam payouts export ${number} writes it again`;
  if (there !== undefined)
    throw new MagamError('FILE_UNWRITABLE', `${path} exists and has other content; ${hint}.`, { file: path });
  try {
    const half = `${path}.${process.pid}.part`;
    const file = await open(half, 'wx', 0o600);
    await file.writeFile(content);
    await file.sync();
    await file.close();
    await rename(half, path);
    return path;
  } catch (error) {
    const why = (error as Error).message;
    throw new MagamError('FILE_UNWRITABLE', `${path} cannot be written: ${why}. The payouts are exported; ${hint}.`, {
      file: path,
    });
  }
}

export const files = (command: Command): Promise<void> =>
  withDatabase(command, async ({ db, json }) => {
    const listed = await listPayoutFiles(db, undefined, LISTED);
    if (json) return printJson({ files: listed.map(documentOf) });
    if (listed.length === 0) return print('There are no files of transfers.');
    printTable(
      ['file', 'layout', 'transfer on', 'state', 'transfers', 'total', 'made', 'by', 'hash'],
      listed.map((one) => [
        ...[fileNumber(one.fileId), one.layout, one.transferOn, one.status.toLowerCase(), one.transfers],
        ...[money(one.totalMinor, one.currency), one.madeAt, one.madeBy, one.contentHash.slice(0, 12)],
      ]),
      ['transfers', 'total'],
    );
  });

/** Makes the change and its entry of the audit log in one transaction. What a refusal has written (a file that is given up) is committed, too. */
const carryOut = <T extends object>(
  { db, config }: CommandContext,
  name: string,
  fileId: number,
  work: (tx: Tx) => Promise<T | Refusal>,
): Promise<T | Refusal> =>
  inTransaction(db, async (tx) => {
    const outcome = await work(tx);
    const after = isRefusal(outcome) ? { refused: outcome.refused } : { done: true };
    await audit(tx, config, name, fileId, after);
    return outcome;
  });

export const markSent = (number: string, command: Command): Promise<void> =>
  withDatabase(command, async (context) => {
    const fileId = fileIdOf(number);
    const outcome = await carryOut(context, 'mark-sent', fileId, (tx) =>
      markFileSent(tx, context.config.userName, fileId),
    );
    if (isRefusal(outcome) && !context.json) note(`Do not give file ${number} to the bank.`);
    const { file, alreadyDone } = decided(outcome);
    if (context.json) return printJson({ file: documentOf(file), alreadyDone });
    print(
      alreadyDone
        ? `File ${number} was marked as sent before.`
        : `File ${number} is marked as sent: ${counted(file.transfers, 'payout')}, ${money(file.totalMinor, file.currency)}. It may go to the bank now.`,
    );
  });

export const voidCommand = (number: string, command: Command): Promise<void> =>
  withDatabase(command, async (context) => {
    const fileId = fileIdOf(number);
    const file = decided(
      await carryOut(context, 'void', fileId, (tx) => voidFile(tx, context.config.userName, fileId)),
    );
    if (context.json) return printJson({ file: documentOf(file) });
    print(`File ${number} is given up. Its payouts stay approved; the next export takes them.`);
  });

export const importFile = (name: string, { layout }: { layout: string }, command: Command): Promise<void> =>
  withDatabase(command, async ({ db, config, json, today }) => {
    const content = await readFile(name).catch((error: Error) => {
      throw new MagamError('FILE_UNREADABLE', `${name} cannot be read: ${error.message}.`, { file: name });
    });
    const outcome = await inTransaction(db, async (tx) => {
      const imported = decided(await importResults(tx, config.userName, layout, content, today));
      const fileId = readFileNumber(imported.file);
      if (fileId !== undefined) await audit(tx, config, 'import', fileId, imported);
      return imported;
    });
    if (json) return printJson(outcome);
    const { file, paid, failed, returned, unchanged, open: left } = outcome;
    print(
      `File ${file}: ${paid} paid, ${failed} failed, ${returned} returned, ${unchanged} known before, ${left} without a result.`,
    );
  });
