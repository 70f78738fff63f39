/** A writer of the feed while its date is being closed: the guards that leave no entry behind the shut door. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { violations } from '../../../scripts/chaos/invariants.mjs';
import { type Ended, killAll, type Magam, until } from '../../../scripts/chaos/magam.mjs';
import { salesCsv } from '../../support/feed-files.js';
import { DATE, documentOf, type FailureDocument, GRID, Settling } from '../../support/settling.js';

let feed: Settling;
let folder: string;
beforeAll(async () => {
  feed = await Settling.create();
  folder = mkdtempSync(join(tmpdir(), 'magam-proofs-'));
});
afterAll(async () => {
  await feed.drop();
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  await killAll();
  await feed.reset();
  await feed.db.change(`DELETE FROM sale_entry WHERE order_id LIKE 'late-%'`);
  await feed.db.change(`DELETE FROM feed_import WHERE source LIKE '%late-lines.csv'`);
});

interface Waiting {
  readonly process: Magam;
  readonly go: () => Promise<Ended>;
}

let gates = 0;
/** Starts a command and waits until it is at the point; `go` lets it pass and waits for its end. */
async function standingAt(point: string, args: readonly string[], switchedOff: string): Promise<Waiting> {
  const waiting = startedTowards(point, args, switchedOff);
  await waiting.process.says(`FAULT ${point}`);
  return waiting;
}

function startedTowards(point: string, args: readonly string[], switchedOff: string): Waiting {
  gates += 1;
  const gate = join(folder, `gate-${gates}`);
  const process = feed.start(args, { MAGAM_FAULT: `${point}:wait:1:${gate}${switchedOff}` });
  return {
    process,
    go: () => {
      writeFileSync(gate, '');
      return process.ended;
    },
  };
}

/** An import of lines of the date that waits at a point of its first batch. */
function importAt(point: string, switchedOff = ''): Promise<Waiting> {
  const file = join(folder, 'late-lines.csv');
  const lines = Array.from({ length: 20 }, (_, i) => ({
    order_id: `late-${i}`,
    line_id: '1',
    confirmed_on: DATE,
    ordered_on: DATE,
  }));
  writeFileSync(file, salesCsv(...lines));
  return standingAt(point, ['import', 'lines', file, '--json'], switchedOff);
}

const settleArgs = ['settle', '--date', DATE, ...GRID, '--json'];

it('shutting a date waits for the commit of who writes to it: the shared lock alone', async () => {
  const importing = await importAt('import.before-commit');
  const settling = startedTowards('run.planned', settleArgs, ',off:import.hold,off:control-totals');
  await until(async () => (await isBlockedOnDates()) || (await hasPlan()), 'the settle at the door');
  expect(await importing.go()).toMatchObject({ code: 0 });
  expect(await settling.go()).toMatchObject({ code: 0 });
  expect(await violations(feed.db, DATE)).toEqual([]);
  expect(await lateLines('settlement_line')).toBe('20');
});

it('a date is not shut between two steps of an import: its hold alone', async () => {
  const importing = await importAt('import.registered', ',off:door.share-lock');
  const refused = await feed.run(settleArgs, { MAGAM_FAULT: 'off:door.share-lock,off:control-totals' });
  expect(documentOf<FailureDocument>(refused).error.code).toBe('IMPORT_IN_PROGRESS');
  expect(await feed.db.value('SELECT status FROM business_date WHERE business_on = ?', [DATE])).toBe('OPEN');
  expect(await importing.go()).toMatchObject({ code: 0 });
  expect(await feed.run(settleArgs)).toMatchObject({ code: 0 });
  expect(await lateLines('settlement_line')).toBe('20');
});

it('an entry that came in after the plan is not lost in the certificate: the control totals alone', async () => {
  const importing = await importAt('import.before-commit', ',off:door.share-lock');
  const settling = await standingAt('run.planned', settleArgs, ',off:import.hold');
  expect(await importing.go()).toMatchObject({ code: 0 });
  const ended = await settling.go();
  expect(documentOf<FailureDocument>(ended).error.code).toBe('CONTROL_TOTALS_DIFFER');
  expect(await feed.db.value('SELECT COUNT(*) FROM settlement_certificate')).toBe('0');
  expect(await feed.db.value('SELECT status FROM business_date WHERE business_on = ?', [DATE])).toBe('CLOSING');
});

/** Whether somebody waits for the rows of dates. */
async function isBlockedOnDates(): Promise<boolean> {
  const sessions = await feed.db.rows('SHOW FULL PROCESSLIST');
  const database = new URL(feed.db.url).pathname.slice(1);
  return sessions.some((session) => session.db === database && /business_date .*FOR UPDATE/.test(session.Info ?? ''));
}

const hasPlan = async (): Promise<boolean> => (await feed.db.value('SELECT COUNT(*) FROM run_plan')) === '1';

const lateLines = (table: string): Promise<string> =>
  feed.db.value(
    `SELECT COUNT(*) FROM ${table} l JOIN sale_entry s ON s.settled_on = l.settled_on AND s.entry_id = l.entry_id
     WHERE l.leg = 0 AND s.order_id LIKE 'late-%'`,
  );
