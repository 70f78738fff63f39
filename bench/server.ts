/**
 * The database server under measurement: its settings, the CPU seconds of its process, its counters, and how to make it finish
 * the deferred work of one measurement before the next begins.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Db, openDatabase, select } from '../infra/database.js';
import { errorText } from '../infra/database-errors.js';
import { say, secondsSince } from './measure.js';

export interface ServerDescription {
  readonly engine: 'MariaDB' | 'MySQL';
  readonly version: string;
  /** Major and minor, as in file names. */
  readonly release: string;
  readonly settings: Readonly<Record<string, string>>;
}

/** The cost of an `observe`d piece of work. */
export interface Cost {
  readonly seconds: number;
  /** Null where the server's process is not on this machine or cannot be read. */
  readonly serverCpuSeconds: number | null;
  readonly bytesReceived: number;
  readonly redoBytes: number;
  readonly statements: number;
}

const SETTINGS = [
  'innodb_buffer_pool_size',
  'innodb_log_file_size',
  'innodb_redo_log_capacity',
  'innodb_log_buffer_size',
  'innodb_flush_log_at_trx_commit',
  'innodb_flush_method',
  'innodb_doublewrite',
  'innodb_adaptive_hash_index',
  'innodb_change_buffering',
  'innodb_autoinc_lock_mode',
  'innodb_io_capacity',
  'innodb_page_size',
  'log_bin',
  'sync_binlog',
  'binlog_format',
  'local_infile',
  'transaction_isolation',
  'tx_isolation',
  'max_allowed_packet',
  'performance_schema',
];
const COUNTERS = ['Bytes_received', 'Innodb_os_log_written', 'Questions'] as const;
type Counter = (typeof COUNTERS)[number];

/** Ticks a second of /proc/PID/stat: 100 on every Linux that Node runs on. */
const CLOCK_TICKS = 100;

export class BenchServer {
  private constructor(
    private readonly db: Db,
    readonly description: ServerDescription,
    private readonly pid: number | null,
  ) {}

  /** Connects without a database. */
  static async open(url: string): Promise<BenchServer> {
    const db = openDatabase(url, { database: '', poolMax: 1 });
    const variables = new Map(
      (await select<{ Variable_name: string; Value: string }>(db, 'SHOW GLOBAL VARIABLES')).map((row) => [
        row.Variable_name,
        row.Value,
      ]),
    );
    const full = variables.get('version') ?? '';
    const [version = ''] = full.split('-');
    const settings = Object.fromEntries(
      SETTINGS.flatMap((name) => (variables.has(name) ? [[name, variables.get(name) ?? '']] : [])),
    );
    const description = {
      engine: /mariadb/i.test(full) ? ('MariaDB' as const) : ('MySQL' as const),
      version,
      release: version.split('.').slice(0, 2).join('.'),
      settings,
    };
    return new BenchServer(db, description, processOf(url, variables));
  }

  async close(): Promise<void> {
    await this.db.destroy();
  }

  /** Does the work and returns its cost, after the server has become idle. */
  async observe<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly cost: Cost }> {
    await this.comeToRest();
    const before = await this.counters();
    const cpuBefore = this.cpuSeconds();
    const started = performance.now();
    const result = await work();
    const seconds = secondsSince(started);
    const cpuAfter = this.cpuSeconds();
    const after = await this.counters();
    const cost = {
      seconds,
      serverCpuSeconds: cpuBefore === null || cpuAfter === null ? null : cpuAfter - cpuBefore,
      bytesReceived: after.Bytes_received - before.Bytes_received,
      redoBytes: after.Innodb_os_log_written - before.Innodb_os_log_written,
      statements: after.Questions - before.Questions,
    };
    return { result, cost };
  }

  /**
   * Makes the server write out the pages of all tables of the bench, so that no measurement pays for the work that the previous one left
   * behind. It is skipped when the account has no privilege for it.
   */
  private async comeToRest(): Promise<void> {
    const tables = await select<{ name: string }>(
      this.db,
      `SELECT CONCAT('\`', table_schema, '\`.\`', table_name, '\`') AS name FROM information_schema.tables
       WHERE table_schema LIKE 'magam\\_bench%' AND engine = 'InnoDB'`,
    );
    if (tables.length === 0) return;
    try {
      await this.db.raw(`FLUSH TABLES ${tables.map(({ name }) => name).join(', ')} FOR EXPORT`);
    } catch (error) {
      say(`The tables could not be flushed between measurements: ${errorText(error)}`);
    } finally {
      await this.db.raw('UNLOCK TABLES');
    }
  }

  private async counters(): Promise<Record<Counter, number>> {
    const list = COUNTERS.map((name) => `'${name}'`).join(', ');
    const rows = await select<{ Variable_name: Counter; Value: string }>(
      this.db,
      `SHOW GLOBAL STATUS WHERE Variable_name IN (${list})`,
    );
    return Object.fromEntries(rows.map((row) => [row.Variable_name, Number(row.Value)])) as Record<Counter, number>;
  }

  private cpuSeconds(): number | null {
    return this.pid === null ? null : cpuSecondsOf(this.pid);
  }
}

/**
 * The server's process id when it runs on this machine: the one in the file that the server names or, where that file cannot
 * be read (a server in a container), a database server that was told this port on its command line.
 */
function processOf(url: string, variables: ReadonlyMap<string, string>): number | null {
  if (!['127.0.0.1', 'localhost', '[::1]'].includes(new URL(url).hostname)) return null;
  const file = variables.get('pid_file') ?? '';
  const named = readText(file.startsWith('/') ? file : join(variables.get('datadir') ?? '', file)).trim();
  if (isServer(named)) return Number(named);
  const port = `\0--port=${variables.get('port')}\0`;
  const pids = existsSync('/proc') ? readdirSync('/proc').filter((name) => /^\d+$/.test(name)) : [];
  const found = pids.filter((pid) => isServer(pid) && readText(`/proc/${pid}/cmdline`).includes(port));
  return found.length === 1 ? Number(found[0]) : null;
}

const isServer = (pid: string): boolean =>
  /^\d+$/.test(pid) && /^(mariadbd|mysqld)/.test(readText(`/proc/${pid}/comm`));

/** The text of a file, empty when it cannot be read. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** User and system seconds of a process, all threads; the name in parentheses may hold spaces, so fields count from its end. */
export function cpuSecondsOf(pid: number): number | null {
  const text = readText(`/proc/${pid}/stat`);
  if (text === '') return null;
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS;
}
