/** The state of a database server and of the current account, for `magam doctor`. Nothing is changed. */
import { change, type Db, select } from '../database.js';

export interface ServerReport {
  /** As the server writes it. */
  readonly version: string;
  readonly mariadb: boolean;
  /** The isolation of this session, as the pool has set it: `READ-COMMITTED`. */
  readonly isolation: string;
  readonly sqlMode: string;
  readonly timeZone: string;
  readonly readOnly: boolean;
  readonly host: string;
  readonly dataFolder: string;
  /** 1: a commit survives a power cut. */
  readonly flushAtCommit: number;
  readonly maxPacketBytes: number;
  readonly connectionsMax: number;
}

export async function readServerReport(db: Db): Promise<ServerReport> {
  const names = [
    'version',
    'isolation',
    'tx_isolation',
    'transaction_isolation',
    'sql_mode',
    'time_zone',
    'read_only',
    'super_read_only',
  ];
  names.push('hostname', 'datadir', 'innodb_flush_log_at_trx_commit', 'max_allowed_packet', 'max_connections');
  const rows = await select<{ name: string; value: string }>(
    db,
    `SHOW VARIABLES WHERE Variable_name IN (${names.map(() => '?').join(', ')})`,
    names,
  );
  const values = new Map(
    rows.map((row) => {
      const [name = '', value = ''] = Object.values(row);
      return [name, value] as const;
    }),
  );
  const text = (name: string): string => values.get(name) ?? '';
  return {
    version: text('version'),
    mariadb: /mariadb/i.test(text('version')),
    isolation: text('transaction_isolation') || text('tx_isolation'),
    sqlMode: text('sql_mode'),
    timeZone: text('time_zone'),
    readOnly: [text('read_only'), text('super_read_only')].some((value) => /^(ON|1)$/i.test(value)),
    host: text('hostname'),
    dataFolder: text('datadir'),
    flushAtCommit: Number(text('innodb_flush_log_at_trx_commit')),
    maxPacketBytes: Number(text('max_allowed_packet')),
    connectionsMax: Number(text('max_connections')),
  };
}

/** Statements that change no row; each needs one privilege. */
const PROBES = {
  SELECT: 'SELECT 1 FROM duty WHERE 1 = 0',
  INSERT: `INSERT INTO duty (name, due_at, rows_done, failures) SELECT 'x', UTC_TIMESTAMP(3), 0, 0 FROM DUAL WHERE 1 = 0`,
  UPDATE: 'UPDATE duty SET failures = failures WHERE 1 = 0',
  DELETE: 'DELETE FROM duty WHERE 1 = 0',
} as const;

/** The privileges that the daily work needs and this account lacks. Throws errors that are not about privileges. */
export async function missingPrivileges(db: Db): Promise<string[]> {
  const missing: string[] = [];
  for (const [privilege, sql] of Object.entries(PROBES)) {
    try {
      await change(db, sql);
    } catch (error) {
      if (![1142, 1044, 1143].includes((error as { errno?: number }).errno ?? 0)) throw error;
      missing.push(privilege);
    }
  }
  return missing;
}

const FOR_MIGRATION = ['CREATE', 'ALTER', 'DROP', 'INDEX', 'REFERENCES'];

/** The privileges that `magam migrate` needs and that this account's grants do not show. The privileges of its roles are not visible. */
export async function missingForMigration(db: Db): Promise<string[]> {
  const grants = await select<Record<string, string>>(db, 'SHOW GRANTS');
  const [{ name: database = '' } = {}] = await select<{ name: string }>(db, 'SELECT DATABASE() AS name');
  const here = ['*', database, database.replaceAll('_', '\\_')];
  const given = grants
    .flatMap((row) => Object.values(row))
    .map((grant) => /^GRANT (.*) ON [`']?(.*?)[`']?\.\* TO /.exec(grant))
    .filter((match) => match !== null && here.some((name) => matches(match[2] ?? '', name)))
    .map((match) => match?.[1] ?? '');
  if (given.some((privileges) => privileges.startsWith('ALL PRIVILEGES'))) return [];
  const words = new Set(given.flatMap((privileges) => privileges.split(', ')));
  return FOR_MIGRATION.filter((privilege) => privilege !== 'REFERENCES' && !words.has(privilege));
}

/** A grant has the name of a database, or a pattern with % and _. */
function matches(pattern: string, name: string): boolean {
  if (pattern === name) return true;
  const source = pattern
    .split(/(\\_|\\%|_|%)/)
    .map(
      (part) => ({ '%': '.*', _: '.', '\\_': '_', '\\%': '%' })[part] ?? part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'),
    );
  return new RegExp(`^${source.join('')}$`).test(name);
}
