/** What sellers owe, as of a business date. */
import { type Db, select } from '../../../infra/database.js';
import { type Debt, type ReceivableAges, receivableAges } from '../rules/receivable-age.js';

export interface Receivable extends ReceivableAges {
  readonly sellerId: string;
  readonly currency: string;
  /** Minor units. */
  readonly owedMinor: bigint;
}

/** The receivable that a page follows. */
export type ReceivableAfter = Pick<Receivable, 'sellerId' | 'currency'>;

interface OwedRow extends ReceivableAfter {
  readonly accountId: number;
  readonly owed: string;
}

/** What sellers owe as of a business date, by age: in the order of sellers and currencies, read by key. @param sellerId only this seller */
export async function listReceivables(
  db: Db,
  at: string,
  { sellerId, after }: { readonly sellerId?: string | undefined; readonly after?: ReceivableAfter | undefined },
  rowsMax: number,
): Promise<Receivable[]> {
  const where = ["a.kind = 'SELLER_RECEIVABLE'"];
  const params: unknown[] = [at];
  if (sellerId !== undefined) {
    where.push('a.owner = ?');
    params.push(sellerId);
  }
  if (after !== undefined) {
    where.push('a.owner >= ? AND (a.owner > ? OR a.currency > ?)');
    params.push(after.sellerId, after.sellerId, after.currency);
  }
  const owed = await select<OwedRow>(
    db,
    `SELECT a.account_id AS accountId, a.owner AS sellerId, a.currency, SUM(d.amount_minor) AS owed
     FROM ledger_account a FORCE INDEX (ledger_account_key) STRAIGHT_JOIN ledger_day d ON d.account_id = a.account_id AND d.effective_on <= ?
     WHERE ${where.join(' AND ')} GROUP BY a.kind, a.owner, a.currency, a.account_id HAVING SUM(d.amount_minor) > 0 ORDER BY a.kind, a.owner, a.currency LIMIT ?`,
    [...params, rowsMax],
  );
  const debts = await readDebts(
    db,
    owed.map(({ accountId }) => accountId),
    at,
  );
  return owed.map(({ accountId, sellerId: owner, currency, owed: sum }) => {
    const owedMinor = BigInt(sum);
    const ages = receivableAges(owedMinor, debts.get(Number(accountId)) ?? [], at);
    return { sellerId: owner, currency, owedMinor, ...ages };
  });
}

/** The new debts of each date, the newest first. */
async function readDebts(db: Db, accountIds: readonly number[], at: string): Promise<Map<number, Debt[]>> {
  if (accountIds.length === 0) return new Map();
  const rows = await select<{ accountId: number; effectiveOn: string; debt: string }>(
    db,
    `SELECT account_id AS accountId, effective_on AS effectiveOn, SUM(amount_minor) AS debt FROM ledger_posting FORCE INDEX (ledger_posting_account)
     WHERE account_id IN (?) AND amount_minor > 0 AND effective_on <= ? GROUP BY account_id, effective_on ORDER BY account_id, effective_on DESC`,
    [accountIds, at],
  );
  const debts = new Map<number, Debt[]>();
  for (const { accountId, effectiveOn, debt } of rows) {
    const id = Number(accountId);
    debts.set(id, [...(debts.get(id) ?? []), { effectiveOn, amountMinor: BigInt(debt) }]);
  }
  return debts;
}
