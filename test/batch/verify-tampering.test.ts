/** Changes of the database that leave the lines of a date unchanged, or that a reader of pages would miss. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createSettledDate, DAY, NEXT_DAY, type SettledDate } from '../support/settled-date.js';
import { ShelvedRows } from '../support/shelved-rows.js';

let date: SettledDate;

beforeAll(async () => {
  date = await createSettledDate({ parked: true });
});
afterAll(() => date.database.drop());

/** Does this to the database, verifies, and puts the rows of these tables back. */
async function failuresAfter(
  tables: readonly string[],
  changes: readonly string[],
  on = DAY,
): Promise<Record<string, string>> {
  const shelf = await ShelvedRows.keep(date.database.db, tables);
  try {
    for (const change of changes) await date.database.db.raw(change);
    return await date.failures(on);
  } finally {
    await shelf.putBack();
  }
}

const LINE = `'S-1', 1, 0, 0, 0, 0, 0, 0, 0`;
const sale = (id: string, order: string, on = DAY): string =>
  `INSERT INTO sale_entry VALUES ('${on}', ${id}, '${order}', '1', 'S-1', '', '', 1, 5, 5, 0, 0, 0, 'KRW', '${on}', '${on}', NULL)`;

describe('rows that no page reads', () => {
  it('a sale with the id 0 and its line', async () => {
    const failed = await failuresAfter(
      ['sale_entry', 'settlement_line'],
      [
        `${sale('77777777', 'Z-1')}`,
        `UPDATE sale_entry SET entry_id = 0 WHERE entry_id = 77777777`,
        `INSERT INTO settlement_line VALUES ('${DAY}', 0, 0, 1, ${LINE})`,
      ],
    );
    expect(failed['entry-ids']).toContain('sale, entry 0');
    expect(failed['lines-have-entries']).toContain('leg 0, entry 0');
  });

  it('an entry whose id is beyond all that are given', async () => {
    const id = String(2n ** 60n);
    const failed = await failuresAfter(['sale_entry'], [sale(id, 'Z-2')]);
    expect(failed['entry-ids']).toContain(`sale, entry ${id}`);
    const refund = `INSERT INTO refund_entry SELECT settled_on, ${id}, 'ZR-1', original_on, original_id, quantity, 3, item_amount,
      seller_discount, platform_discount, shipping_fee, currency, occurred_on, reason, import_id FROM refund_entry WHERE refund_id = 'KR-1'`;
    expect((await failuresAfter(['refund_entry'], [refund]))['entry-ids']).toContain(`refund, entry ${id}`);
  });

  it('an exception of a leg that there is not, and one of no entry that a supplement is said to have settled', async () => {
    const exception = (leg: number, id: string) =>
      `INSERT INTO settlement_exception VALUES ('${DAY}', ${leg}, ${id}, 1, 'POLICY_MISSING', '{}', UTC_TIMESTAMP(3), 2)`;
    const leg = await failuresAfter(['settlement_exception'], [exception(7, '5')]);
    expect(leg['exceptions-have-entries']).toContain('leg 7, entry 5');
    for (const id of ['0', '99999999', String(2n ** 60n)]) {
      const stray = await failuresAfter(['settlement_exception'], [exception(1, id)]);
      expect(stray['exceptions-have-entries']).toContain(`leg 1, entry ${id}`);
    }
  });
});

describe('a parked entry', () => {
  const parked = `order_id = 'P-1'`;

  it('deleted from the feed, or moved to another date', async () => {
    const deleted = await failuresAfter(['sale_entry'], [`DELETE FROM sale_entry WHERE ${parked}`]);
    expect(deleted['exceptions-have-entries']).toContain('leg 0, entry ');
    const moved = await failuresAfter(
      ['sale_entry'],
      [`UPDATE sale_entry SET settled_on = '${NEXT_DAY}' WHERE ${parked}`],
    );
    expect(moved['exceptions-have-entries']).toContain('leg 0, entry ');
  });
});

describe('the run behind the certificates', () => {
  it('removed', async () => {
    const failed = await failuresAfter(['job_instance'], [`DELETE FROM job_instance WHERE job_key = '${DAY}'`]);
    expect(failed.run).toContain('no run');
  });

  it.each([
    ['moved on', 'generation = generation + 1', 'generation 3, COMPLETED'],
    ['not completed', `status = 'STOPPED'`, 'STOPPED'],
    ['another one', 'run_id = 4711', 'is of run'],
  ])('%s', async (_, change, said) => {
    const failed = await failuresAfter(
      ['job_instance'],
      [`UPDATE job_instance SET ${change} WHERE job_key = '${DAY}'`],
    );
    expect(failed.run).toContain(said);
  });

  it.each([
    ['run_plan', `parameters = '{"policyRevision":7}' WHERE generation = 1`, 'plan', 'policy revision 7'],
    ['run_plan', `parameters = 'damaged' WHERE generation = 1`, 'plan', 'cannot be read'],
    ['run_plan', `generation = 9 WHERE generation = 2`, 'plan', 'no plan'],
    ['run_partition', `status = 'PENDING' WHERE generation = 2`, 'partitions', 'PENDING'],
    ['run_partition', `number = 99 WHERE generation = 1 AND number = 2`, 'partitions', 'generation 1, partition 2'],
    ['run_partition_pass', 'hi = hi + 1 WHERE pass = 0', 'partitions', '"through":'],
    ['run_partition_pass', 'checkpoint = REPEAT(0, 64) WHERE pass = 1', 'partitions', '0000'],
    ['partition_total', 'net = net + 1', 'partitions', '"net":'],
  ])('%s set %s', async (table, change, check, said) => {
    expect((await failuresAfter([table], [`UPDATE ${table} SET ${change}`]))[check]).toContain(said);
  });

  it('whose date was opened again', async () => {
    const status = [`UPDATE business_date SET status = 'OPEN' WHERE business_on = '${DAY}'`];
    expect((await failuresAfter(['business_date'], status))['date-closed']).toContain('CLOSED / OPEN');
    const through = await failuresAfter(
      ['settlement_calendar'],
      ['UPDATE settlement_calendar SET shut_through = NULL'],
    );
    expect(through['date-closed']).toContain('shut through no date');
  });

  it('whose supplement was removed, certificate and all', async () => {
    const at = `settled_on = '${DAY}'`;
    const failed = await failuresAfter(
      ['settlement_certificate', 'settlement_line', 'settlement', 'settlement_exception'],
      [
        ...['settlement_certificate', 'settlement_line', 'settlement'].map(
          (table) => `DELETE FROM ${table} WHERE ${at} AND generation = 2`,
        ),
        `UPDATE settlement_exception SET settled_generation = NULL WHERE ${at}`,
      ],
    );
    expect(failed.run).toContain('generation 2, COMPLETED');
    expect(failed.certificates).toContain('one of each generation / 1');
  });
});

describe('a date that was closed empty', () => {
  const EMPTY = '2026-03-20';

  it('is vouched for by the certificate of the date that was closed with it', async () => {
    const { ok, checks } = await date.verify(EMPTY);
    expect(ok).toBe(true);
    expect(checks.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['empty-dates', 'certificate-hash', 'chain']),
    );
  });

  it('is named when entries were smuggled into it', async () => {
    for (const on of [EMPTY, DAY]) {
      const failed = await failuresAfter(['sale_entry'], [sale('88888888', 'Z-9', EMPTY)], on);
      expect(failed['empty-dates']).toContain(`sale_entry has rows of ${EMPTY}`);
    }
  });
});

it('everything was put back', async () => {
  expect(await date.failures()).toEqual({});
});
