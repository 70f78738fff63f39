/** A database server that takes no writes for a while, as a full disk, a switch to another server, or a table lock make it: it is waited for. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Connection, createConnection } from 'mysql2/promise';
import { until } from '../../scripts/chaos/magam.mjs';
import { openHome, readState, socketPath } from '../../scripts/services/home.mjs';
import { startServices, stopServices } from '../../scripts/services.mjs';
import { DATE, Settling } from '../support/settling.js';

let feed: Settling;
beforeAll(async () => {
  feed = await Settling.create();
});
afterAll(() => feed.drop());
beforeEach(() => feed.reset());

/** An outage is not waited for. */
const IMPATIENT = { MAGAM_OUTAGE_MS: '0' };

describe('a server that takes no writes for a while', () => {
  const refuse = (table: string, operation: string, errno: number, text: string) =>
    feed.db.change(
      `CREATE TRIGGER refusing BEFORE ${operation} ON ${table} FOR EACH ROW SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = ${errno}, MESSAGE_TEXT = '${text}'`,
    );
  const allow = () => feed.db.change('DROP TRIGGER IF EXISTS refusing');
  afterEach(allow);
  const failedClaims = async () => (await feed.claims()).FAILED ?? 0;

  it.each([
    ['full', 'settlement_line', 'INSERT', 1114, 'The table is full', 'DATABASE_FULL'],
    ['read-only', 'settlement_line', 'INSERT', 1836, 'Running in read-only mode', 'DATABASE_READ_ONLY'],
    [
      'read-only by option',
      'settlement_certificate',
      'INSERT',
      1290,
      'running with the --read-only option',
      'DATABASE_READ_ONLY',
    ],
  ] as const)('is waited for: %s (%s)', async (_what, table, operation, errno, text, code) => {
    await refuse(table, operation, errno, text);
    // One claim without progress is one too many, but for an outage.
    const settling = feed.startSettle({ MAGAM_CLAIMS_MAX: '1' });
    if (table === 'settlement_line') await until(async () => (await failedClaims()) > 1, 'claims fail');
    else await until(async () => (await feed.claims()).DONE === 8, 'the work is done');
    await allow();
    const ended = await settling.ended;
    expect(ended).toMatchObject({ code: 0 });
    await feed.expectClean();
    await feed.reset();

    await refuse(table, operation, errno, text);
    const given = await feed.settle(IMPATIENT);
    expect(given.code).toBe(1);
    expect(given.stdout).toContain(code);
    expect(given.stderr).not.toMatch(/^ {4}at /m);
    await allow();
    await feed.finish();
  });

  it('or holds a table locked, is waited for, and given up in the end', async () => {
    const connection = await feed.db.connection();
    try {
      await connection.query('LOCK TABLES settlement_line WRITE');
      const settling = feed.startSettle({ MAGAM_CLAIMS_MAX: '1' });
      await until(async () => (await failedClaims()) > 0, 'a claim fails');
      await connection.query('UNLOCK TABLES');
      expect(await settling.ended).toMatchObject({ code: 0 });
      await feed.expectClean();
      await feed.reset();
      await connection.query('LOCK TABLES settlement_line WRITE');
      const given = await feed.settle(IMPATIENT);
      expect(given).toMatchObject({ code: 1 });
      expect(given.stdout).toContain('DATABASE_BUSY');
      await connection.query('UNLOCK TABLES');
      await feed.finish();
    } finally {
      connection.release();
    }
  });
});

describe('a server of its own', () => {
  const folder = mkdtempSync(join(tmpdir(), 'magam-switch-'));
  let own: Settling;
  let root: Connection;
  beforeAll(async () => {
    const { databaseUrl } = await startServices({ folder, redisUrl: 'redis://127.0.0.1:1/0', log: () => undefined });
    own = await Settling.create(databaseUrl);
    const home = openHome(folder);
    const password = readState(home).database?.rootPassword ?? '';
    root = await createConnection({ socketPath: socketPath(home), user: 'root', password });
  });
  beforeEach(() => own.reset());
  afterAll(async () => {
    await root.end();
    await own.drop();
    await stopServices({ folder, deleteData: true, log: () => undefined });
    rmSync(folder, { recursive: true, force: true });
  });

  it('is read-only for a moment before a planned switch to another: the run goes on when writes are taken again', async () => {
    // Who has all privileges writes to a read-only server.
    await root.query(`CREATE USER plain@'127.0.0.1' IDENTIFIED BY 'plain'`);
    await root.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON *.* TO plain@'127.0.0.1'`);
    const url = new URL(own.db.url);
    [url.username, url.password] = ['plain', 'plain'];
    const gate = join(folder, 'gate');
    const settling = own.startSettle({
      MAGAM_DATABASE_URL: url.href,
      MAGAM_FAULT: `chunk.before-fence:wait:3:${gate}`,
    });
    await settling.says('FAULT chunk.before-fence');
    await root.query('SET GLOBAL read_only = 1');
    writeFileSync(gate, '');
    const failed = `SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'plain' AND id > ?`;
    const newest = await own.db.value(`SELECT MAX(id) FROM information_schema.processlist WHERE user = 'plain'`);
    // A connection that was refused a write is given up for a new one, which might meet the new primary.
    await until(async () => (await own.db.value(failed, [newest])) !== '0', 'it connects anew');
    await root.query('SET GLOBAL read_only = 0');
    expect(await settling.ended).toMatchObject({ code: 0 });
    await own.expectClean();
  });

  it('forbids the data files of clients in the middle of a settlement and of an import: INSERTs take their place', async () => {
    const forbidden = join(folder, 'forbidden');
    const settling = own.startSettle({
      MAGAM_LINE_WRITER: 'load',
      MAGAM_FAULT: `chunk.before-fence:wait:3:${forbidden}`,
    });
    const file = join(folder, 'lines.csv');
    const head = 'order_id,line_id,seller_id,quantity,unit_price,currency,ordered_on,confirmed_on';
    const rows = Array.from({ length: 20 }, (_, i) => `late-${i},1,S1,1,1000,KRW,${DATE},2026-03-09`);
    writeFileSync(file, `${[head, ...rows].join('\n')}\n`);
    const importing = own.start(['import', 'lines', file, '--json'], {
      MAGAM_LINE_WRITER: 'load',
      MAGAM_FAULT: `import.registered:wait:1:${forbidden}`,
    });
    await Promise.all([settling.says('FAULT chunk.before-fence'), importing.says('FAULT import.registered')]);
    await root.query('SET GLOBAL local_infile = OFF');
    writeFileSync(forbidden, '');
    expect(await settling.ended).toMatchObject({ code: 0 });
    await own.expectClean();
    const imported = await importing.ended;
    expect(imported).toMatchObject({ code: 0 });
    expect(imported.json()).toMatchObject({ imported: rows.length });
  });
});
