/** `magam keys`: shows the keys of the encrypted values, and encrypts the values again under the current key. */
import type { Command } from 'commander';
import { BANK_ACCOUNT_HISTORY, BANK_ACCOUNTS } from '../core/accounts/bank-account.js';
import { SECOND_FACTORS } from '../core/accounts/second-factor.js';
import { RECEIVERS } from '../core/orders/receiver.js';
import { WEBHOOK_SECRETS } from '../core/webhooks/secrets.js';
import { inTransaction } from '../infra/database.js';
import { keyIdOf } from '../infra/encryption.js';
import { countByKey, type EncryptedColumn, type RotationTally, rotateColumn } from '../infra/key-rotation.js';
import { recordAudit } from '../infra/stores/audit-log.js';
import { MagamError } from '../kernel/errors.js';
import { type CommandContext, withDatabase } from './context.js';
import { count, note, print, printJson, printTable } from './output.js';

/** Every column that is stored encrypted. A test compares the list with the columns of the schema. */
export const ENCRYPTED_COLUMNS: readonly EncryptedColumn[] = [
  BANK_ACCOUNTS,
  BANK_ACCOUNT_HISTORY,
  SECOND_FACTORS,
  RECEIVERS,
  ...WEBHOOK_SECRETS,
];

/** A server that was not restarted may write with a former key during a pass over the values: then another pass follows. */
const PASSES_MAX = 3;
/** Interval of progress reports (ms). */
const PROGRESS_MS = 2_000;

export function keysCommands(keys: Command): void {
  keys.action((_options, command: Command) => withDatabase(command, show));
  keys
    .command('rotate')
    .description('encrypt values that are stored under a former key with the first key of MAGAM_ENCRYPTION_KEY')
    .action((_options, command: Command) => withDatabase(command, rotate));
}

async function show({ db, config, json }: CommandContext): Promise<void> {
  const known = config.encryptionKeys.map(keyIdOf);
  const rows: { values: string; keyId: string; key: 'current' | 'former' | 'unknown'; rows: number }[] = [];
  for (const column of ENCRYPTED_COLUMNS) {
    for (const [keyId, number] of await countByKey(db, column)) {
      const former = known.includes(keyId) ? 'former' : 'unknown';
      rows.push({ values: column.name, keyId, key: keyId === known[0] ? 'current' : former, rows: number });
    }
  }
  if (json) return printJson({ currentKeyId: known[0], formerKeyIds: known.slice(1), values: rows });
  print(`Current key  ${known[0]}`);
  if (known.length > 1) print(`Former keys  ${known.slice(1).join(', ')}`);
  if (rows.length === 0) return print('No encrypted values are stored.');
  print();
  printTable(
    ['values', 'key id', 'key', 'rows'],
    rows.map((row) => [row.values, row.keyId, row.key, count(row.rows)]),
    ['rows'],
  );
}

interface Rotated extends RotationTally {
  readonly values: string;
  /** Values that the last pass encrypted again: a process still writes with a former key. */
  readonly stillWritten: number;
}

async function rotate(context: CommandContext): Promise<void> {
  const { config, json } = context;
  const keyId = keyIdOf(config.encryptionKey);
  await audit(context, 'keys.rotate', { formerKeyIds: config.encryptionKeys.slice(1).map(keyIdOf) });
  const done: Rotated[] = [];
  for (const column of ENCRYPTED_COLUMNS) done.push(await rotateAll(context, column));
  await audit(context, 'keys.rotated', { values: done });
  if (done.some(({ stillWritten, unknown, damaged }) => stillWritten + unknown + damaged > 0))
    throw new MagamError('KEYS_NOT_ROTATED', done.flatMap(whatIsLeft).join(' '), { keyId, values: done });
  if (json) return printJson({ keyId, values: done });
  for (const { values, rows, changed } of done)
    print(`${values}: ${count(changed)} of ${count(rows)} encrypted again; all use key ${keyId} now.`);
  note('You may remove former keys from MAGAM_ENCRYPTION_KEY. Keep them as long as you keep older backups.');
}

/** Makes passes over a column until no value is left under a former key. */
async function rotateAll(context: CommandContext, column: EncryptedColumn): Promise<Rotated> {
  const { db, config } = context;
  let changed = 0;
  for (let pass = 1; ; pass += 1) {
    const tally = await rotateColumn(db, column, config.encryptionKeys, progressOf(context, column.name));
    changed += tally.changed;
    if (tally.changed === 0 || pass === PASSES_MAX)
      return { values: column.name, ...tally, changed, stillWritten: tally.changed };
  }
}

/** Reports progress now and then, and stops when the process is told to. */
function progressOf({ signal }: CommandContext, name: string): (tally: Readonly<RotationTally>) => void {
  let toldAt = performance.now();
  return ({ rows, changed }) => {
    if (signal.aborted) throw new MagamError('RUN_STOPPED', 'Stopped; the same command continues.');
    if (performance.now() - toldAt < PROGRESS_MS) return;
    toldAt = performance.now();
    note(`${name}: ${count(rows)} checked, ${count(changed)} encrypted again`);
  };
}

function whatIsLeft({ values, stillWritten, unknown, damaged }: Rotated): string[] {
  return [
    ...(stillWritten > 0
      ? [`${values}: a process still encrypts under a former key; restart it and give the command again.`]
      : []),
    ...(unknown > 0
      ? [
          `${values}: ${count(unknown)} are encrypted under a key that is not in MAGAM_ENCRYPTION_KEY; add it behind the first.`,
        ]
      : []),
    ...(damaged > 0 ? [`${values}: ${count(damaged)} were changed in the database and cannot be read.`] : []),
  ];
}

const audit = ({ db, config }: CommandContext, action: string, after: object): Promise<void> =>
  inTransaction(db, (tx) =>
    recordAudit(tx, {
      caller: null,
      userName: config.userName,
      requestId: null,
      action,
      subjectType: 'encryption-key',
      subjectId: keyIdOf(config.encryptionKey),
      before: null,
      after,
    }),
  );
