/** Data of a posted generation that statements need beside its transactions: the sums of its refunds, and an account for each seller. */
import { change, type Db, select, type Tx } from '../../../infra/database.js';
import { openingMissing } from '../../ledger/stores/ledger-account.js';
import { COMPUTED_FIGURES, columnOf, ENTRY_FIGURES, FIGURES } from '../../settlement/rules/figures.js';
import type { Generation } from './settlement-posting.js';

const COLUMNS = FIGURES.map(({ column }) => column).join(', ');
const SUMS = [
  ...ENTRY_FIGURES.map((name) => `SUM(r.${columnOf(name)})`),
  ...COMPUTED_FIGURES.map((name) => `SUM(l.${columnOf(name)})`),
].join(', ');

/** Adds up the refunds of a generation, by seller and currency. */
export async function insertRefundSums(tx: Tx, { date, generation }: Generation): Promise<void> {
  await change(
    tx,
    `INSERT INTO settlement_refund (settled_on, generation, seller_id, currency, ${COLUMNS})
     SELECT ?, ?, l.seller_id, r.currency, ${SUMS} FROM settlement_line l FORCE INDEX (PRIMARY)
     STRAIGHT_JOIN refund_entry r ON r.settled_on = l.settled_on AND r.entry_id = l.entry_id
     WHERE l.settled_on = ? AND l.leg = 1 AND l.generation = ? GROUP BY l.seller_id, r.currency`,
    [date, generation, date, generation],
  );
}

/**
 * Opens the accounts SELLER_PAYABLE of the sellers of a generation who have none. They count as opened when the generation was posted, or now where it is not posted yet: what is
 * recorded before an account was opened is on no statement of it.
 */
export async function openPayableAccounts(tx: Tx, { date, generation }: Generation): Promise<void> {
  await openingMissing(() =>
    change(
      tx,
      `INSERT INTO ledger_account (kind, owner, currency, opened_at)
     SELECT 'SELLER_PAYABLE', s.seller_id, s.currency, COALESCE(g.posted_at, UTC_TIMESTAMP(3)) FROM settlement s FORCE INDEX (PRIMARY)
     LEFT JOIN posted_generation g ON g.settled_on = s.settled_on AND g.generation = s.generation
     LEFT JOIN ledger_account a FORCE INDEX (ledger_account_key) ON a.kind = 'SELLER_PAYABLE' AND a.owner = s.seller_id AND a.currency = s.currency
     WHERE s.settled_on = ? AND s.generation = ? AND a.account_id IS NULL ORDER BY s.seller_id, s.currency`,
      [date, generation],
    ),
  );
}

/** The posted generations up to a date that do not have it yet, in order. */
export const readUnready = (db: Db, through: string): Promise<Generation[]> =>
  select<Generation>(
    db,
    `SELECT settled_on AS date, generation FROM posted_generation WHERE settled_on <= ? AND ready = 0 ORDER BY settled_on, generation`,
    [through],
  );

/** Claims the work for one of them; false: somebody else has done it. */
export async function markReady(tx: Tx, { date, generation }: Generation): Promise<boolean> {
  const sql = 'UPDATE posted_generation SET ready = 1 WHERE settled_on = ? AND generation = ? AND ready = 0';
  return (await change(tx, sql, [date, generation])) === 1;
}
