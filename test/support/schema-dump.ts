/**
 * The tables that the migrations of `sql/` come to, with their first rows, as one SQL text. To run it takes a fourth of the time of the migrations, and a run of
 * all tests makes some three hundred databases. The text is kept between runs, under a name that says what it was made from.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Connection, createConnection, format } from 'mysql2/promise';
import { migrate } from '../../infra/migrate.js';

const root = new URL('../../', import.meta.url);
const migrations = new URL('sql/', root);
const folder = process.env.MAGAM_HOME ?? fileURLToPath(new URL('.magam/', root));

/** Makes all tables in an empty database. The first to come for these migrations and this server migrates it; the others run the text. */
export async function makeTables(url: string): Promise<void> {
  const connection = await createConnection({ uri: url, multipleStatements: true, dateStrings: true });
  try {
    const [[server]] = (await connection.query('SELECT VERSION() AS version')) as unknown as [[{ version: string }]];
    const file = join(folder, `test-schema-${hashOfMigrations(server.version)}.sql`);
    const kept = readIfThere(file);
    if (kept !== undefined) await connection.query(kept);
    else {
      await migrate(url, migrations);
      keep(file, await dump(connection));
    }
  } finally {
    await connection.end();
  }
}

function hashOfMigrations(version: string): string {
  const hash = createHash('sha256').update(version);
  for (const name of readdirSync(migrations).sort())
    hash.update(`${name}\n`).update(readFileSync(new URL(name, migrations)));
  return hash.digest('hex').slice(0, 16);
}

async function dump(connection: Connection): Promise<string> {
  const rowsOf = async (sql: string, values: string[] = []): Promise<Record<string, string>[]> =>
    (await connection.query(sql, values))[0] as Record<string, string>[];
  const statements = ['SET foreign_key_checks = 0'];
  for (const table of (await rowsOf('SHOW TABLES')).map((row) => String(Object.values(row)[0]))) {
    const [made] = await rowsOf('SHOW CREATE TABLE ??', [table]);
    statements.push(String(made?.['Create Table']));
    const rows = await rowsOf('SELECT * FROM ??', [table]);
    const [first] = rows;
    if (first !== undefined)
      statements.push(
        format('INSERT INTO ?? (??) VALUES ?', [table, Object.keys(first), rows.map((row) => Object.values(row))]),
      );
  }
  // Each database is an installation of its own: this id is in its keys in Redis.
  return [...statements, 'UPDATE installation SET installation_id = UUID()', 'SET foreign_key_checks = 1'].join(';\n');
}

/** In one step, because several files of tests run at once. Texts of former migrations go. */
function keep(file: string, text: string): void {
  mkdirSync(folder, { recursive: true });
  const former = readdirSync(folder).filter(
    (name) => name.startsWith('test-schema-') && !file.includes(name.slice(0, 28)),
  );
  for (const name of former) rmSync(join(folder, name), { force: true });
  const half = `${file}.${randomBytes(4).toString('hex')}`;
  writeFileSync(half, text);
  renameSync(half, file);
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
