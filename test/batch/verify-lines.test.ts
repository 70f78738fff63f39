import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { magamJson } from '../support/magam.js';
import { createSettledDate, DAY, lineOf, type SettledDate } from '../support/settled-date.js';

let date: SettledDate;

beforeAll(async () => {
  date = await createSettledDate();
});

afterAll(() => date.database.drop());

describe('an untouched date', () => {
  it('passes every check, in all its generations', async () => {
    const { ok, checks, lines, generations } = await date.verify();
    expect(checks.filter((check) => !check.ok)).toEqual([]);
    expect(ok).toBe(true);
    expect(generations).toBe(2);
    const [[counted]] = await date.database.db.raw(
      `SELECT COUNT(*) AS n FROM settlement_line WHERE settled_on = '${DAY}'`,
    );
    expect(lines).toBe(Number(counted.n));
  });

  it('has exit code 0 and one JSON document', async () => {
    const { code, document } = await magamJson<{ ok: boolean; checks: { name: string }[] }>(date.database.url, [
      'verify',
      '--date',
      DAY,
    ]);
    expect(code).toBe(0);
    expect(document.ok).toBe(true);
    expect(document.checks.length).toBeGreaterThan(15);
    expect(Object.keys(document.checks[0] ?? {})).toEqual(expect.arrayContaining(['name', 'ok', 'expected', 'actual']));
  });

  it('cannot be verified before it is closed', async () => {
    await expect(date.verify('2026-04-03')).rejects.toMatchObject({ code: 'DATE_NOT_CLOSED' });
    const { code, document } = await magamJson<{ error: { code: string } }>(date.database.url, [
      'verify',
      '--date',
      '2026-04-03',
    ]);
    expect([code, document.error.code]).toEqual([1, 'DATE_NOT_CLOSED']);
  });
});

describe('a changed line is named', () => {
  it('with the figure, when the change keeps the identity', async () => {
    const { entry_id: id, order_id: order, line_id: line } = await date.someSale();
    const failed = await date.failuresWhile(
      `UPDATE settlement_line SET fee = fee + 1, net = net - 1 WHERE ${lineOf(id)}`,
      `UPDATE settlement_line SET fee = fee - 1, net = net + 1 WHERE ${lineOf(id)}`,
    );
    expect(Object.keys(failed).sort()).toEqual([
      'line-replay',
      'line-totals',
      'partition-hashes',
      'partition-sums',
      'settlements',
    ]);
    expect(failed['line-replay']).toMatch(
      new RegExp(`^sale order ${order} line ${line} \\(entry ${id}\\): fee \\d+ / fee \\d+$`),
    );
  });

  it('by the identity too, when it breaks', async () => {
    const { entry_id: id, order_id: order } = await date.someSale();
    const failed = await date.failuresWhile(
      `UPDATE settlement_line SET net = net + 7 WHERE ${lineOf(id)}`,
      `UPDATE settlement_line SET net = net - 7 WHERE ${lineOf(id)}`,
    );
    expect(failed['line-identity']).toContain(`sale order ${order} `);
    expect(failed['line-replay']).toContain(`sale order ${order} `);
  });

  it('when it is a refund', async () => {
    const [[refund]] = await date.database.db.raw(
      `SELECT l.entry_id, r.refund_id FROM settlement_line l JOIN refund_entry r ON r.settled_on = l.settled_on AND r.entry_id = l.entry_id
       WHERE l.settled_on = '${DAY}' AND l.leg = 1 AND l.generation = 1 LIMIT 1`,
    );
    const failed = await date.failuresWhile(
      `UPDATE settlement_line SET pg_fee = pg_fee - 1 WHERE ${lineOf(refund.entry_id, 1)}`,
      `UPDATE settlement_line SET pg_fee = pg_fee + 1 WHERE ${lineOf(refund.entry_id, 1)}`,
    );
    expect(failed['line-replay']).toContain(`refund ${refund.refund_id} `);
  });

  it('when it stands in a supplement', async () => {
    const [[sale]] = await date.database.db.raw(`SELECT entry_id FROM sale_entry WHERE order_id = 'K-1'`);
    const failed = await date.failuresWhile(
      `UPDATE settlement_line SET fee_vat = fee_vat + 1, net = net - 1 WHERE ${lineOf(sale.entry_id)}`,
      `UPDATE settlement_line SET fee_vat = fee_vat - 1, net = net + 1 WHERE ${lineOf(sale.entry_id)}`,
    );
    expect(failed['line-replay']).toContain('sale order K-1 line 1 ');
    expect(failed['partition-hashes']).toContain('generation 2');
  });

  it('when its policy, its seller or its generation was changed', async () => {
    const { entry_id: id, order_id: order, seller_id: seller } = await date.someSale();
    const [[line]] = await date.database.db.raw(`SELECT policy_id FROM settlement_line WHERE ${lineOf(id)}`);
    const policy = await date.failuresWhile(
      `UPDATE settlement_line SET policy_id = 4000000 WHERE ${lineOf(id)}`,
      `UPDATE settlement_line SET policy_id = ${line.policy_id} WHERE ${lineOf(id)}`,
    );
    expect(policy['line-replay']).toContain(`sale order ${order} `);
    expect(policy['partition-hashes']).toMatch(/generation 1, partition \d+, sales/);
    const moved = await date.failuresWhile(
      `UPDATE settlement_line SET seller_id = 'somebody' WHERE ${lineOf(id)}`,
      `UPDATE settlement_line SET seller_id = '${seller}' WHERE ${lineOf(id)}`,
    );
    expect(moved['line-sellers']).toContain(`${seller} / somebody`);
    const generation = await date.failuresWhile(
      `UPDATE settlement_line SET generation = 9 WHERE ${lineOf(id)}`,
      `UPDATE settlement_line SET generation = 1 WHERE ${lineOf(id)}`,
    );
    expect(generation['line-generations']).toContain('1 lines of generation 9');
  });
});

describe('a line too many or too few is named', () => {
  it('deleted', async () => {
    const { entry_id: id, order_id: order, line_id: line } = await date.someSale();
    await date.database.db.raw(
      'CREATE TABLE kept_line AS SELECT * FROM settlement_line WHERE settled_on = ? AND leg = 0 AND entry_id = ?',
      [DAY, id],
    );
    const failed = await date.failuresWhile(
      `DELETE FROM settlement_line WHERE ${lineOf(id)}`,
      'INSERT INTO settlement_line SELECT * FROM kept_line',
    );
    await date.database.db.raw('DROP TABLE kept_line');
    expect(failed['entries-settled-or-parked']).toContain(`sale order ${order} line ${line} (entry ${id}); 1 in all`);
    expect(failed['partition-hashes']).toMatch(/generation 1, partition \d+, sales/);
  });

  it('of no entry', async () => {
    const { entry_id: id } = await date.someSale();
    const failed = await date.failuresWhile(
      `INSERT INTO settlement_line SELECT settled_on, leg, 99999999, generation, seller_id, policy_id, buyer_paid, fee_base, fee, fee_vat,
         pg_fee, pg_fee_vat, net FROM settlement_line WHERE ${lineOf(id)}`,
      `DELETE FROM settlement_line WHERE ${lineOf('99999999')}`,
    );
    expect(failed['lines-have-entries']).toContain('leg 0, entry 99999999');
  });

  it('of an entry that is parked', async () => {
    const { entry_id: id, order_id: order } = await date.someSale();
    const failed = await date.failuresWhile(
      `INSERT INTO settlement_exception VALUES ('${DAY}', 0, ${id}, 1, 'POLICY_MISSING', '{}', UTC_TIMESTAMP(3), NULL)`,
      `DELETE FROM settlement_exception WHERE ${lineOf(id)}`,
    );
    expect(failed['entries-not-both']).toContain(`sale order ${order} `);
    expect(failed['parked-entries']).toContain('0 / 1');
    expect(failed['control-totals']).toContain('generation 1');
  });
});

describe('a changed entry is named', () => {
  it('a sale whose amount is not quantity times price', async () => {
    const { entry_id: id, order_id: order } = await date.someSale();
    const failed = await date.failuresWhile(
      `UPDATE sale_entry SET unit_price = unit_price + 1 WHERE entry_id = ${id}`,
      `UPDATE sale_entry SET unit_price = unit_price - 1 WHERE entry_id = ${id}`,
    );
    expect(failed['feed-sale-amounts']).toContain(`sale order ${order} `);
  });

  it('a sale that was changed in itself consistently', async () => {
    const { entry_id: id, order_id: order } = await date.someSale('s.quantity = 1');
    const failed = await date.failuresWhile(
      `UPDATE sale_entry SET unit_price = unit_price + 10, item_amount = item_amount + 10 WHERE entry_id = ${id}`,
      `UPDATE sale_entry SET unit_price = unit_price - 10, item_amount = item_amount - 10 WHERE entry_id = ${id}`,
    );
    expect(failed['control-totals']).toMatch(/itemAmount \d+ \/ \w+ itemAmount \d+/);
    expect(failed['line-replay']).toContain(`sale order ${order} `);
  });

  it('a refund whose amounts or units are not its share of the sale', async () => {
    const one = `refund_id = 'KR-1'`;
    const amount = await date.failuresWhile(
      `UPDATE refund_entry SET item_amount = item_amount - 1 WHERE ${one}`,
      `UPDATE refund_entry SET item_amount = item_amount + 1 WHERE ${one}`,
    );
    expect(amount['feed-refund-amounts']).toContain('refund order K-1 line 1 refund KR-1 ');
    const units = await date.failuresWhile(
      `UPDATE refund_entry SET quantity = 4 WHERE ${one}`,
      `UPDATE refund_entry SET quantity = 2 WHERE ${one}`,
    );
    expect(units['refund-quantities']).toMatch(/refund KR-1 .*at most 3 units, 0 before \/ 4 units, 0 before/);
    const prior = await date.failuresWhile(
      `UPDATE refund_entry SET prior_quantity = 1 WHERE ${one}`,
      `UPDATE refund_entry SET prior_quantity = 0 WHERE ${one}`,
    );
    expect(prior['refund-quantities']).toContain('refund KR-1 ');
  });
});

describe('what was made of the lines', () => {
  it('a changed settlement is named by its seller', async () => {
    const { seller_id: seller } = await date.someSale();
    const one = `settled_on = '${DAY}' AND seller_id = '${seller}' AND generation = 1 ORDER BY currency LIMIT 1`;
    const failed = await date.failuresWhile(
      `UPDATE settlement SET net = net + 1 WHERE ${one}`,
      `UPDATE settlement SET net = net - 1 WHERE ${one}`,
    );
    expect(Object.keys(failed)).toEqual(['settlements']);
    expect(failed.settlements).toMatch(
      new RegExp(`^seller ${seller}, \\w+, generation 1: \\w+ net -?\\d+ / \\w+ net -?\\d+$`),
    );
  });

  it('a missing settlement, and one of nobody', async () => {
    await date.database.db.raw(
      `CREATE TABLE kept_settlement AS SELECT * FROM settlement WHERE settled_on = '${DAY}' AND seller_id = 'S-KWD'`,
    );
    const missing = await date.failuresWhile(
      `DELETE FROM settlement WHERE settled_on = '${DAY}' AND seller_id = 'S-KWD'`,
      'INSERT INTO settlement SELECT * FROM kept_settlement',
    );
    expect(missing.settlements).toContain('seller S-KWD, KWD, generation 2');
    const added = await date.failuresWhile(
      `INSERT INTO settlement SELECT settled_on, generation, 'zzz', currency, sales, refunds, item_amount, seller_discount,
         platform_discount, shipping_fee, buyer_paid, fee_base, fee, fee_vat, pg_fee, pg_fee_vat, net FROM kept_settlement`,
      `DELETE FROM settlement WHERE seller_id = 'zzz'`,
    );
    expect(added.settlements).toContain('seller zzz');
    await date.database.db.raw('DROP TABLE kept_settlement');
  });

  it('a changed policy shows in the lines that were settled under it', async () => {
    const failed = await date.failuresWhile(
      `UPDATE fee_policy SET definition = REPLACE(definition, '"rate":"7.5"', '"rate":"7.25"') WHERE code = 'kwd'`,
      `UPDATE fee_policy SET definition = REPLACE(definition, '"rate":"7.25"', '"rate":"7.5"') WHERE code = 'kwd'`,
    );
    expect(failed['line-replay']).toContain('sale order K-1 line 1 ');
    expect(failed['partition-hashes']).toBeUndefined(); // the lines are as they were certified
  });
});
