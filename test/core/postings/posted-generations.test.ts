/** Whether the ledger holds the posted generations as they were settled: `magam ledger verify` says where it does not. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { findDifferences } from '../../../core/ledger/stores/ledger-check.js';
import { postGeneration } from '../../../core/postings/post-generation.js';
import { GENERATIONS_CHECK } from '../../../core/postings/stores/settlement-posting.js';
import { change, type Db, inTransaction, select } from '../../../infra/database.js';
import { magam, magamJson } from '../../support/magam.js';
import { createSettledDate, DAY, NEXT_DAY, type SettledDate } from '../../support/settled-date.js';

let settled: SettledDate;
let db: Db;
let url: string;
beforeAll(async () => {
  settled = await createSettledDate();
  ({ db, url } = settled.database);
  await inTransaction(db, (tx) => postGeneration(tx, { date: DAY, generation: 1 }));
});
afterAll(() => settled.database.drop());

it('verify names a settlement that the ledger does not hold', async () => {
  await change(
    db,
    `UPDATE settlement SET net = net + 1 WHERE settled_on = ? AND generation = 1 ORDER BY seller_id LIMIT 1`,
    [DAY],
  );
  const { code, document } = await magamJson<{ checks: { name: string; ok: boolean; difference: object }[] }>(url, [
    'ledger',
    'verify',
  ]);
  await change(
    db,
    `UPDATE settlement SET net = net - 1 WHERE settled_on = ? AND generation = 1 ORDER BY seller_id LIMIT 1`,
    [DAY],
  );
  expect(code).toBe(4);
  expect(document.checks.filter(({ ok }) => !ok)).toEqual([
    {
      name: 'settlements',
      ok: false,
      difference: expect.objectContaining({ place: expect.stringContaining(`${DAY} generation 1`) }),
    },
  ]);
  const told = await magam(url, ['ledger', 'verify']);
  expect(told).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/The ledger equals the sums of its postings: /),
  });
});

describe('the look at posted generations', () => {
  const owing = (n: number) =>
    `(SELECT * FROM (SELECT seller_id FROM settlement WHERE settled_on = '${DAY}' AND generation = 1 AND currency = 'KRW' AND net <> 0 ORDER BY seller_id LIMIT 1 OFFSET ${n}) o${n})`;
  const header = (n: number) =>
    `settled_on = '${DAY}' AND generation = 1 AND currency = 'KRW' AND seller_id = ${owing(n)}`;
  const key = (n: number) => `CONCAT('settlement:${DAY}:1:', ${owing(n)}, ':KRW')`;
  const account = (n: number) =>
    `(SELECT account_id FROM ledger_account WHERE kind = 'SELLER_PAYABLE' AND currency = 'KRW' AND owner = ${owing(n)})`;
  const posting = (n: number) =>
    `account_id = ${account(n)} AND transaction_id = (SELECT transaction_id FROM ledger_transaction WHERE idempotency_key = ${key(n)})`;
  /** A transaction of a seller with an amount on its account. */
  const further = (newKey: string, amount: string): string[] => [
    `INSERT INTO ledger_transaction SELECT 99999999, ${newKey}, kind, seller_id, effective_on, recorded_at, NULL, requested_by, reason FROM ledger_transaction
     WHERE idempotency_key = ${key(0)}`,
    `INSERT INTO ledger_posting SELECT 99999999, account_id, shard, effective_on, recorded_at, ${amount} FROM ledger_posting WHERE ${posting(0)}`,
  ];

  it.each<[string, boolean, readonly string[]]>([
    ['nothing in a ledger that is right', false, []],
    ['what a settlement owes', true, [`UPDATE settlement SET net = net + 1 WHERE ${header(0)}`]],
    [
      'a part of what one settlement owes on another one',
      true,
      [`UPDATE settlement SET net = net + IF(seller_id = ${owing(0)}, 5, -5) WHERE (${header(0)}) OR (${header(1)})`],
    ],
    ['a settlement that is gone', true, [`DELETE FROM settlement WHERE ${header(0)}`]],
    ['a generation that counts as posted no longer', true, ['DELETE FROM posted_generation']],
    [
      'a generation that counts as posted and is not',
      true,
      [`UPDATE posted_generation SET settled_on = '${NEXT_DAY}'`],
    ],
    ['an amount', true, [`UPDATE ledger_posting SET amount_minor = amount_minor - 1 WHERE ${posting(0)}`]],
    ['a posting that is gone', true, [`DELETE FROM ledger_posting WHERE ${posting(0)}`]],
    [
      'a posting on the account of another seller',
      false,
      [`UPDATE ledger_posting SET account_id = ${account(1)} WHERE ${posting(0)}`],
    ],
    ['a transaction that is gone', true, [`DELETE FROM ledger_transaction WHERE idempotency_key = ${key(0)}`]],
    [
      'the date of a transaction',
      true,
      [`UPDATE ledger_transaction SET effective_on = '${NEXT_DAY}' WHERE idempotency_key = ${key(0)}`],
    ],
    [
      'the seller of a transaction',
      true,
      [`UPDATE ledger_transaction SET seller_id = ${owing(1)} WHERE idempotency_key = ${key(0)}`],
    ],
    [
      'the generation of a transaction',
      true,
      [
        `UPDATE ledger_transaction SET idempotency_key = REPLACE(idempotency_key, ':1:', ':7:') WHERE idempotency_key = ${key(0)}`,
      ],
    ],
    [
      'a transaction that is none of a settlement',
      true,
      [`UPDATE ledger_transaction SET idempotency_key = 'other' WHERE idempotency_key = ${key(0)}`],
    ],
    ['a second transaction of a settlement', true, further(`CONCAT(${key(0)}, 'x')`, 'amount_minor')],
    [
      'a second transaction of a settlement in the place of another one',
      true,
      [...further(`CONCAT(${key(0)}, 'x')`, 'amount_minor'), `DELETE FROM ledger_posting WHERE ${posting(1)}`],
    ],
    [
      'a transaction of a generation that is not posted',
      true,
      [
        `INSERT INTO settlement SELECT settled_on, 7, seller_id, currency, sales, refunds, item_amount, seller_discount, platform_discount, shipping_fee, buyer_paid,
           fee_base, fee, fee_vat, pg_fee, pg_fee_vat, net FROM settlement WHERE ${header(0)}`,
        ...further(`REPLACE(${key(0)}, ':1:', ':7:')`, 'amount_minor'),
        `DELETE FROM ledger_posting WHERE ${posting(1)}`,
      ],
    ],
  ])('finds %s where the check does: %p', async (_what, differs, tampering) => {
    const tx = await db.transaction();
    try {
      for (const sql of tampering) expect(await change(tx, sql)).toBeGreaterThan(0);
      const [name, found] = [...(await findDifferences(tx, { ...GENERATIONS_CHECK, looks: [] }))][0] ?? [];
      expect({ name, differs: found !== undefined }).toEqual({ name: 'settlements', differs });
      expect((await findDifferences(tx, GENERATIONS_CHECK)).get('settlements')).toEqual(found);
      if (tampering.length === 0)
        for (const look of GENERATIONS_CHECK.looks) expect(await select(tx, look)).toEqual([]);
    } finally {
      await tx.rollback();
    }
  });
});
