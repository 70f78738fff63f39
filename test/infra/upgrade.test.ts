/**
 * Databases that version 0.1.0 left in the middle of work: after the upgrade they show the same history, finish the work that was
 * begun, and certify the same hashes as version 0.1.0 would have (version-0.1.0/expected.json holds what it printed).
 */
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readProduct } from '../../core/catalogue/stores/product.js';
import { IMPORT } from '../../core/feed/rules/import-task.js';
import { POLICY_CHECK } from '../../core/settlement/rules/policy-check-task.js';
import { VERIFY } from '../../core/settlement/rules/verify-task.js';
import { receiveStock } from '../../core/stock/receive-stock.js';
import type { TaskKind } from '../../core/tasks/rules/background-task.js';
import { change, inTransaction, select } from '../../infra/database.js';
import { migrate } from '../../infra/migrate.js';
import { createEmptyDatabase, type TestDatabase } from '../support/database.js';
import { magam, magamJson } from '../support/magam.js';
import { endOf, taskRunners } from '../support/tasks.js';

const sql = new URL('../../sql/', import.meta.url);
const fixture = (name: string): string => readFileSync(new URL(`version-0.1.0/${name}`, import.meta.url), 'utf8');
const LAST = '0054_policy_check_line.sql';
/** SHA-256 over the names and statements of the migrations of version 0.1.0, without their comments. */
const SCHEMA = '45bd56a2654387361490d9e3a074e86a340be0f7f95d4167ef0843da05facf6f';

interface Expected {
  readonly runs: object;
  readonly shown: Readonly<Record<string, unknown>>;
  readonly after: Readonly<Record<string, SettledDate>>;
}

/** What is left of a date when it is settled to its end. */
interface SettledDate {
  readonly exit: number;
  readonly status: string;
  readonly lines: number;
  readonly refunds: number;
  readonly exceptions: number;
  readonly totals: unknown;
  readonly certificate: { readonly hash: string; readonly generation: number };
  readonly linesSha256: string;
  readonly settlementsCsv: string;
  readonly verified: readonly [string, boolean][];
}

const taskKinds: Readonly<Record<string, TaskKind>> = { VERIFY, IMPORT, POLICY_CHECK };

const expected = JSON.parse(fixture('expected.json')) as Readonly<Record<string, Expected>>;
const oldMigrations = readdirSync(sql)
  .filter((name) => name.endsWith('.sql') && name <= LAST)
  .sort();

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

function statementOf(name: string): string {
  const lines = readFileSync(new URL(name, sql), 'utf8').split('\n');
  return lines
    .filter((line) => !line.startsWith('--'))
    .join('\n')
    .trim();
}

/** A database as version 0.1.0 left it: its tables, its rows, its book of migrations. */
async function restore(name: string): Promise<TestDatabase> {
  const database = await createEmptyDatabase();
  const folder = mkdtempSync(join(tmpdir(), 'magam-upgrade-'));
  try {
    for (const file of oldMigrations) cpSync(new URL(file, sql), join(folder, file));
    await migrate(database.url, pathToFileURL(`${folder}/`));
  } finally {
    rmSync(folder, { recursive: true });
  }
  // Some tables are born with a row of their own.
  for (const { table } of await select<{ table: string }>(
    database.db,
    `SELECT table_name AS 'table' FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name NOT LIKE 'schema_migration%'`,
  ))
    await database.db.raw('DELETE FROM ??', [table]);
  const statements = fixture(`${name}.sql`).replace(/^--.*\n/gm, '');
  for (const statement of statements.split(';\n'))
    if (statement !== '') await database.db.raw(statement.replaceAll('?', '\\?'));
  return database;
}

it('the migrations of version 0.1.0 are unchanged, because databases have applied them', () => {
  expect(sha256(oldMigrations.map((name) => `${name}\n${statementOf(name)}\n`).join(''))).toBe(SCHEMA);
});

/** Of a dead execution version 0.1.0 did not tell what it had committed. */
function asToldNow(run: unknown): object {
  const { executions, ...rest } = run as { executions: { dead: boolean }[] };
  return {
    ...rest,
    executions: executions.map((one) => {
      const { entries: _entries, entriesPerSecond: _rate, ...known } = one as Record<string, unknown>;
      return one.dead ? known : one;
    }),
  };
}

describe.each(Object.keys(expected))('a database of version 0.1.0 (%s)', (name) => {
  const { runs, shown, after } = expected[name] as Expected;
  const startRunner = taskRunners();
  let database: TestDatabase;
  beforeAll(async () => {
    database = await restore(name);
    expect(await magam(database.url, ['runs'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('SCHEMA_OUTDATED'),
    });
    expect(await magam(database.url, ['migrate'])).toMatchObject({ code: 0 });
  });
  afterAll(() => database.drop());

  it('shows the same history', async () => {
    // Later versions tell more beside the runs.
    expect((await magamJson(database.url, ['runs'])).document).toMatchObject(runs);
    for (const [runId, run] of Object.entries(shown))
      expect((await magamJson(database.url, ['runs', 'show', runId])).document).toMatchObject(asToldNow(run));
  });

  it('verifies what was closed', async () => {
    const closed = await select<{ date: string }>(
      database.db,
      'SELECT DISTINCT settled_on AS date FROM settlement_certificate',
    );
    for (const { date } of closed)
      expect(await magam(database.url, ['verify', '--date', date])).toMatchObject({ code: 0 });
  });

  it('carries out the tasks that waited', async () => {
    await change(
      database.db,
      `UPDATE leader_lease SET owner = 'somebody else', lease_until = UTC_TIMESTAMP(3) + INTERVAL 1 DAY`,
    );
    const waiting = await select<{ id: number; kind: string }>(
      database.db,
      `SELECT task_id AS id, kind FROM background_task WHERE status = 'REQUESTED' ORDER BY task_id`,
    );
    expect(waiting.map(({ kind }) => kind)).toEqual(name === 'stopped' ? ['VERIFY', 'IMPORT', 'POLICY_CHECK'] : []);
    if (waiting.length === 0) return;
    startRunner(database.url);
    for (const { id, kind } of waiting) {
      const ended = await endOf(database.db, taskKinds[kind] as TaskKind, id);
      expect(ended).toMatchObject({ kind, status: 'COMPLETED', error: null });
    }
  });

  it('settles the begun and the following dates to the same certificates', async () => {
    const formats = new Set<number>();
    for (const [date, { exit, linesSha256, settlementsCsv, verified, ...document }] of Object.entries(after)) {
      const { certificate, ...figures } = document;
      const settled = await magamJson<SettledDate>(database.url, ['settle', '--date', date]);
      expect(settled).toMatchObject({ code: exit, document: figures });
      // What version 0.1.0 planned ends with the very certificate that it would have written; later plans have the second format.
      const { generation, hash } = settled.document.certificate;
      expect(generation).toBe(certificate.generation);
      const [stored] = await select<{ format: string; parameters: string }>(
        database.db,
        `SELECT JSON_UNQUOTE(JSON_EXTRACT(c.body, '$.format')) AS format, p.parameters FROM settlement_certificate c
         JOIN run_plan p ON p.run_id = c.run_id AND p.generation = c.generation WHERE c.hash = ?`,
        [hash],
      );
      const planned = (JSON.parse(stored?.parameters ?? '{}') as { certificate?: number }).certificate ?? 1;
      expect(stored?.format).toBe(`magam-certificate/${planned}`);
      formats.add(planned);
      if (planned === 1) expect(hash).toBe(certificate.hash);
      expect(sha256((await magam(database.url, ['lines', '--date', date])).stdout)).toBe(linesSha256);
      expect((await magam(database.url, ['settlements', '--date', date])).stdout).toBe(settlementsCsv);
      const { document: verification } = await magamJson<{ checks: { name: string; ok: boolean }[] }>(database.url, [
        'verify',
        '--date',
        date,
      ]);
      // Later versions look at more.
      const known = new Set(verified.map(([name]) => name));
      const checks = verification.checks.map((check) => [check.name, check.ok] as const);
      expect(checks.filter(([name]) => known.has(name))).toEqual(verified);
      expect(checks.filter(([name, ok]) => !known.has(name) && !ok)).toEqual([]);
    }
    expect(formats).toContain(1);
  });
});

it('options and products without options that were made before there were units become units, also when a migration was repeated', async () => {
  const { db, url, drop } = await restore('stopped');
  try {
    const option = 'INSERT INTO product_option (product_id, seller_id, sku, name, price_difference_minor)';
    await change(db, `${option} VALUES (1, 'seller-000001', 'OLD-1', 'x', 0), (1, 'seller-000001', 'OLD-2', 'y', 0)`);
    expect(await magam(url, ['migrate'])).toMatchObject({ code: 0 });
    for (const name of ['0201_sellable_unit_of_options.sql', '0202_sellable_unit_of_products.sql'])
      await change(db, statementOf(name));
    const units = await select<{ unitId: number; of: string }>(
      db,
      `SELECT unit_id AS unitId, CONCAT(product_id, ' ', option_id) AS 'of' FROM sellable_unit ORDER BY product_id, option_id`,
    );
    expect(units.map((unit) => unit.of)).toEqual(['1 1', '1 2', '2 0', '3 0']);
    const [first, second, third] = units.map(({ unitId }) => unitId);
    expect(await readProduct(db, 1)).toMatchObject({
      product: { unitId: null, options: [{ unitId: first }, { unitId: second }] },
    });
    expect(await readProduct(db, 2)).toMatchObject({ product: { unitId: third, options: [] } });
    const goods = { unitId: third ?? 0, quantity: 3, reason: 'x', requestedBy: 'x' };
    expect(await inTransaction(db, (tx) => receiveStock(tx, goods))).toMatchObject({ after: { available: 3 } });
  } finally {
    await drop();
  }
});
