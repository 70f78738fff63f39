/**
 * Every column of every table behind a certificate is changed, one by one. A verification names each change, or the column is in
 * docs/certificate.md with the reason why not.
 */
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { select } from '../../infra/database.js';
import { createSettledDate, DAY, type SettledDate } from '../support/settled-date.js';
import { ShelvedRows } from '../support/shelved-rows.js';

const OF_DAY = `settled_on = '${DAY}'`;
const ofRun = (table: string): string =>
  `${table}.run_id = (SELECT run_id FROM job_instance WHERE job_key = '${DAY}') AND generation = 1`;
const FIRST_PARTITION = `(SELECT partition_id FROM run_partition WHERE ${ofRun('run_partition')} AND number = 1)`;

/** The tables, and which row of each is changed. */
const TABLES: Readonly<Record<string, string>> = {
  sale_entry: `order_id = 'P-1'`,
  'sale_entry settled': `order_id = 'K-1'`,
  refund_entry: `refund_id = 'PR-1'`,
  'refund_entry settled': `refund_id = 'KR-1'`,
  fee_policy: `code = 'kwd' AND version = 1`,
  fee_policy_end: 'TRUE',
  business_date: `business_on = '${DAY}'`,
  settlement_calendar: 'TRUE',
  job_instance: `job_key = '${DAY}'`,
  run_plan: ofRun('run_plan'),
  run_partition: `${ofRun('run_partition')} AND number = 1`,
  run_partition_pass: `pass = 0 AND partition_id = ${FIRST_PARTITION}`,
  partition_total: `partition_id = ${FIRST_PARTITION}`,
  settlement_line: `${OF_DAY} AND leg = 0 AND generation = 1`,
  'settlement_line of a refund': `${OF_DAY} AND leg = 1 AND generation = 2`,
  settlement_exception: `${OF_DAY} AND leg = 0 AND settled_generation IS NULL`,
  'settlement_exception settled later': `${OF_DAY} AND leg = 1 AND settled_generation = 2`,
  settlement_exception_past: OF_DAY,
  settlement: `${OF_DAY} AND generation = 1`,
  settlement_certificate: `${OF_DAY} AND generation = 2`,
  certificate_chain: 'TRUE',
  signing_key: 'TRUE',
};

/** Another value than by the type of the column. */
const OTHER: Readonly<Record<string, string>> = {
  'business_date.status': `'OPEN'`,
  'settlement_calendar.shut_through': `'2026-01-01'`,
  'job_instance.status': `'STOPPED'`,
  'job_instance.parameters': `'{}'`,
  'run_partition.status': `'PENDING'`,
  'run_plan.parameters': `REPLACE(parameters, '"rules":1', '"rules":2')`,
  'fee_policy.definition': `REPLACE(definition, '"rate":"7.5"', '"rate":"7.25"')`,
  'settlement_line.leg': '5',
  'settlement_exception.leg': '5',
  'settlement_exception_past.leg': '5',
};

interface Column {
  readonly name: string;
  readonly type: string;
  readonly key: string;
}

function otherValue({ name, type }: Column): string {
  if (/^(tiny|small)int/.test(type)) return `IFNULL(${name}, 0) + 103`;
  if (/int|decimal/.test(type)) return `IFNULL(${name}, 0) + 1000003`;
  if (type === 'date') return `IFNULL(${name}, '2026-05-05') + INTERVAL 300 DAY`;
  if (type.startsWith('datetime')) return `IFNULL(${name}, UTC_TIMESTAMP(3)) + INTERVAL 1 SECOND`;
  // The last character is another one, so that the width of the column is kept.
  return `IF(IFNULL(${name}, '') = '', 'x', CONCAT(LEFT(${name}, CHAR_LENGTH(${name}) - 1), IF(RIGHT(${name}, 1) = 'B', 'C', 'B')))`;
}

/** The columns that the document excuses, with their reasons. */
function excused(): ReadonlyMap<string, string> {
  const text = readFileSync(new URL('../../docs/certificate.md', import.meta.url), 'utf8');
  const rows =
    text
      .split('## What no verification looks at')[1]
      ?.split('\n## ')[0]
      ?.matchAll(/^\| `(\w+)` \| (.*?) \| (.+) \|$/gm) ?? [];
  return new Map(
    [...rows].flatMap(([, table, columns = '', reason = '']) =>
      [...columns.matchAll(/`(\w+)`/g)].map(([, column]) => [`${table}.${column}`, reason] as const),
    ),
  );
}

let date: SettledDate;
beforeAll(async () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  const settings = { MAGAM_SIGNING_KEY: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
  date = await createSettledDate({ parked: true, settings });
});
afterAll(() => date.database.drop());

const columnsOf = (table: string): Promise<Column[]> =>
  select<Column>(
    date.database.db,
    `SELECT column_name AS name, column_type AS type, column_key AS \`key\` FROM information_schema.columns
     WHERE table_schema = DATABASE() AND table_name = ? ORDER BY ordinal_position`,
    [table],
  );

/** What a verification names after the column of the row was changed. */
async function namedAfter(table: string, column: Column, where: string): Promise<string[]> {
  const { db } = date.database;
  const shelf = await ShelvedRows.keep(db, [table]);
  try {
    const value = OTHER[`${table}.${column.name}`] ?? otherValue(column);
    const [result] = await db.raw(`UPDATE ${table} SET ${column.name} = ${value} WHERE ${where} LIMIT 1`);
    if (result.affectedRows !== 1) throw new Error(`no row of ${table} was changed`);
    return Object.keys(await date.failures());
  } finally {
    await shelf.putBack();
  }
}

describe.each(Object.entries(TABLES))('%s', (key, where) => {
  const [table = ''] = key.split(' ');

  it('is vouched for, column by column', async () => {
    const reasons = excused();
    const silent: string[] = [];
    const wronglyExcused: string[] = [];
    for (const column of await columnsOf(table)) {
      const name = `${table}.${column.name}`;
      if (column.name === 'chain_id' || column.name === 'calendar_id') continue; // a CHECK keeps the only row
      const named = await namedAfter(table, column, where);
      if (named.length === 0 && !reasons.has(name)) silent.push(name);
      if (named.length > 0 && reasons.has(name)) wronglyExcused.push(name);
    }
    expect(silent).toEqual([]);
    expect(wronglyExcused).toEqual([]);
  });
});

it('the date is unchanged', async () => {
  expect(await date.failures()).toEqual({});
});
